import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { type VisitedRow, visitRows } from "../rows/visit-rows.ts";
import type { Workspace } from "../rows/workspace.ts";

/**
 * The diagonal of C(θ), the covariance of one row's gradient, M, from all rows or from `count` drawn with replacement: memory M, for models
 * whose M×M matrices would not fit. At the mode of a well-specified model it is near the diagonal of the data's part of A.
 */
export async function diagonalNoise(
  workspace: Workspace,
  model: Model,
  position: ArrayLike<number>,
  sample?: { readonly count: number; readonly random: Pick<Xoshiro, "uniform"> },
): Promise<Float64Array> {
  const { rows, family, dimension, numPredictors, hasReference, auxiliaries } = model;
  const { numColumns, numRows } = rows;
  const slopes = new Float64Array(numPredictors);
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  const gradient = new Float64Array(numColumns);
  const count = sample?.count ?? numRows;
  const numbers = sample && Uint32Array.from({ length: count }, () => Math.floor(sample.random.uniform() * numRows));
  if (rows.sparse) {
    const request = { gram: "squared-gradient" as const, isDiagonal: true, rowList: numbers };
    const { gradient, diagonal } = await rowsOf(workspace, model).pass(position, request);
    return diagonal!.map((square, j) => square / count - (gradient[j] / count) ** 2);
  }
  const visit = (row: VisitedRow) => {
    const { eta, tau, y, weight } = row;
    family.slopesInto(slopes, eta, tau, y, hasReference);
    for (let k = 0; k < numPredictors; k++) {
      gradient.fill(0);
      row.addTo(gradient, 0, weight * slopes[k]);
      for (let j = 0, at = k * numColumns; j < numColumns; j++, at++) {
        sums[at] += gradient[j];
        squares[at] += gradient[j] ** 2;
      }
    }
    auxiliaries.forEach(({ index }, k) => {
      const entry = weight * family.auxiliarySlope(index, eta, tau, y);
      sums[numPredictors * numColumns + k] += entry;
      squares[numPredictors * numColumns + k] += entry * entry;
    });
  };
  visitRows(model, position, visit, { numbers });
  return squares.map((square, j) => square / count - (sums[j] / count) ** 2);
}
