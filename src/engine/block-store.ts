import type { DistantParts } from "./distant-parts.ts";
import type { SizesOfGroups } from "./sizes-of-groups.ts";

/** Rows that do not fit into memory, in blocks on disk: the names and promises that all of the library knows of them. */

/** What is known of rows once all of them were written. */
export interface BlockSummary {
  /** Σ w_n and Σ w_n²: N both where rows have no weights. */
  readonly weights: { readonly sum: number; readonly squares: number };
  /** Pairs of columns that are the same in every row. */
  readonly twins: readonly (readonly [number, number])[];
  /** Where rows of groups stand side by side. */
  readonly groups?: SizesOfGroups;
}

/** What blocks are of: rows of f32, as they stand in the engine's memory. */
export interface BlockShape {
  /** N */
  readonly numRows: number;
  /** Floats from one row to the next. */
  readonly stride: number;
  /** Rows of a block, a multiple of 64; the last has what is left. */
  readonly rowsOfBlock: number;
  /** Rows of the uniform sample without replacement that stands beside the blocks, in the order of the rows. */
  readonly sampleRows: number;
}

/** Blocks that were written: rows b rowsOfBlock … of all rows are block b, which never changes. */
export interface BlockStore extends BlockShape {
  readonly numBlocks: number;
  readonly summary: BlockSummary;
  /** CRC-32 of each block's rows: what tells these rows from others. */
  readonly checksums: Uint32Array;
  /** The folder, as people know it. */
  readonly folder: string;
  /** Bytes of memory that reading them may take. */
  readonly memoryBytes: number;
  /** Where the blocks stand elsewhere in parts: `read` then has none of them. */
  readonly distant?: DistantRowsOfParts;
  /** Fills `target` with the rows of a block. @throws InputError where the block is lost, cut short or not the one that was written */
  read(block: number, target: Uint8Array): Promise<void>;
  /** Fills `target` with the sample. @throws InputError as `read` */
  readSample(target: Uint8Array): Promise<void>;
  /** Removes the blocks, unless they are kept for other runs. */
  remove(): void;
}

/** Rows in parts that are elsewhere. */
export interface DistantRowsOfParts {
  readonly parts: DistantParts;
  /** How many rows each part has. */
  readonly rowsOfParts: readonly number[];
  /** Where rows are grouped by the levels of a factor, or of two that are nested: each group's rows stand side by side in one part. */
  readonly groups?: DistantGroups;
}

/** Groups are numbered part after part, in the order of their rows. */
interface DistantGroups {
  readonly sizesOfParts: readonly SizesOfGroups[];
  readonly levels: LevelsOfGroups;
  /** The sample is of groups. */
  readonly sample: SizesOfGroups;
}

/** The factors' levels. */
export interface LevelsOfGroups {
  /** Of each group of the only factor, or of the inner one of two that are nested. */
  readonly inner: Uint32Array;
  /** Of each group of the outer one. */
  readonly outer?: Uint32Array;
}

export interface BlockWriter {
  /** Writes a block, aside and renamed. @throws InputError where the disk is full, or cannot be written to */
  write(block: number, rows: Float32Array): Promise<void>;
  finish(sample: Float32Array, summary: BlockSummary): Promise<BlockStore>;
  /** Removes what was written. */
  abandon(): void;
}

/** Tells contents apart. */
export interface ContentHasher {
  update(bytes: Uint8Array): unknown;
  digest(encoding: "hex"): string;
}

/** Where blocks can be written, and from how many bytes on rows are. */
export interface BlockFiles {
  /** Bytes of memory that rows, and what is kept of each of them, may take. */
  readonly memoryBytes: number;
  /** The folder that blocks are written beneath. */
  readonly folder: string;
  freeDiskBytes(): number;
  /** Where blocks are kept for other runs, what these are known by; else undefined. */
  readonly createHash?: () => ContentHasher;
  /** Blocks that an earlier run kept under this identity, whole. */
  open(identity: string): Promise<BlockStore | undefined>;
  /** @throws InputError where the disk has not enough room */
  create(shape: BlockShape, identity: string | undefined): Promise<BlockWriter>;
  /** Removes all blocks that are not kept. */
  close(): void;
}

export function numBlocksOf({ numRows, rowsOfBlock }: Pick<BlockShape, "numRows" | "rowsOfBlock">): number {
  return Math.ceil(numRows / rowsOfBlock);
}

/** Rows of block b. */
export function rowsIn({ numRows, rowsOfBlock }: Pick<BlockShape, "numRows" | "rowsOfBlock">, block: number): number {
  return Math.min(rowsOfBlock, numRows - block * rowsOfBlock);
}

const largestBlock = { rows: 32_768, bytes: 2 ** 22 };
const largestSample = { rows: 2 ** 17, bytes: 2 ** 25 };
const smallestSample = 4096;

/** How so many rows of so many floats are laid out: the same wherever they are encoded, whatever memory there is. */
export function blockShape(numRows: number, stride: number): BlockShape {
  const fitting = (bytes: number) => Math.floor(bytes / (4 * stride));
  const rowsOfBlock = Math.max(64, 64 * Math.floor(Math.min(largestBlock.rows, fitting(largestBlock.bytes)) / 64));
  const sample = Math.max(smallestSample, Math.min(largestSample.rows, fitting(largestSample.bytes)));
  return { numRows, stride, rowsOfBlock, sampleRows: Math.min(numRows, sample) };
}
