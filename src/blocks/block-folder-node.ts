import { rmSync } from "node:fs";
import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeTemporary } from "../duckdb/files/temporaries.ts";
import {
  type BlockShape,
  type BlockStore,
  type BlockSummary,
  type BlockWriter,
  numBlocksOf,
  rowsIn,
} from "../engine/block-store.ts";
import { InputError } from "../errors.ts";
import { checksumOf, headerBytes, readHeader, writeHeader } from "./block-header-node.ts";

/** Where a folder's blocks are, and of which rows. */
export interface FolderOfBlocks {
  readonly path: string;
  readonly identity: string;
  readonly memoryBytes: number;
}

const contentsFile = "blocks.json";
/** The sample is one more block, after the others. */
const nameOf = (block: number) => `${String(block).padStart(6, "0")}.block`;

/** What stands in a folder beside its blocks, as plain JSON. */
interface Contents {
  readonly identity: string;
  readonly shape: BlockShape;
  readonly summary: BlockSummary;
  readonly checksums: readonly number[];
}

/** Writes blocks into a folder, each aside and renamed. */
export class FolderWriter implements BlockWriter {
  private readonly checksums: Uint32Array;

  /** @param keep Where the folder is to go once it is whole; it stays a temporary one where this is left out */
  constructor(
    private readonly folder: FolderOfBlocks,
    private readonly shape: BlockShape,
    private readonly keep?: string,
  ) {
    this.checksums = new Uint32Array(numBlocksOf(shape));
  }

  async write(block: number, rows: Float32Array): Promise<void> {
    const { folder } = this;
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    const { stride } = this.shape;
    const checksum = checksumOf(bytes);
    if (block < this.checksums.length) this.checksums[block] = checksum;
    const header = { identity: folder.identity, block, numRows: rows.length / stride, stride };
    const path = join(folder.path, nameOf(block));
    const aside = `${path}.part`;
    try {
      const file = await open(aside, "w", 0o600);
      try {
        await writeWhole(file, [writeHeader({ ...header, checksum }), bytes]);
      } finally {
        await file.close();
      }
      await rename(aside, path);
    } catch (error) {
      throw cannotWrite(folder.path, error);
    }
  }

  async finish(sample: Float32Array, summary: BlockSummary): Promise<BlockStore> {
    const { folder, shape, keep, checksums } = this;
    const known = { summary, checksums };
    await this.write(numBlocksOf(shape), sample);
    if (keep === undefined) return new FolderStore(folder, shape, known);
    const contents: Contents = { identity: folder.identity, shape, summary, checksums: [...checksums] };
    try {
      await writeFile(join(folder.path, contentsFile), JSON.stringify(contents));
      rmSync(keep, { recursive: true, force: true });
      await rename(folder.path, keep);
    } catch (error) {
      throw cannotWrite(keep, error);
    }
    removeTemporary(folder.path);
    return new FolderStore({ ...folder, path: keep }, shape, known, true);
  }

  abandon(): void {
    removeTemporary(this.folder.path);
  }
}

/** Of all bytes: one call may take fewer. */
async function writeWhole(file: Awaited<ReturnType<typeof open>>, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts)
    for (let done = 0; done < part.length; ) {
      const { bytesWritten } = await file.write(part, done, part.length - done);
      done += bytesWritten;
    }
}

function cannotWrite(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error as Error;
  const why = ["ENOSPC", "EDQUOT"].includes(code) ? "the disk is full" : message;
  return new InputError(
    `The blocks of encoded rows cannot be written to ${path}: ${why}; make room, or name a folder on another disk by --cache.`,
  );
}

/** Blocks in a folder. */
export class FolderStore implements BlockStore {
  readonly numRows: number;
  readonly stride: number;
  readonly rowsOfBlock: number;
  readonly sampleRows: number;
  readonly numBlocks: number;
  readonly summary: BlockSummary;
  readonly checksums: Uint32Array;
  readonly folder: string;
  readonly memoryBytes: number;
  private readonly identity: string;
  private readonly checked = new Set<number>();

  /** @param isKept Whether they are for other runs, which wrote them: their checksums are looked at once. */
  constructor(
    { path, identity, memoryBytes }: FolderOfBlocks,
    shape: BlockShape,
    { summary, checksums }: Pick<BlockStore, "summary" | "checksums">,
    private readonly isKept = false,
  ) {
    this.summary = summary;
    this.checksums = checksums;
    const { numRows, stride, rowsOfBlock, sampleRows } = shape;
    this.numRows = numRows;
    this.stride = stride;
    this.rowsOfBlock = rowsOfBlock;
    this.sampleRows = sampleRows;
    this.numBlocks = numBlocksOf(shape);
    this.folder = path;
    this.identity = identity;
    this.memoryBytes = memoryBytes;
  }

  read(block: number, target: Uint8Array): Promise<void> {
    return this.readFile(block, rowsIn(this, block), target);
  }

  readSample(target: Uint8Array): Promise<void> {
    return this.readFile(this.numBlocks, this.sampleRows, target);
  }

  remove(): void {
    if (!this.isKept) removeTemporary(this.folder);
  }

  private async readFile(block: number, numRows: number, target: Uint8Array): Promise<void> {
    const expected = 4 * numRows * this.stride;
    if (target.length !== expected) throw new RangeError("A block is read whole.");
    try {
      const file = await open(join(this.folder, nameOf(block)), "r");
      try {
        const header = Buffer.alloc(headerBytes);
        await readWhole(file, header, 0);
        const { identity, checksum, ...found } = readHeader(header) ?? unlike();
        const isIt = found.block === block && found.numRows === numRows && found.stride === this.stride;
        if (!isIt || identity !== this.identity) unlike();
        await readWhole(file, target, headerBytes);
        if (this.isKept && !this.checked.has(block)) {
          if (checksumOf(target) !== checksum) unlike();
          this.checked.add(block);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      throw this.cannotRead(block, error);
    }
  }

  private cannotRead(block: number, error: unknown): InputError {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = error instanceof UnlikeBlock ? message : code === "ENOENT" ? "it is no longer there" : message;
    const remedy = this.isKept
      ? "remove that folder and run again"
      : "run again, and let nothing clean that folder meanwhile";
    return new InputError(
      `Block ${block + 1} of ${this.numBlocks} of the encoded rows in ${this.folder} cannot be used: ${why}; ${remedy}.`,
    );
  }
}

class UnlikeBlock extends Error {}

function unlike(): never {
  throw new UnlikeBlock("it is not the block that was written there");
}

async function readWhole(file: Awaited<ReturnType<typeof open>>, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new UnlikeBlock("it is cut short");
    done += bytesRead;
  }
}

/** The blocks that an earlier run kept in a folder; undefined where they are not whole, or of other rows. */
export async function keptBlocks(folder: FolderOfBlocks): Promise<BlockStore | undefined> {
  try {
    const text = await readFile(join(folder.path, contentsFile), "utf8");
    const { identity, shape, summary, checksums } = JSON.parse(text) as Contents;
    if (identity !== folder.identity) return undefined;
    const numBlocks = numBlocksOf(shape);
    for (let block = 0; block <= numBlocks; block++) {
      const numRows = block < numBlocks ? rowsIn(shape, block) : shape.sampleRows;
      const { size } = await stat(join(folder.path, nameOf(block)));
      if (size !== headerBytes + 4 * numRows * shape.stride) return undefined;
    }
    return new FolderStore(folder, shape, { summary, checksums: Uint32Array.from(checksums) }, true);
  } catch {
    return undefined;
  }
}

/** Bytes that blocks of that shape take on disk. */
export function bytesOnDisk(shape: BlockShape): number {
  const rows = shape.numRows + shape.sampleRows;
  return 4 * rows * shape.stride + headerBytes * (numBlocksOf(shape) + 1);
}
