import type { Model } from "../models/model.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";

/** Single rows whose gradients are looked at. */
const rowsForDiagonals = 1000;

/** The rows whose gradients are looked at, evenly spread; all, where there are no more. */
export function rowsToLookAt(numRows: number): Uint32Array {
  const used = Math.min(numRows, rowsForDiagonals);
  return Uint32Array.from({ length: used }, (_, k) => Math.floor((k * numRows) / used));
}

/** What is known of a custom model at one point with memory O(M). */
export interface Diagonals {
  /** M: C_kk, the variance over rows of one row's gradient. */
  readonly noise: Float64Array;
  /** M: A_kk by the empirical Fisher information, the mean square of a row's gradient, the prior's share included. */
  readonly curvature: Float64Array;
}

export async function diagonalsAt(workspace: Workspace, model: Model, position: Float64Array): Promise<Diagonals> {
  const rows = rowsToLookAt(model.rows.numRows);
  const sums = new Float64Array(model.dimension);
  const squares = new Float64Array(model.dimension);
  await rowsOf(workspace, model).visitGradients(rows, position, (gradient) => {
    for (let j = 0; j < sums.length; j++) {
      sums[j] += gradient[j] / rows.length;
      squares[j] += gradient[j] ** 2 / rows.length;
    }
  });
  const prior = model.priorPrecision.map((precision) => precision / model.rows.numRows);
  // A parameter that no row moves and no prior bounds has no scale; it stays all but where it is.
  const floor = 1e-6 * (squares.reduce((sum, value) => sum + value, 0) / sums.length) || 1;
  return {
    noise: squares.map((square, j) => square - sums[j] ** 2),
    curvature: squares.map((square, j) => Math.max(square + prior[j], floor)),
  };
}
