import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { linearPredictorsInto } from "./noise-covariance.ts";

/**
 * The diagonal of C(θ), the covariance of one row's gradient, M, from all rows or from `count` drawn with replacement: memory M, for models
 * whose M×M matrices would not fit. At the mode of a well-specified model it is near the diagonal of the data's part of A.
 */
export function diagonalNoise(
  model: Model,
  position: ArrayLike<number>,
  sample?: { readonly count: number; readonly random: Pick<Xoshiro, "uniform"> },
): Float64Array {
  const { rows, family, memory, dimension, outputs, hasReference } = model;
  const { numColumns, numRows, stride } = rows;
  const x = memory.f32(rows.address, numRows * stride);
  const tau = model.hasAuxiliary ? position[numColumns] : model.fixedTau;
  const eta = new Float64Array(outputs);
  const slopes = new Float64Array(outputs);
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  const count = sample?.count ?? numRows;
  for (let draw = 0; draw < count; draw++) {
    const offset = (sample ? Math.floor(sample.random.uniform() * numRows) : draw) * stride;
    const y = x[offset + stride - 1];
    linearPredictorsInto(eta, x, offset, position, numColumns);
    family.slopesInto(slopes, eta, tau, y, hasReference);
    for (let k = 0, at = 0; k < outputs; k++) {
      for (let j = 0; j < numColumns; j++, at++) {
        const entry = slopes[k] * x[offset + j];
        sums[at] += entry;
        squares[at] += entry * entry;
      }
    }
    if (!model.hasAuxiliary) continue;
    const entry = family.auxiliarySlope(eta, tau, y);
    sums[numColumns] += entry;
    squares[numColumns] += entry * entry;
  }
  return squares.map((square, j) => square / count - (sums[j] / count) ** 2);
}
