import type { ChosenColumns } from "./columns/columns.ts";
import { curvatureKind } from "./curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "./design-types.ts";
import { defaultMaxBytes, denseStrideOf, type RowSideKinds, requireRoom, tooManyColumns } from "./size-limit.ts";
import { planSparse, type SparsePlan, worthwhileFraction } from "./sparse-design.ts";

/** How a design's rows are held. */
export interface RowStorage {
  readonly rows: Float32Array;
  /** Floats of a row; of sparse rows on average. */
  readonly stride: number;
  /** Where the rows are sparse. */
  readonly sparse?: SparsePlan;
}

/**
 * Makes room for the rows: dense, or sparse where that was asked for, takes far less memory, or is all that so many
 * parameters allow.
 * @throws InputError where dense rows are asked for that have too many columns, or there is no room
 */
export function allocateStorage(
  { columns, blocks }: Pick<ChosenColumns, "columns" | "blocks">,
  numRows: number,
  numParameters: number,
  side: RowSideKinds,
  { storage = "auto", priorSds, maxBytes = defaultMaxBytes, memory }: DesignOptions,
): RowStorage {
  const mustBeSparse = curvatureKind(numParameters) === "low-rank";
  if (mustBeSparse && storage === "dense")
    throw tooManyColumns(columnsByTerm(columns), { columns: columns.length, parameters: numParameters });
  const denseStride = denseStrideOf(columns.length, side);
  const denseBytes = 4 * numRows * denseStride;
  const plan = planSparse(columns, blocks, numRows);
  const wanted = mustBeSparse ? "sparse" : priorSds ? "dense" : storage;
  const isSparse = wanted === "auto" ? plan.bytes < worthwhileFraction * denseBytes : wanted === "sparse";
  requireRoom({ numRows, columns: columns.length, bytes: isSparse ? plan.bytes : denseBytes }, maxBytes);
  return isSparse
    ? allocateSparse(plan, numRows, memory)
    : { rows: allocate(memory, numRows, denseStride), stride: denseStride };
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
