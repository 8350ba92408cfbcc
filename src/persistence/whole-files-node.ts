import { constants, createReadStream, createWriteStream } from "node:fs";
import { chmod, open, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { removeTemporary, temporaryPath } from "../duckdb/files/temporaries.ts";
import { InputError } from "../errors.ts";
import { type OutputPlace, outputPlace } from "./output-place-node.ts";

/**
 * Writes a file that appears whole or not at all: it is written beside its place and then renamed. A device or a pipe is
 * written directly.
 * @throws InputError where it cannot be written
 */
export function writeWhole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  return writeAllWhole([path], write);
}

/** The same for files that belong together: none is moved into place before all are written. */
export async function writeAllWhole(
  paths: readonly string[],
  write: (temporary: string, index: number) => Promise<void>,
): Promise<void> {
  const temporaries: string[] = [];
  let current = 0;
  try {
    const places = paths.map(outputPlace);
    for (const [index, place] of places.entries()) {
      current = index;
      temporaries.push(temporaryPath(place.isRenamed ? dirname(place.path) : tmpdir()));
      await write(temporaries[index], index);
    }
    for (const [index, place] of places.entries()) {
      current = index;
      await put(temporaries[index], place);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`"${paths[current]}" could not be written: ${reasonOf(error, temporaries[current])}.`);
  } finally {
    for (const temporary of temporaries) removeTemporary(temporary);
  }
}

async function put(temporary: string, { path, descriptor, isRenamed, mode }: OutputPlace): Promise<void> {
  if (isRenamed) {
    if (mode !== undefined) await chmod(temporary, mode);
    return rename(temporary, path);
  }
  // Standard streams are written through Node's own streams, because pipes there do not block.
  if (descriptor === 1 || descriptor === 2) {
    const stream = descriptor === 1 ? process.stdout : process.stderr;
    return pipeline(createReadStream(temporary), stream, { end: false });
  }
  const into =
    descriptor === undefined
      ? (await open(path, constants.O_WRONLY)).createWriteStream()
      : createWriteStream("", { fd: descriptor, autoClose: false });
  await pipeline(createReadStream(temporary), into);
}

const full = "the disk is full";
const tooLarge = "it would be larger than files may be here";
const notPermitted = "it is not permitted";

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: full,
  "No space left on device": full,
  EDQUOT: "the quota of disk space is used up",
  EFBIG: tooLarge,
  "File too large": tooLarge,
  EPIPE: "its reader closed it before the end",
  EACCES: notPermitted,
  EPERM: notPermitted,
  EROFS: "the file system is read-only",
};

/** Why a file could not be written, in plain words if possible, and otherwise in those of the system, DuckDB or HDF5. */
export function reasonOf(error: unknown, temporary?: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known = Object.keys(reasons).find((key) => code === key || message.includes(key));
  if (known !== undefined) return reasons[known];
  const own = message.replace(/^IO Error: /, "");
  const said = temporary ? own.replaceAll(temporary, "its temporary file") : own;
  return said.replace(/\.$/, "") || "the system does not say why";
}
