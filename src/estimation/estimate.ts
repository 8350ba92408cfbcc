import { cholesky, invertPositiveDefinite, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { scale } from "../linalg/matrix.ts";
import { withShapedPriors } from "../models/create-model.ts";
import { curvatureOf, type Model, numObservations } from "../models/model.ts";
import { priorCurvature, referencesAt } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { subsampleModel } from "../rows/row-subset.ts";
import type { Workspace } from "../rows/workspace.ts";
import { conjugatePosterior, needsConjugate } from "./conjugate.ts";
import { estimateLowRank } from "./estimate-low-rank.ts";
import type { DenseApproximation, LocalApproximation } from "./local-approximation.ts";
import { findMode, type Mode } from "./mode/mode.ts";
import { groupSampleSize, modeOfGroups } from "./mode-of-groups.ts";
import { noiseAround } from "./noise-around.ts";
import { noiseCovarianceAt, stateDependentNoise } from "./noise-covariance.ts";
import type { Quadrature } from "./quadrature.ts";
import { tellingPasses } from "./telling-passes.ts";

/** Work (rows × M²) that one average over the subsample may take. */
const subsampleWork = 1e8;
const minSubsample = 20_000;
/** Entries that the subsample's matrices of one number for each two linear predictors may have. */
const maxRowMatrices = 2 ** 25;

/** Mode and curvature there, as much of it as the number of parameters allows. */
export function approximate(workspace: Workspace, model: Model, seed: number): Promise<LocalApproximation> {
  return curvatureOf(model) === "dense" ? estimate(workspace, model, seed) : estimateLowRank(workspace, model, seed);
}

/**
 * Finds the mode, then measures the Hessian A and the noise covariance C there, each by a pass over all rows.
 * @param seed of the random subsample on which state-dependent averages are taken
 */
export async function estimate(workspace: Workspace, unsettled: Model, seed: number): Promise<DenseApproximation> {
  const { numRows } = unsettled.rows;
  const { given, quadrature, ...found } = await modeOf(workspace, unsettled, seed);
  const { noMode, ...mode } = found;
  const model =
    given.shapedPriors.length > 0 ? withShapedPriors(given, referencesAt(given, mode.position, mode.spread)) : given;
  const measuring = tellingPasses(workspace, "measuring the noise");
  const noiseCovariance = await noiseCovarianceAt(measuring, model, mode.position);
  const sample = subsampleModel(model, subsampleSize(model), createRandom(seed, 0, 3));
  const laplaceCovariance = invertPositiveDefinite(mode.precision);
  const around = { mode: mode.position, noiseCovariance, laplaceCovariance };
  return {
    curvature: "dense",
    workspace,
    model,
    sample,
    numRows,
    mode: mode.position,
    hessian: scale(mode.precision, 1 / numRows),
    priorCurvatures: priorCurvature(model, mode.position, mode.spread),
    noiseCovariance,
    noise: await (model.groups
      ? noiseAround(measuring, sample, around, seed)
      : stateDependentNoise(measuring, sample, mode.position, noiseCovariance, seed)),
    laplaceCovariance,
    laplaceFactor: cholesky(laplaceCovariance),
    modePasses: mode.passes,
    ...(noMode !== undefined && { noMode }),
    ...(quadrature && { quadrature }),
  };
}

function subsampleSize(model: Model): number {
  if (model.groups) return groupSampleSize(model);
  const wanted = Math.max(minSubsample, Math.floor(subsampleWork / model.dimension ** 2));
  const pairs = (model.numPredictors * (model.numPredictors + 1)) / 2;
  return Math.min(wanted, Math.floor(maxRowMatrices / pairs));
}

/** The mode, of groups with the nodes that suit them. */
async function modeOf(
  workspace: Workspace,
  model: Model,
  seed: number,
): Promise<FoundMode & { readonly given: Model; readonly quadrature?: Quadrature }> {
  if (model.groups) return modeOfGroups(workspace, model, seed);
  const found = needsConjugate(model)
    ? await modeOrExactCenter(workspace, model)
    : await modeOfSearch(workspace, model);
  return { ...found, given: model };
}

/** A mode, or what stands in for it and why (`Problem.noMode`). */
type FoundMode = Mode & { readonly noMode?: string };

async function modeOfSearch(workspace: Workspace, model: Model): Promise<FoundMode> {
  const mode = await findMode(workspace, model);
  return mode.converged ? mode : { ...mode, noMode: "the search for the mode of its posterior ends nowhere" };
}

/** How many exact sds the joint mode may be from the exact mean, in any parameter. */
const farthestMode = 2;

/**
 * The joint mode of a linear model with few rows a parameter; where there is none, or one far from where the posterior is
 * (σ runs to 0 with as many columns as rows), the exact mean and covariance stand in for it and its curvature.
 */
async function modeOrExactCenter(workspace: Workspace, model: Model): Promise<FoundMode> {
  const { mean, covariance } = await conjugatePosterior(tellingPasses(workspace, "finding the mode", 1), model);
  // With as many columns as rows some coefficients fit the target exactly, and the density has no bound as σ runs to 0.
  const mode = numObservations(model) > model.rows.numColumns ? await modeIfAny(workspace, model) : null;
  const isNear = (position: Float64Array) =>
    position.every((value, j) => (value - mean[j]) ** 2 <= farthestMode ** 2 * covariance.data[j * mean.length + j]);
  if (mode && isNear(mode.position)) return mode;
  return {
    position: mean,
    precision: invertPositiveDefinite(covariance),
    passes: (mode?.passes ?? 0) + 1,
    converged: false,
    noMode: "with so few rows the joint mode of the coefficients and sigma is not where the posterior is",
  };
}

async function modeIfAny(workspace: Workspace, model: Model): Promise<Mode | null> {
  try {
    const mode = await findMode(workspace, model);
    if (!mode.converged || !mode.position.every(Number.isFinite)) return null;
    cholesky(mode.precision);
    return mode;
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return null;
    throw error;
  }
}
