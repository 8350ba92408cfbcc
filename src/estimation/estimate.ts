import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { scale } from "../linalg/matrix.ts";
import { type Model, withShapedPriors } from "../models/model.ts";
import { priorCurvature, referencesAt } from "../models/prior-terms.ts";
import { subsampleModel } from "../models/row-subset.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { conjugatePosterior, needsConjugate } from "./conjugate.ts";
import { findMode, type Mode } from "./mode.ts";
import { noiseCovarianceAt, stateDependentNoise } from "./noise-covariance.ts";
import type { Problem, Workspace } from "./problem.ts";
import { tellingPasses } from "./telling-passes.ts";

/** Work (rows × M²) that one average over the subsample may take. */
const subsampleWork = 1e8;
const minSubsample = 20_000;
/** Entries that the subsample's matrices of one number for each two linear predictors may have. */
const mostRowMatrices = 2 ** 25;

/**
 * Finds the mode, then measures the Hessian A and the noise covariance C there, each by a pass over all rows.
 * @param seed of the random subsample on which state-dependent averages are taken
 */
export async function estimate(workspace: Workspace, given: Model, seed: number): Promise<Problem> {
  const { numRows } = given.rows;
  const mode = needsConjugate(given) ? await exactCenter(workspace, given) : await findMode(workspace, given);
  const model =
    given.shapedPriors.length > 0 ? withShapedPriors(given, referencesAt(given, mode.position, mode.spread)) : given;
  const measuring = tellingPasses(workspace, "measuring the noise");
  const noiseCovariance = await noiseCovarianceAt(measuring, model, mode.position);
  const wanted = Math.max(minSubsample, Math.floor(subsampleWork / model.dimension ** 2));
  const pairs = (model.outputs * (model.outputs + 1)) / 2;
  const sample = subsampleModel(model, Math.min(wanted, Math.floor(mostRowMatrices / pairs)), createRandom(seed, 0, 3));
  const laplaceCovariance = invertPositiveDefinite(mode.precision);
  return {
    workspace,
    model,
    sample,
    numRows,
    mode: mode.position,
    hessian: scale(mode.precision, 1 / numRows),
    priorCurvatures: priorCurvature(model, mode.position, mode.spread),
    noiseCovariance,
    noise: await stateDependentNoise(measuring, sample, mode.position, noiseCovariance, seed),
    laplaceCovariance,
    laplaceFactor: cholesky(laplaceCovariance),
    modePasses: mode.passes,
  };
}

/** Where the joint mode says little, the exact mean and covariance of the linear model stand in for it and its curvature. */
async function exactCenter(workspace: Workspace, model: Model): Promise<Mode> {
  const { mean, covariance } = await conjugatePosterior(tellingPasses(workspace, "finding the mode", 1), model);
  return { position: mean, precision: invertPositiveDefinite(covariance), passes: 1 };
}
