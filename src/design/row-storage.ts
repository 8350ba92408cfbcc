import { InputError } from "../errors.ts";
import { formatCount } from "../table/table-source.ts";
import type { ChosenColumns } from "./columns/columns.ts";
import { curvatureKind, denseLimit } from "./curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "./design-types.ts";
import { defaultMaxBytes, denseStrideOf, type RowSideKinds, requireRoom } from "./size-limit.ts";
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
  if (mustBeSparse && storage === "dense") throw tooManyColumns(columns, numParameters);
  const denseStride = denseStrideOf(columns.length, side);
  const denseBytes = 4 * numRows * denseStride;
  const plan = planSparse(columns, blocks, numRows);
  const wanted = mustBeSparse ? "sparse" : priorSds ? "dense" : storage;
  const isSparse = wanted === "auto" ? plan.bytes < worthwhileFraction * denseBytes : wanted === "sparse";
  requireRoom(numRows, columns.length, isSparse ? plan.bytes : denseBytes, maxBytes);
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

/** Names the term that takes the most columns, which is a categorical one in all likelihood. */
function tooManyColumns(columns: readonly DesignColumn[], numParameters: number): InputError {
  const counts = new Map<string, number>();
  for (const { term } of columns) counts.set(term, (counts.get(term) ?? 0) + 1);
  const [term, count] = [...counts].reduce((widest, entry) => (entry[1] > widest[1] ? entry : widest));
  const isOfWords = term.startsWith("words(");
  const widest =
    count > 1 ? `, ${formatCount(count)} of them for the ${isOfWords ? "words" : "levels"} of "${term}"` : "";
  const inAll = numParameters > columns.length ? `, which takes ${formatCount(numParameters)} parameters` : "";
  return new InputError(
    `The formula makes ${formatCount(columns.length)} columns${widest}${inAll}, and a dense design takes at most ${denseLimit}; leave out --storage dense, or leave ${count > 1 ? `"${term}"` : "some"} out, or ${isOfWords ? "keep words that occur in more rows, as in words(text, 200)" : `group ${count > 1 ? "its rare levels" : "them"} with --sql`}.`,
  );
}
