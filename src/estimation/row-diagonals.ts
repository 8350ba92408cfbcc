import type { Model } from "../models/model.ts";
import { gradientMoments } from "../rows/gradient-moments.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { Diagonals } from "./local-approximation.ts";

/** Single rows whose gradients are looked at. */
const rowsForDiagonals = 1000;

/** The rows whose gradients are looked at, evenly spread; all, where there are no more. */
export function rowsToLookAt(numRows: number): Uint32Array {
  const used = Math.min(numRows, rowsForDiagonals);
  return Uint32Array.from({ length: used }, (_, k) => Math.floor((k * numRows) / used));
}

/** The diagonals of C and A at a point, from the gradients of some rows. */
export async function diagonalsAt(workspace: Workspace, model: Model, position: Float64Array): Promise<Diagonals> {
  const rows = rowsToLookAt(model.rows.numRows);
  const { mean, meanSquare } = await gradientMoments(rowsOf(workspace, model), rows, position);
  const prior = model.priorPrecision.map((precision) => precision / model.rows.numRows);
  // A parameter that no row moves and no prior bounds has no scale; it stays all but where it is.
  const floor = 1e-6 * (meanSquare.reduce((sum, value) => sum + value, 0) / meanSquare.length) || 1;
  return {
    noise: meanSquare.map((square, j) => square - mean[j] ** 2),
    curvature: meanSquare.map((square, j) => Math.max(square + prior[j], floor)),
  };
}
