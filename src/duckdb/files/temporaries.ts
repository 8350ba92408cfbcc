import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../../errors.ts";

// Files and folders that are there for a while: beside an output until it is whole, or in the system's temporary folder.
// They go when they are used up, or where the process ends; those of a process that was killed go when another next
// makes one in their folder.

/** Tells process numbers of this machine from those of others, and of containers, that write to the same folder. */
export const machine = createHash("sha256").update(`${hostname()} ${processNamespace()}`).digest("hex").slice(0, 8);
const nameOfTemporary = new RegExp(`^ornstein-(\\d+)-${machine}-[0-9a-f]{16}\\.tmp$`);

const current = new Set<string>();
const swept = new Set<string>();
let listener: ((path: string) => void) | undefined;

/** @param listen Hears of every path before anything is there, so that another process can remove it. */
export function onTemporary(listen: (path: string) => void): void {
  listener = listen;
}

/** A path in the folder at which the caller may make a file or a folder; nothing is there yet. */
export function temporaryPath(folder = tmpdir()): string {
  const absolute = resolve(folder);
  removeStale(absolute);
  const name = `ornstein-${process.pid}-${machine}-${randomBytes(8).toString("hex")}.tmp`;
  const path = join(absolute, name);
  if (current.size === 0) process.once("exit", removeTemporaries);
  current.add(path);
  listener?.(path);
  return path;
}

/**
 * A folder of this process alone in the folder.
 * @throws InputError where none can be made there
 */
export function makeTemporaryFolder(folder = tmpdir()): string {
  const path = temporaryPath(folder);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    removeTemporary(path);
    const { code } = error as NodeJS.ErrnoException;
    const remedy = folder === tmpdir() ? "; the variable TMPDIR names another" : "";
    throw new InputError(`Temporary files cannot be written in the folder ${folder} (${code})${remedy}.`);
  }
  return path;
}

/** Removes what is at the path of `temporaryPath`, if anything is. */
export function removeTemporary(path: string): void {
  rmSync(path, { recursive: true, force: true });
  current.delete(path);
  if (current.size === 0) process.off("exit", removeTemporaries);
}

/** Removes all that this process has made and not removed. */
export function removeTemporaries(): void {
  for (const path of current) removeTemporary(path);
}

/** Removes what processes left in the folder that are no more. */
function removeStale(folder: string): void {
  if (swept.has(folder)) return;
  swept.add(folder);
  for (const name of namesIn(folder)) {
    const [, owner] = nameOfTemporary.exec(name) ?? [];
    if (owner === undefined || isAlive(Number(owner))) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a process of this number runs here. */
export function isAlive(processNumber: number): boolean {
  try {
    process.kill(processNumber, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
  return !isZombie(processNumber);
}

/** Whether it has ended and only its number is left, as for long in a container whose first process looks after no others. */
function isZombie(processNumber: number): boolean {
  try {
    return /^.*\) Z/s.test(readFileSync(`/proc/${processNumber}/stat`, "latin1"));
  } catch {
    return false;
  }
}

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
