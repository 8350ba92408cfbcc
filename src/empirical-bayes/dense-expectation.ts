import { estimate } from "../estimation/estimate.ts";
import type { DenseApproximation } from "../estimation/local-approximation.ts";
import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, diagonal, diagonalMatrix, type Matrix, matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import { type Hyperparameters, withHyperparameters } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StepMatrix } from "../sampling/chains/chain-spec.ts";
import { runChains } from "../sampling/chains/run-chains.ts";
import { defaultBatchSize, noiseFactor } from "../sampling/tuning/plan-sgd.ts";
import { autocorrelationTime } from "../theory/control-variate.ts";
import { type PriorGroup, precisionSlope } from "../theory/evidence.ts";
import { fullExactStep } from "../theory/optimal.ts";
import { largestStableScale, UnstableError } from "../theory/stability.ts";
import { contractionRates } from "../theory/stationary.ts";
import { drawByDraw, type ExpectationStep, type Segment, segmentSeed } from "./expectation.ts";

const chains = 4;
/** Draws of a chain in one segment, an autocorrelation time apart. */
const drawsPerSegment = 16;
/** Mode and noise are measured again once a logarithm of a hyperparameter has moved this far. */
const farPrecision = 0.7;
const farSigma = 0.02;
/** H follows λ once it has moved this far. */
const nearPrecision = 0.01;

/** What was measured at one λ, and holds near it. */
interface Measured {
  readonly local: DenseApproximation;
  readonly averagedNoise: Matrix;
  /** A without the prior's part. */
  readonly dataHessian: Matrix;
}

/** H, R and what follows from them, for one λ. */
interface Update {
  readonly priorPrecision: Float64Array;
  readonly step: Matrix;
  readonly noise: StepMatrix;
  readonly covariance: Matrix;
  /** Steps in which the slowest direction forgets. */
  readonly time: number;
}

/**
 * The E-step with M×M matrices: constant-rate SGD with the preconditioner H = 2 (A + (N/S) C̄)⁻¹, for which the iterates' law
 * is the posterior (Theorem 2, exact at a finite step). A follows λ without a pass over the data, as the prior's part of it is
 * Λ/N; the mode, the data's part and C̄ are measured again when λ has moved far.
 */
export class DenseExpectation implements ExpectationStep {
  private readonly mark: number;
  private measured: Measured | undefined;
  private update: Update | undefined;
  private positions: readonly Float64Array[] | undefined;

  constructor(
    private readonly workspace: Workspace,
    private readonly base: Model,
    private readonly groups: readonly PriorGroup[],
    private readonly seed: number,
  ) {
    this.mark = base.memory.mark();
  }

  /** N A_jj, the data's part. */
  async information(hyperparameters: Hyperparameters): Promise<Float64Array> {
    const { dataHessian, local } = await this.measure(hyperparameters);
    return diagonal(dataHessian).map((value) => local.numRows * value);
  }

  async segment(hyperparameters: Hyperparameters, index: number): Promise<Segment> {
    const { memory } = this.base;
    const isMeasured = this.measured && !isFar(this.measured.local.model, hyperparameters);
    const measured = isMeasured ? this.measured! : await this.measure(hyperparameters);
    const inner = memory.mark();
    try {
      const model = withHyperparameters(measured.local.model, hyperparameters);
      const update = this.updateFor(model, measured);
      const draws = await this.run(model, measured.local, update, index);
      const { covariance } = update;
      const offset = offsetFromPriorMean(measured.local, model, covariance);
      const slopes = this.groups.map(({ parameters }) =>
        precisionSlope(
          model.priorPrecision[parameters[0]],
          Float64Array.from(parameters, (j) => offset[j]),
          block(covariance, parameters),
        ),
      );
      return { draws, slopes };
    } finally {
      memory.release(inner);
    }
  }

  close(): void {
    this.base.memory.release(this.mark);
  }

  private async measure(hyperparameters: Hyperparameters): Promise<Measured> {
    this.base.memory.release(this.mark);
    const model = withHyperparameters(this.base, hyperparameters);
    const local = await estimate(this.workspace, model, this.seed);
    const averagedNoise = await local.noise.averagedOver(local.laplaceCovariance);
    const prior = diagonalMatrix(model.priorPrecision.map((value) => value / local.numRows));
    this.update = undefined;
    this.measured = { local, averagedNoise, dataHessian: add(local.hessian, prior, 1, -1) };
    return this.measured;
  }

  private updateFor({ priorPrecision }: Model, { local, averagedNoise, dataHessian }: Measured): Update {
    if (this.update && distance(this.update.priorPrecision, priorPrecision) <= nearPrecision) return this.update;
    const { numRows } = local;
    const hessian = add(dataHessian, diagonalMatrix(priorPrecision.map((value) => value / numRows)));
    const batchSize = defaultBatchSize(numRows);
    const { step, injectedNoise } = fullExactStep({ hessian, noiseCovariance: averagedNoise, numRows, batchSize });
    this.update = {
      priorPrecision,
      step,
      noise: noiseFactor(injectedNoise),
      covariance: scale(invertPositiveDefinite(hessian), 1 / numRows),
      time: autocorrelationTime(contractionRates(step, hessian)[0]),
    };
    return this.update;
  }

  /** Draws an autocorrelation time apart, from where the chains of the segment before have ended. */
  private async run(
    model: Model,
    local: DenseApproximation,
    { step, noise, covariance, time }: Update,
    index: number,
  ): Promise<Float64Array[]> {
    const batchSize = defaultBatchSize(local.numRows);
    const apart = Math.ceil(time);
    const run = await runChains(
      local,
      {
        model,
        gradient: "minibatch",
        batchSize,
        pull: 0,
        step: { kind: "dense", matrix: step },
        noise,
        start: cholesky(covariance),
        from: this.positions,
        burnInSteps: 0,
        stepsPerDraw: apart,
        momentEvery: apart,
        chains,
        draws: drawsPerSegment,
        seed: segmentSeed(this.seed, index),
      },
      "learning the prior",
    );
    this.positions = run.positions.map((values) => values.slice(-model.dimension));
    const draws = drawByDraw(run.positions, model.dimension);
    await requireStable(local, { preconditioner: step, batchSize }, draws, covariance);
    return draws;
  }
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
  { model: measured, mode }: DenseApproximation,
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
  local: DenseApproximation,
  sgd: { readonly preconditioner: Matrix; readonly batchSize: number },
  draws: readonly Float64Array[],
  covariance: Matrix,
): Promise<void> {
  const size = covariance.rows;
  const isFarOut = draws.some((draw) =>
    draw.some((value, j) => !(Math.abs(value - local.mode[j]) < 1e3 * Math.sqrt(covariance.data[j * size + j]))),
  );
  if (!isFarOut) return;
  const { hessian, noiseCovariance } = local;
  throw new UnstableError(await largestStableScale({ ...sgd, hessian, noiseCovariance }, local.noise));
}
