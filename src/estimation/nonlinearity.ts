import { invertLower } from "../linalg/cholesky.ts";
import { diagonal, dot, type Matrix, multiply, multiplyVector, transpose } from "../linalg/matrix.ts";
import { addPriorResidualInto } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { antitheticPoints } from "./laplace-points.ts";
import type { DenseApproximation } from "./local-approximation.ts";

/** How far the gradient is from linear over a region around the mode. */
export interface Nonlinearity {
  /** √(E|Kᵀ r(θ)|² / E|K⁻¹ (θ − θ*)|²), K Kᵀ = P: the gradient against that of a quadratic loss. */
  readonly relativeError: number;
  /** M: −(P E r)_k / √P_kk, to first order how far the mean of chains that stay in the region is from the mode, in sds. */
  readonly shift: Float64Array;
}

const nonlinearityPairs = 8;

/**
 * Averages over θ ~ N(θ*, F Fᵀ), r the part of the gradient N ∇L that is not linear around the mode, over the subsample.
 * In a stationary law E N ∇L(θ) = 0, so P⁻¹ (E θ − θ*) + E r = 0: the law of the posterior itself, F = K, included.
 * @param factor F, M×M
 */
export async function gradientNonlinearity(local: DenseApproximation, factor: Matrix): Promise<Nonlinearity> {
  const { workspace, model, sample, numRows, mode, laplaceFactor, laplaceCovariance } = local;
  const random = createRandom(1, 0, 7);
  const factorTransposed = transpose(laplaceFactor);
  const spread = multiply(invertLower(laplaceFactor), factor).data;
  let squares = 0;
  const average = new Float64Array(mode.length);
  for (const position of antitheticPoints(mode, factor, nonlinearityPairs, () => random.normal())) {
    const sums = await rowsOf(workspace, sample).pass(position, { gram: "squared-residual", center: mode });
    const residual = sums.gradient.map((value) => (value * numRows) / sums.count);
    addPriorResidualInto(model, mode, position, residual);
    const whitened = multiplyVector(factorTransposed, residual);
    squares += dot(whitened, whitened) / (2 * nonlinearityPairs * dot(spread, spread));
    residual.forEach((value, j) => {
      average[j] += value / (2 * nonlinearityPairs);
    });
  }
  const sds = diagonal(laplaceCovariance).map(Math.sqrt);
  return {
    relativeError: Math.sqrt(squares),
    shift: multiplyVector(laplaceCovariance, average).map((value, j) => -value / sds[j]),
  };
}

/** Where short steps are needed to follow the loss: the gradient over the posterior is this far from a quadratic loss's. */
const farFromQuadratic = 0.3;

/** Whether the normal approximation says little of the posterior: not even a gradient there can be told from it. */
export async function isFarFromNormal(local: DenseApproximation, limit = farFromQuadratic): Promise<boolean> {
  const { relativeError } = await gradientNonlinearity(local, local.laplaceFactor);
  // Not ">": losses that overflow give NaN.
  return !(relativeError <= limit);
}
