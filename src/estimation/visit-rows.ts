import { type Model, tauAt } from "../models/model.ts";

/** A row as the family sees it. The same object at every visit: what is kept of it has to be copied. */
export interface VisitedRow {
  readonly n: number;
  /** Linear predictors of all outputs, the row's offset in them. */
  readonly eta: Float64Array;
  readonly tau: readonly [number, number];
  readonly y: number;
  readonly weight: number;
  /** Writes xᵀ v_k for each output's part v_k of a vector of coefficients. */
  alongInto(out: Float64Array, vector: ArrayLike<number>): void;
  /** Adds `factor` x to the D entries of `sums` from `offset` on. */
  addTo(sums: Float64Array, offset: number, factor: number): void;
}

/** Calls `visit` with every `step`-th row, or with those of `numbers`. */
export function visitRows(
  model: Model,
  position: ArrayLike<number>,
  visit: (row: VisitedRow) => void,
  { step = 1, numbers }: { step?: number; numbers?: ArrayLike<number> } = {},
): void {
  const { memory, rows, outputs } = model;
  const { stride, numColumns } = rows;
  const x = memory.f32(rows.address, rows.numRows * stride);
  const eta = new Float64Array(outputs);
  let start = 0;
  const row = {
    n: 0,
    eta,
    tau: tauAt(model, position),
    y: 0,
    weight: 1,
    alongInto(out: Float64Array, vector: ArrayLike<number>) {
      for (let k = 0, at = 0; k < outputs; k++) {
        let sum = 0;
        for (let j = 0; j < numColumns; j++, at++) sum += x[start + j] * vector[at];
        out[k] = sum;
      }
    },
    addTo(sums: Float64Array, offset: number, factor: number) {
      for (let j = 0; j < numColumns; j++) sums[offset + j] += factor * x[start + j];
    },
  };
  const count = numbers?.length ?? Math.ceil(rows.numRows / step);
  for (let k = 0; k < count; k++) {
    row.n = numbers ? numbers[k] : k * step;
    start = row.n * stride;
    const end = start + stride;
    row.alongInto(eta, position);
    if (rows.hasOffset) for (let output = 0; output < outputs; output++) eta[output] += x[end - 2];
    row.y = x[end - 1];
    if (rows.hasWeights) row.weight = x[end - 3];
    visit(row);
  }
}

/** Σ w_n: N where rows have no weights. */
export function totalWeight({ memory, rows }: Pick<Model, "memory" | "rows">): number {
  if (!rows.hasWeights) return rows.numRows;
  const x = memory.f32(rows.address, rows.numRows * rows.stride);
  let sum = 0;
  for (let at = rows.stride - 3; at < x.length; at += rows.stride) sum += x[at];
  return sum;
}
