import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeTemporaryFolder, removeTemporary } from "../duckdb/files/temporaries.ts";
import type { BlockFiles, BlockShape, BlockStore, BlockWriter } from "../engine/block-store.ts";
import { InputError } from "../errors.ts";
import { sizeText } from "../options/sizes.ts";
import { bytesOnDisk, FolderWriter, keptBlocks } from "./block-folder-node.ts";

/** What of a run's memory is left to the program itself and to the reading of data: half of it, and no more than this. */
const largestReserve = 2 ** 28;

/** Bytes that rows may take in a run of so many. */
function roomForRows(memoryBytes: number): number {
  return memoryBytes - Math.min(memoryBytes / 2, largestReserve);
}

/** Half of what the machine, or the container, has left. */
export function usualMemory(): number {
  const free = process.availableMemory?.() ?? freemem();
  const limit = process.constrainedMemory?.();
  return (limit ? Math.min(free, limit) : free) / 2;
}

/** Room of a file system's blocks that their own bookkeeping takes. */
const margin = 1.02;

/**
 * Blocks of rows in files, beneath the system's temporary folder, or beneath `cache`, where they are kept.
 * @param memoryBytes of the whole run
 * @throws InputError where the folder to keep them in cannot be made
 */
export function blockFiles({
  memoryBytes,
  cache,
}: {
  readonly memoryBytes: number;
  readonly cache?: string;
}): BlockFiles {
  const folder = cache === undefined ? tmpdir() : resolve(cache);
  if (cache !== undefined) makeFolder(cache, folder);
  const room = roomForRows(memoryBytes);
  const made: string[] = [];
  const placeOf = (identity: string) => join(folder, `ornstein-${identity.slice(0, 32)}.blocks`);
  return {
    memoryBytes: room,
    folder,
    freeDiskBytes: () => freeDiskBytes(folder),
    ...(cache !== undefined && { createHash: () => createHash("sha256") }),
    async open(identity: string): Promise<BlockStore | undefined> {
      return keptBlocks({ path: placeOf(identity), identity, memoryBytes: room });
    },
    async create(shape: BlockShape, identity: string | undefined): Promise<BlockWriter> {
      requireDisk(folder, margin * bytesOnDisk(shape));
      const path = makeTemporaryFolder(folder);
      made.push(path);
      const named = { path, identity: identity ?? randomBytes(32).toString("hex"), memoryBytes: room };
      return new FolderWriter(named, shape, identity === undefined ? undefined : placeOf(identity));
    },
    close() {
      for (const path of made) removeTemporary(path);
    },
  };
}

function makeFolder(given: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`The folder ${given} of --cache cannot be made: ${(error as Error).message}.`);
  }
}

/** 0 where the folder is not there, such as one that TMPDIR names wrongly. */
function freeDiskBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** @throws InputError where the disk has not enough room */
function requireDisk(folder: string, bytes: number): void {
  const free = freeDiskBytes(folder);
  if (bytes <= free) return;
  throw new InputError(
    `The rows do not fit into memory, and take ${sizeText(bytes)} in blocks on disk, where ${folder} has ${sizeText(free)} left; name a folder on another disk by --cache, or use fewer rows (--sql "select … using sample 10%") or fewer columns.`,
  );
}
