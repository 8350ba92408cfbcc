import { estimate } from "../estimation/estimate.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, diagonalMatrix, type Matrix, matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import { type Hyperparameters, type Model, withHyperparameters } from "../models/model.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StepMatrix } from "../sampling/chains/chain-spec.ts";
import { runChains } from "../sampling/chains/run-chains.ts";
import { defaultBatchSize, noiseFactor } from "../sampling/tuning/plan-sgd.ts";
import { autocorrelationTime } from "../theory/control-variate.ts";
import { type PriorGroup, precisionSlope } from "../theory/evidence.ts";
import { fullExactStep } from "../theory/optimal.ts";
import { largestStableScale, UnstableError } from "../theory/stability.ts";
import { contractionRates } from "../theory/stationary.ts";
import type { ExpectationStep, Segment } from "./expectation.ts";

const chains = 4;
/** Draws of a chain in one segment, an autocorrelation time apart. */
const drawsPerSegment = 16;
/** Mode and noise are measured again once a logarithm of a hyperparameter has moved this far. */
const farPrecision = 0.7;
const farSigma = 0.02;
/** H follows λ once it has moved this far. */
const nearPrecision = 0.01;

/**
 * The E-step of models narrow enough for M×M matrices: constant-rate SGD with the preconditioner H = 2 (A + (N/S) C̄)⁻¹, for
 * which the iterates' law is the posterior (Theorem 2, exact at a finite step). A follows λ without a pass over the data, as
 * the prior's part of it is Λ/N; the mode, the data's part and C̄ are measured again when λ has moved far.
 */
export function narrowExpectation(
  workspace: Workspace,
  base: Model,
  groups: readonly PriorGroup[],
  seed: number,
): ExpectationStep {
  const { memory } = base;
  const mark = memory.mark();
  let reference: { local: LocalApproximation; averagedNoise: Matrix; dataHessian: Matrix } | undefined;
  let update:
    | { priorPrecision: Float64Array; step: Matrix; noise: StepMatrix; covariance: Matrix; time: number }
    | undefined;
  let positions: readonly Float64Array[] | undefined;

  async function measure(hyperparameters: Required<Hyperparameters> | Hyperparameters) {
    memory.release(mark);
    const model = withHyperparameters(base, hyperparameters);
    const local = await estimate(workspace, model, seed);
    const averagedNoise = await local.noise.averagedOver(local.laplaceCovariance);
    const prior = diagonalMatrix(model.priorPrecision.map((value) => value / local.numRows));
    update = undefined;
    return { local, averagedNoise, dataHessian: add(local.hessian, prior, 1, -1) };
  }

  function updateFor(model: Model, { local, averagedNoise, dataHessian }: NonNullable<typeof reference>) {
    const { numRows } = local;
    const hessian = add(dataHessian, diagonalMatrix(model.priorPrecision.map((value) => value / numRows)));
    const batchSize = defaultBatchSize(numRows);
    const { step, injectedNoise } = fullExactStep({ hessian, noiseCovariance: averagedNoise, numRows, batchSize });
    return {
      priorPrecision: model.priorPrecision,
      step,
      noise: noiseFactor(injectedNoise),
      covariance: scale(invertPositiveDefinite(hessian), 1 / numRows),
      time: autocorrelationTime(contractionRates(step, hessian)[0]),
    };
  }

  async function segment(hyperparameters: Hyperparameters, index: number): Promise<Segment> {
    if (!reference || isFar(reference.local.model, hyperparameters)) reference = await measure(hyperparameters);
    const { local } = reference;
    const inner = memory.mark();
    try {
      const model = withHyperparameters(local.model, hyperparameters);
      if (!update || distance(update.priorPrecision, model.priorPrecision) > nearPrecision)
        update = updateFor(model, reference);
      const { step, noise, covariance, time } = update;
      const batchSize = defaultBatchSize(local.numRows);
      const { positions: draws } = await runChains(
        local,
        {
          model,
          gradient: "minibatch",
          batchSize,
          pull: 0,
          step: { kind: "dense", matrix: step },
          noise,
          start: cholesky(covariance),
          from: positions,
          burnInSteps: 0,
          stepsPerDraw: Math.ceil(time),
          momentEvery: Math.ceil(time),
          chains,
          draws: drawsPerSegment,
          seed: (seed % 2 ** 40) + 2 ** 40 * index,
        },
        "learning the prior",
      );
      const { dimension } = model;
      const split = draws.flatMap((values) =>
        Array.from({ length: drawsPerSegment }, (_, n) => values.subarray(n * dimension, (n + 1) * dimension)),
      );
      positions = draws.map((values) => values.slice(-dimension));
      await requireStable(local, step, batchSize, covariance, split);
      const offset = offsetFromPriorMean(local, model, covariance);
      const slopes = groups.map(({ parameters }) =>
        precisionSlope(
          model.priorPrecision[parameters[0]],
          Float64Array.from(parameters, (j) => offset[j]),
          block(covariance, parameters),
        ),
      );
      return { draws: split, slopes };
    } finally {
      memory.release(inner);
    }
  }

  /** N A_jj, the data's part. */
  async function information(hyperparameters: Hyperparameters): Promise<Float64Array> {
    reference = await measure(hyperparameters);
    const { dataHessian, local } = reference;
    return Float64Array.from(local.mode, (_, j) => local.numRows * dataHessian.data[j * local.mode.length + j]);
  }

  return { information, segment, close: () => memory.release(mark) };
}

function distance(from: Float64Array, to: Float64Array): number {
  return from.reduce(
    (largest, value, j) => (value > 0 ? Math.max(largest, Math.abs(Math.log(to[j] / value))) : largest),
    0,
  );
}

function isFar(model: Model, { priorPrecision, sigma }: Hyperparameters): boolean {
  const moved = priorPrecision ? distance(model.priorPrecision, priorPrecision) : 0;
  return moved > farPrecision || (sigma !== undefined && Math.abs(Math.log(sigma) - model.fixedTau[0]) > farSigma);
}

/** θ* − m under `model`'s prior, one Newton step from the mode under the prior that was measured. */
function offsetFromPriorMean(
  { model: measured, mode }: LocalApproximation,
  model: Model,
  covariance: Matrix,
): Float64Array {
  const change = mode.map(
    (value, j) => (model.priorPrecision[j] - measured.priorPrecision[j]) * (value - model.priorMean[j]),
  );
  const moved = multiplyVector(covariance, change);
  return mode.map((value, j) => value - moved[j] - model.priorMean[j]);
}

function block(covariance: Matrix, indices: readonly number[]): Matrix {
  const values = matrix(indices.length, indices.length);
  indices.forEach((i, row) => {
    indices.forEach((j, column) => {
      values.data[row * indices.length + column] = covariance.data[i * covariance.columns + j];
    });
  });
  return values;
}

/** A chain whose noise outgrows its contraction runs off; better a sentence than a precision of nothing. */
async function requireStable(
  local: LocalApproximation,
  step: Matrix,
  batchSize: number,
  covariance: Matrix,
  draws: readonly Float64Array[],
): Promise<void> {
  const size = covariance.rows;
  const isFarOut = draws.some((draw) =>
    draw.some((value, j) => !(Math.abs(value - local.mode[j]) < 1e3 * Math.sqrt(covariance.data[j * size + j]))),
  );
  if (!isFarOut) return;
  const { hessian, noiseCovariance } = local;
  throw new UnstableError(
    await largestStableScale({ preconditioner: step, hessian, noiseCovariance, batchSize }, local.noise),
  );
}
