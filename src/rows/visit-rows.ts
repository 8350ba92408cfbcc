import { viewRows } from "../engine/bindings/row-view.ts";
import { type Model, tauAt } from "../models/model.ts";

/** A row as the family sees it. The same object at every visit: what is kept of it has to be copied. */
export interface VisitedRow {
  readonly n: number;
  /** Linear predictors of all numPredictors, the row's offset in them. */
  readonly eta: Float64Array;
  readonly tau: readonly [number, number];
  readonly y: number;
  readonly weight: number;
  /** Writes xᵀ v_k for each output's part v_k of a vector of coefficients, which must stay the same at every visit. */
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
  const { memory, rows, numPredictors } = model;
  if (model.blocks) throw new TypeError("Rows in blocks are not in memory: visit a part of them (partsInMemory).");
  if (model.groups) throw new TypeError("Groups have no linear predictors: visit their rows (dataRowsOf).");
  const view = viewRows(memory, rows);
  const eta = new Float64Array(numPredictors);
  const row = {
    n: 0,
    eta,
    tau: tauAt(model, position),
    y: 0,
    weight: 1,
    alongInto(out: Float64Array, vector: ArrayLike<number>) {
      for (let k = 0; k < numPredictors; k++) out[k] = view.dot(vector, k * rows.numColumns);
    },
    addTo: view.addTo,
  };
  const count = numbers?.length ?? Math.ceil(rows.numRows / step);
  for (let k = 0; k < count; k++) {
    row.n = numbers ? numbers[k] : k * step;
    view.moveTo(row.n);
    row.alongInto(eta, position);
    if (rows.hasOffset) for (let output = 0; output < numPredictors; output++) eta[output] += view.offset();
    row.y = view.target();
    if (rows.hasWeights) row.weight = view.weight();
    visit(row);
  }
}

/** Σ w_n and Σ w_n²: N both where rows have no weights. Of a row that stands for c of weight w/c each, w²/c. */
export function weightSums({ memory, rows, blocks, cells }: Pick<Model, "memory" | "rows" | "blocks" | "cells">): {
  readonly sum: number;
  readonly squares: number;
} {
  if (blocks) return blocks.store.summary.weights;
  if (!rows.hasWeights) return { sum: rows.numRows, squares: rows.numRows };
  const view = viewRows(memory, rows);
  let sum = 0;
  let squares = 0;
  for (let n = 0; n < rows.numRows; n++) {
    view.moveTo(n);
    sum += view.weight();
    squares += view.weight() ** 2 / (cells?.counts[n] ?? 1);
  }
  return { sum, squares };
}
