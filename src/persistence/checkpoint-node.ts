import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { contentOf } from "../checkpoint/content.ts";
import { isAlive, machine, removeTemporary, temporaryPath } from "../duckdb/files/temporaries.ts";
import { InputError } from "../errors.ts";
import { reasonOf } from "./whole-files-node.ts";

/** What run a folder's states are of. */
export interface RunIdentity {
  /** Of the program, as states are its own. */
  readonly version: string;
  /** Everything that decides the result, beside the data: text, numbers, and lists and objects of these. */
  readonly run: unknown;
  /** Where the run was started, for who starts it again. */
  readonly cwd: string;
}

/** What is written of the run itself. */
export interface StoredRun extends RunIdentity {
  readonly isFinished: boolean;
}

/** A run's checkpoint in a folder. */
export interface RunCheckpoint extends Checkpoint {
  readonly folder: string;
  /** Whether a run that was interrupted has left states. */
  readonly isContinued: boolean;
  /** Writes what is still to be written. */
  flush(): void;
  /** The run is done: its states go, and the folder says so. */
  finish(): void;
}

/** Milliseconds between two writings, and how much longer than a writing took. */
const interval = 2000;
const timesWriting = 20;

/** Milliseconds that a run is waited for that may be ending. */
const longestEnd = 2000;

const runFile = "run.json";
const ownerFile = "owner";
const stateName = /^[0-9a-f]{40}\.state$/;
const bytesAtOnce = 2 ** 26;
/** A state's bytes follow a digest of them. */
const digestBytes = 32;

/**
 * Opens the folder for the run, which goes on where one of the same identity was interrupted. The folder is made where it is not
 * there. Each state is a file of its own, written aside, synchronised and renamed, so that it is whole or the one before.
 * @param warn told once, where states cannot be written: the run goes on without
 * @throws InputError where the folder has something else, another run's states, or a run that is under way
 */
export function openCheckpoint(folder: string, identity: RunIdentity, warn: (message: string) => void): RunCheckpoint {
  const absolute = resolve(folder);
  const known = storedRun(absolute);
  requireFolderOf(absolute, known, identity);
  const isContinued = known !== undefined && !known.isFinished;
  try {
    mkdirSync(absolute, { recursive: true });
    if (!isContinued) writeRun(absolute, { ...identity, isFinished: false });
    writeWhole(absolute, ownerFile, Buffer.from(ownerText(process.pid)));
  } catch (error) {
    throw new InputError(`"${folder}" cannot hold a checkpoint: ${reasonOf(error)}.`);
  }
  return new FolderCheckpoint(absolute, identity, isContinued, warn);
}

/** The run whose states the folder has. @throws InputError where its description cannot be read */
export function storedRun(folder: string): StoredRun | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, runFile), "utf8");
  } catch {
    return undefined;
  }
  try {
    const run = JSON.parse(text) as StoredRun;
    if (typeof run.version === "string" && typeof run.isFinished === "boolean") return run;
  } catch {}
  throw new InputError(`"${join(folder, runFile)}" does not describe a run; remove the folder.`);
}

function requireFolderOf(folder: string, known: StoredRun | undefined, { version, run }: RunIdentity): void {
  if (!known) {
    if (namesIn(folder).some((name) => name !== ownerFile))
      throw new InputError(
        `The folder "${folder}" has files that are no checkpoint's; give a new folder, or an empty one.`,
      );
    return;
  }
  requireNoOwner(folder);
  if (known.isFinished) return;
  const remedy = `ornstein resume ${folder} goes on with it; to begin anew, remove the folder`;
  if (known.version !== version)
    throw new InputError(
      `"${folder}" has an interrupted run of version ${known.version}, and this is ${version}; finish it with that version, or remove the folder.`,
    );
  if (JSON.stringify(known.run) !== JSON.stringify(run))
    throw new InputError(`"${folder}" has an interrupted run that was asked for otherwise: ${remedy}.`);
}

function requireNoOwner(folder: string): void {
  let text: string;
  try {
    text = readFileSync(join(folder, ownerFile), "utf8");
  } catch {
    return;
  }
  const owner = Number.parseInt(text, 10);
  // After a restart, or in another container, the number is another process's.
  if (text !== ownerText(owner) || owner === process.pid) return;
  // One whose command was killed ends a moment later.
  for (let waited = 0; isAlive(owner) && waited < longestEnd; waited += 50)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  if (isAlive(owner))
    throw new InputError(
      `"${folder}" is the checkpoint of a run that is under way, process ${owner}; give another folder.`,
    );
}

/** A process among those of this machine since it was started. */
function ownerText(processNumber: number): string {
  let start = "";
  try {
    start = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Other systems than Linux do not tell.
  }
  return `${processNumber} ${machine} ${start}`;
}

class FolderCheckpoint implements RunCheckpoint {
  readonly minMilliseconds = 20;
  readonly #counts = new Map<string, number>();
  readonly #pending = new Map<string, Uint8Array>();
  #salt: string;
  #lastWritten = performance.now();
  #wait = interval;
  #hasWarned = false;

  constructor(
    readonly folder: string,
    private readonly identity: RunIdentity,
    readonly isContinued: boolean,
    private readonly warn: (message: string) => void,
  ) {
    this.#salt = JSON.stringify([identity.version, identity.run]);
  }

  get isDue(): boolean {
    return performance.now() - this.#lastWritten > this.#wait;
  }

  keyOf(kind: string, from: readonly unknown[]): string {
    const alike = createHash("sha1").update(`${this.#salt} ${kind} `);
    for (const part of from) addTo(alike, part);
    const digest = alike.digest("hex");
    const count = this.#counts.get(digest) ?? 0;
    this.#counts.set(digest, count + 1);
    return createHash("sha1").update(`${digest} ${count}`).digest("hex");
  }

  recall(key: string): unknown {
    const pending = this.#pending.get(key);
    // A copy, for arrays of what is returned lie in it.
    if (pending) return deserialize(Uint8Array.from(pending));
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(this.folder, `${key}.state`));
    } catch {
      return undefined;
    }
    const body = bytes.subarray(digestBytes);
    // Of a disk that has lost something: it is computed again.
    return digestOf(body).equals(bytes.subarray(0, digestBytes)) ? deserialize(body) : undefined;
  }

  requireSame(data: readonly ArrayBufferView[]): void {
    const hash = createHash("sha256");
    for (const part of data) addTo(hash, part);
    const digest = hash.digest("hex");
    const key = this.keyOf("data", []);
    const known = this.recall(key);
    if (known !== undefined && known !== digest)
      throw new InputError(
        `The data are not those of the interrupted run in "${this.folder}"; give them as they were, or remove the folder to begin anew.`,
      );
    this.keep(key, digest);
    this.flush();
    // What other data gave is never taken, even where this could not be written.
    this.#salt += digest;
  }

  keep(key: string, value: unknown): void {
    // At once, for states are made of arrays that change.
    this.#pending.set(key, serialize(value));
    if (this.isDue) this.flush();
  }

  flush(): void {
    const started = performance.now();
    try {
      for (const [key, body] of this.#pending) writeWhole(this.folder, `${key}.state`, digestOf(body), body);
    } catch (error) {
      if (!this.#hasWarned)
        this.warn(
          `The checkpoint in "${this.folder}" could not be written: ${reasonOf(error)}; the run goes on, and what was written before stays.`,
        );
      this.#hasWarned = true;
    }
    this.#pending.clear();
    this.#lastWritten = performance.now();
    this.#wait = Math.max(interval, timesWriting * (this.#lastWritten - started));
  }

  finish(): void {
    this.#pending.clear();
    try {
      writeRun(this.folder, { ...this.identity, isFinished: true });
      for (const name of namesIn(this.folder))
        if (stateName.test(name) || name === ownerFile) rmSync(join(this.folder, name), { force: true });
    } catch (error) {
      this.warn(`The checkpoint in "${this.folder}" could not be removed: ${reasonOf(error)}.`);
    }
  }
}

function addTo(hash: Hash, value: unknown): void {
  for (const piece of contentOf(value)) {
    if (typeof piece === "string") hash.update(piece);
    else addBytes(hash, piece);
  }
}

/** Piece by piece: memory that threads share has to be copied. */
function addBytes(hash: Hash, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
  for (let from = 0; from < byteLength; from += bytesAtOnce) {
    const length = Math.min(bytesAtOnce, byteLength - from);
    hash.update(new Uint8Array(buffer, byteOffset + from, length).slice());
  }
}

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

function writeRun(folder: string, run: StoredRun): void {
  writeWhole(folder, runFile, Buffer.from(`${JSON.stringify(run, null, 2)}\n`));
}

/** Writes aside, synchronises and renames. */
function writeWhole(folder: string, name: string, ...parts: readonly Uint8Array[]): void {
  const temporary = temporaryPath(folder);
  try {
    const file = openSync(temporary, "w");
    try {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, join(folder, name));
  } finally {
    removeTemporary(temporary);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
