import { InputError } from "../errors.ts";
import { cholesky, invertPositiveDefinite, isPositiveDefinite, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { add, diagonalMatrix, dot, type Matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import { curvatureOf, type Model } from "../models/model.ts";
import { addPriorGradientInto } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { gradientMoments } from "../rows/gradient-moments.ts";
import { subsampleModel } from "../rows/row-subset.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import { twoDigits } from "../wording.ts";
import type { LocalApproximation } from "./local-approximation.ts";
import { findModeInLowMemory, type LowMemoryMode } from "./mode/low-memory-mode.ts";
import { noiseAround } from "./noise-around.ts";
import { noiseCovarianceAt } from "./noise-covariance.ts";
import { diagonalsAt } from "./row-diagonals.ts";
import { tellingPasses } from "./telling-passes.ts";

/** What is known of a custom model around its mode. */
export interface CustomEstimate {
  readonly local: LocalApproximation;
  /** Sentences on what stands in for what could not be measured. */
  readonly notes: readonly string[];
  /** Whether the posterior rises all the way to a bound, beyond which its density is 0: it has no mode inside. */
  readonly isAtEdge: boolean;
}

/**
 * Mode, curvature and noise of a custom model. The mode is found by limited-memory BFGS over all rows, or is where the search
 * would begin. Of many parameters the curvature's diagonal alone is known, by the empirical Fisher information.
 * @throws InputError where the data and the prior leave a direction undetermined
 */
export async function estimateCustom(
  workspace: Workspace,
  model: Model,
  start: Float64Array,
  { seed, findMode }: { seed: number; findMode: boolean },
): Promise<CustomEstimate> {
  const { position, passes, isAtEdge } = findMode
    ? await findCustomMode(workspace, model, start)
    : { position: start, passes: 0, isAtEdge: false };
  const shared = {
    workspace,
    model,
    numRows: model.rows.numRows,
    mode: position,
    priorCurvatures: model.priorPrecision,
    modePasses: passes,
  };
  if (curvatureOf(model) === "low-rank") {
    workspace.onProgress?.("measuring the noise", 0);
    const rowDiagonals = await diagonalsAt(workspace, model, position);
    const curvatures = rowDiagonals.curvature.map((value) => shared.numRows * value);
    return {
      local: { ...shared, curvature: "low-rank", curvatures, directions: [], rowDiagonals },
      notes: [knownByDiagonals],
      isAtEdge,
    };
  }
  const { notes, ...measured } = await measureDense(workspace, model, position, seed);
  if (!findMode) notes.push(...(await distanceNotes(workspace, model, position, measured.laplaceCovariance)));
  return { local: { ...shared, curvature: "dense", ...measured }, notes, isAtEdge };
}

const knownByDiagonals =
  "A and C are known by their diagonals alone, A by the empirical Fisher information: the steps suit each parameter with all others held, and sds along other directions are not measured.";

/** Single rows' gradients from which C is estimated: this many, or so many for each parameter. */
const minRows = 4000;
const rowsPerParameter = 100;
/** Rows over which C is averaged around the mode. */
const rowsAround = 500;

/**
 * A and C, M×M. Where the Hessian is not positive definite, C stands in for the data's part of it: both have the same
 * expectation for a well-specified model.
 */
async function measureDense(workspace: Workspace, model: Model, position: Float64Array, seed: number) {
  const { numRows } = model.rows;
  const notes: string[] = [];
  const wanted = Math.max(minRows, rowsPerParameter * model.dimension);
  const noiseCovariance = await noiseCovarianceAt(
    workspace,
    subsampleModel(model, wanted, createRandom(seed, 0, 3)),
    position,
  );
  const prior = diagonalMatrix(model.priorPrecision.map((precision) => precision / numRows));
  const sums = await rowsOf(workspace, model).pass(position, { gram: "curvature" });
  let hessian = add(scale(sums.gram, 1 / sums.count), prior);
  if (!isPositiveDefinite(hessian)) {
    hessian = add(noiseCovariance, prior);
    notes.push(
      "The Hessian is not positive definite here, so the covariance of the rows' gradients (the empirical Fisher information) stands in for it; the posterior sds are those of that approximation.",
    );
  }
  const laplaceCovariance = invert(scale(hessian, numRows));
  const sample = subsampleModel(model, rowsAround, createRandom(seed + 1, 0, 3));
  const around = { mode: position, noiseCovariance, laplaceCovariance };
  const noise = await noiseAround(workspace, sample, around, seed);
  return {
    notes,
    sample,
    hessian,
    noiseCovariance,
    noise,
    laplaceCovariance,
    laplaceFactor: cholesky(laplaceCovariance),
  };
}

function invert(precision: Matrix): Matrix {
  try {
    return invertPositiveDefinite(precision);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw new InputError(
      "The data and the prior leave some direction of the custom model's parameters undetermined; give it a prior, such as { mean: 0, sd: 1 }.",
    );
  }
}

/** Rows from whose gradients the first guess at the curvature is made. */
const rowsForFirstCurvature = 1000;

/** The mode over all rows, with memory O(M). */
async function findCustomMode(workspace: Workspace, model: Model, start: Float64Array): Promise<LowMemoryMode> {
  const sample = subsampleModel(model, rowsForFirstCurvature, createRandom(0, 0, 3));
  const looked = Uint32Array.from({ length: sample.rows.numRows }, (_, n) => n);
  const { meanSquare } = await gradientMoments(rowsOf(workspace, sample), looked, start);
  const finding = tellingPasses(workspace, "finding the mode");
  return findModeInLowMemory(finding, model, { start, rowCurvature: meanSquare, tolerance: 1e-6, maxIterations: 1000 });
}

/** How far a position that was given is from where the gradient would vanish. */
async function distanceNotes(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  covariance: Matrix,
): Promise<string[]> {
  const { gradient } = await rowsOf(workspace, model).pass(position, { gram: "none" });
  addPriorGradientInto(model, position, gradient);
  const distance = Math.sqrt(dot(gradient, multiplyVector(covariance, gradient)) / model.dimension);
  return distance < 0.1
    ? []
    : [
        `The start is not a mode: a Newton step would move each parameter by ${twoDigits(distance)} posterior sds in the mean, and the draws are around where such steps lead.`,
      ];
}
