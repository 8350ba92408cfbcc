import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, type Matrix, scale, traceOfProduct } from "../linalg/matrix.ts";
import { lookInside } from "../models/custom-functions.ts";
import type { Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StateDependentNoise } from "../theory/stability.ts";
import { antitheticPoints } from "./laplace-points.ts";
import { noiseCovarianceAt } from "./noise-covariance.ts";

const noisePairs = 4;

/** What the noise is measured around. */
interface Around {
  readonly mode: Float64Array;
  /** C at the mode. */
  readonly noiseCovariance: Matrix;
  /** P */
  readonly laplaceCovariance: Matrix;
}

/**
 * C̄(Σ) = C + ΔC Tr(P⁻¹Σ)/M, ΔC = C̄(P) − C measured on `sample` over N(θ*, P): right at Σ = P, and linear in Σ. Where a row's gradient
 * is dear, averaging over Σ itself again and again would take more of them than can be had.
 */
export async function noiseAround(
  workspace: Workspace,
  sample: Model,
  { mode, noiseCovariance, laplaceCovariance }: Around,
  seed: number,
): Promise<StateDependentNoise> {
  const random = createRandom(seed, 0, 2);
  let change = scale(await noiseCovarianceAt(workspace, sample, mode), -1);
  const factor = cholesky(laplaceCovariance);
  const covarianceNear = (position: Float64Array) =>
    lookInside(mode, position, (inside) => noiseCovarianceAt(workspace, sample, inside));
  for (const position of antitheticPoints(mode, factor, noisePairs, () => random.normal()))
    change = add(change, await covarianceNear(position), 1, 1 / (2 * noisePairs));
  const precision = invertPositiveDefinite(laplaceCovariance);
  const multiplicative = async (covariance: Matrix) =>
    scale(change, traceOfProduct(precision, covariance) / mode.length);
  return { multiplicative, averagedOver: async (covariance) => add(noiseCovariance, await multiplicative(covariance)) };
}
