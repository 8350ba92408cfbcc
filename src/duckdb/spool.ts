import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  openSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { InputError } from "../errors.ts";
import { makeTemporaryFolder, removeTemporary } from "./files/temporaries.ts";

/** A folder for a table's temporary files, made when it is asked for. */
export class Spool {
  private path: string | undefined;
  private count = 0;

  readonly folder = (): string => {
    this.path ??= makeTemporaryFolder();
    return this.path;
  };

  /** The folder, where it was made. */
  get made(): string | undefined {
    return this.path;
  }

  remove(): void {
    if (this.path !== undefined) removeTemporary(this.path);
    this.path = undefined;
  }

  /**
   * A file with the bytes of what can be read once only, with the ending of its format, or of a file in UTF-16 as UTF-8;
   * the path itself where it is a file that can be read as it is.
   */
  async file(path: string, signal?: AbortSignal): Promise<string> {
    if (isStandardInput(path)) return this.copy(standardInput(), "standard input", signal);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFIFO()) return this.copy(pipe(path), path, signal);
    if (stat && !stat.isFile() && !stat.isDirectory()) return this.copy(createReadStream(path), path, signal);
    if (!stat?.isFile()) return path;
    const encoding = encodingOf(path);
    return encoding === undefined ? path : this.copy(createReadStream(path), path, signal);
  }

  private async copy(from: Readable, label: string, signal: AbortSignal | undefined): Promise<string> {
    const path = join(this.folder(), `data-${this.count++}`);
    try {
      await pipeline(from, createWriteStream(path), { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw new InputError(`${label} cannot be read: ${(error as Error).message}.`);
    }
    if (statSync(path).size === 0) throw new InputError(`${label} is empty; it needs at least a row of data.`);
    const encoding = encodingOf(path);
    if (encoding !== undefined) {
      const decoded = `${path}-decoded`;
      await pipeline(createReadStream(path), utf8From(encoding), createWriteStream(decoded), { signal });
      renameSync(decoded, path);
    }
    const named = path + endingOf(path);
    renameSync(path, named);
    return named;
  }
}

export function isStandardInput(path: string): boolean {
  return ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].includes(path);
}

function standardInput(): Readable {
  if (process.stdin.isTTY)
    throw new InputError(
      "Standard input is a terminal; name a file, or pass the rows on, as in: command | ornstein fit -.",
    );
  return process.stdin;
}

/** A thread that opens a pipe in the usual way waits until another process opens the other end, and nothing can end that. */
function pipe(path: string): Readable {
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
}

function firstBytes(path: string): Buffer {
  const descriptor = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(64);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } catch {
    return Buffer.alloc(0);
  } finally {
    closeSync(descriptor);
  }
}

/** UTF-16, where a mark of the byte order at the beginning says so. */
function encodingOf(path: string): "utf-16le" | "utf-16be" | undefined {
  let start: Buffer;
  try {
    start = firstBytes(path);
  } catch {
    return undefined;
  }
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  return start[0] === 0xfe && start[1] === 0xff ? "utf-16be" : undefined;
}

function utf8From(encoding: string) {
  return async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
    const decoder = new TextDecoder(encoding);
    for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  };
}

/** The ending that tells DuckDB the compression, and the format where the first bytes do. */
function endingOf(path: string): string {
  const start = firstBytes(path);
  if (start.toString("latin1", 0, 4) === "PAR1") return ".parquet";
  if (start.length > 1 && start.readUInt16BE(0) === 0x1f8b) return ".csv.gz";
  if (start.length > 3 && start.readUInt32LE(0) === 0xfd2fb528) return ".csv.zst";
  return /^(\ufeff)?\s*(\[\s*)?\{/.test(start.toString("utf8")) ? ".json" : ".csv";
}
