import type { ChosenColumns } from "./columns/columns.ts";
import { curvatureKind, denseLimit } from "./curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "./design-types.ts";
import {
  defaultMaxBytes,
  denseStrideOf,
  type RowLimit,
  type RowSideKinds,
  requireRoom,
  tooManyColumns,
} from "./size-limit.ts";
import { type CountNonZeros, placeWords, planSparse, type SparsePlan, worthwhileFraction } from "./sparse-design.ts";

/** How a design's rows are held. */
export interface RowStorage {
  readonly rows: Float32Array;
  /** Floats of a row; of sparse rows in memory on average, and in blocks the words of each one's place. */
  readonly stride: number;
  /** Where the rows are sparse. */
  readonly sparse?: SparsePlan;
  /** Whether rows are to go to blocks on disk, as they do not fit into memory; `rows` is then empty. */
  readonly isInBlocks?: boolean;
}

/** Why rows that are too large for memory are refused where others are not. */
const onlyFewParameters = `rows go to blocks on disk up to ${denseLimit} parameters`;

/** Bytes beside a row in memory: its entry of the alias table, its influence, and what makes the one of the other. */
const bytesBesideRow = 32;

/**
 * Makes room for the rows: dense, or sparse where that was asked for, takes far less memory, or is all that so many
 * parameters allow; those that memory is too small for go to blocks on disk, where there are such.
 * @throws InputError where dense rows are asked for that have too many columns, or there is no room
 */
export function allocateStorage(
  { columns, blocks }: Pick<ChosenColumns, "columns" | "blocks">,
  numRows: number,
  numParameters: number,
  side: RowSideKinds,
  options: DesignOptions,
  countNonZeros?: CountNonZeros,
): RowStorage {
  const { storage = "auto", priorSds, memory } = options;
  const mustBeSparse = curvatureKind(numParameters) === "low-rank";
  if (mustBeSparse && storage === "dense")
    throw tooManyColumns(columnsByTerm(columns), { columns: columns.length, parameters: numParameters });
  const denseStride = denseStrideOf(columns.length, side);
  const denseBytes = 4 * numRows * denseStride;
  const plan = planSparse(columns, blocks, numRows, countNonZeros);
  const wanted = mustBeSparse ? "sparse" : priorSds ? "dense" : storage;
  const limit = memoryLimit(options);
  const beside = options.blocks ? bytesBesideRow * numRows : 0;
  const isSparse = wanted === "auto" ? plan.bytes < worthwhileFraction * denseBytes : wanted === "sparse";
  const bytes = isSparse ? plan.bytes : denseBytes;
  if (bytes + beside > limit.maxBytes && options.blocks && !mustBeSparse)
    return storageInBlocks({ plan, blocks, denseStride, wanted: isSparse ? storage : "dense" });
  requireRoom(
    { numRows, columns: columns.length, bytes },
    options.blocks && mustBeSparse ? { ...limit, whyNotInBlocks: onlyFewParameters } : limit,
  );
  return isSparse
    ? allocateSparse(plan, numRows, memory)
    : { rows: allocate(memory, numRows, denseStride), stride: denseStride };
}

/** Rows in blocks: sparse where that was asked for, or takes far less room; a place has room for the longest record. */
export function storageInBlocks({
  plan,
  blocks,
  denseStride,
  wanted,
}: {
  readonly plan: SparsePlan;
  readonly blocks: ChosenColumns["blocks"];
  readonly denseStride: number;
  readonly wanted: "auto" | "dense" | "sparse";
}): RowStorage {
  const stride = placeWords(blocks);
  const isSparse = wanted === "auto" ? stride < worthwhileFraction * denseStride : wanted === "sparse";
  const shared = { rows: new Float32Array(), isInBlocks: true };
  return isSparse ? { ...shared, stride, sparse: plan } : { ...shared, stride: denseStride };
}

/** What rows in memory may take. */
export function memoryLimit({
  maxBytes = defaultMaxBytes,
  blocks,
}: Pick<DesignOptions, "maxBytes" | "blocks">): RowLimit {
  const ofRun = blocks?.memoryBytes ?? Number.POSITIVE_INFINITY;
  return { maxBytes: Math.min(maxBytes, ofRun), ...(ofRun < maxBytes && { moreMemory: true }) };
}

export function allocateSparse(plan: SparsePlan, numRows: number, memory: DesignOptions["memory"]): RowStorage {
  const stride = Math.ceil((plan.bytes - plan.recordsAt) / (4 * numRows));
  return { rows: allocate(memory, 1, plan.bytes / 4), stride, sparse: plan };
}

function allocate(memory: DesignOptions["memory"], numRows: number, stride: number): Float32Array {
  return memory?.allocateRows(numRows, stride) ?? new Float32Array(numRows * stride);
}

function columnsByTerm(columns: readonly DesignColumn[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { term } of columns) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}
