import { antitheticPoints } from "../../estimation/laplace-points.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { covarianceOf } from "../../estimation/noise-covariance.ts";
import { add, type Matrix, matrix } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { PoolRequest } from "../../rows/rows.ts";
import { rowsOf } from "../../rows/rows-of.ts";

/** The share of the draws that goes to all rows alike, so that no row's weight exceeds 1/uniformShare. */
const uniformFraction = 0.1;
const maxListedRows = 20_000;
const residualNoisePairs = 4;

/**
 * The model with its rows drawn by influence: p_n = 0.9 q_n/Σq + 0.1/N, q_n the typical size of the row's
 * control-variate term over N(θ̂, P) (kernels/layout/pass.ts, Influence). With uniform rows a few influential ones dominate
 * the noise. The alias table, or the pool of rows that stands for those on disk, stays in memory until the caller releases it.
 */
export function drawRowsByInfluence(local: DenseApproximation, pool: PoolRequest): Promise<Model> {
  const { model, workspace, mode, laplaceFactor, laplaceCovariance } = local;
  const rows = rowsOf(workspace, model);
  if (!rows.byInfluence) throw new TypeError("The influences of these rows are not known.");
  return rows.byInfluence(mode, { factor: laplaceFactor, covariance: laplaceCovariance }, uniformFraction, pool);
}

/**
 * N² C̄_cv, M×M: covariance of N times the weighted control-variate residual of one row drawn by influence, averaged over
 * draws θ ~ N(θ̂, P) (antithetic pairs), from rows drawn as the chain draws them.
 */
export async function controlVariateNoise(local: DenseApproximation, weighted: Model, seed: number): Promise<Matrix> {
  const { numRows, workspace, mode, laplaceFactor } = local;
  const random = createRandom(seed, 0, 5);
  const rows = rowsOf(workspace, weighted);
  const { rows: rowList } = rows.draw(Math.min(maxListedRows, 4 * numRows), random);
  const dimension = mode.length;
  let total = matrix(dimension, dimension);
  for (const position of antitheticPoints(mode, laplaceFactor, residualNoisePairs, () => random.normal())) {
    const request = { center: mode, gram: "squared-residual" as const, rowList };
    const ofOneRow = covarianceOf(await rows.pass(position, request));
    total = add(total, ofOneRow, 1, numRows ** 2 / (2 * residualNoisePairs));
  }
  return total;
}
