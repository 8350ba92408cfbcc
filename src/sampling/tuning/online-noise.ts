import { oneOfSeveral } from "../../engine/progress.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { add, diagonal, diagonalMatrix, type Matrix, matrix, scale } from "../../linalg/matrix.ts";
import type { PreconditionerName } from "../../options/tuning.ts";
import { discreteStationaryCovariance } from "../../theory/stationary.ts";
import { percent } from "../../wording.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { type ChainResult, runChains, workPerStep } from "../chains/run-chains.ts";
import type { SamplerOptions } from "../plan.ts";
import { SamplerOptionError } from "../sampler.ts";
import { maxWork } from "./draw-schedule.ts";
import { noiseFactor, stepMatrix } from "./plan-sgd.ts";
import type { SgdStep } from "./sgd-step.ts";

/** C as the chain's own batches show it. */
export interface OnlineNoise {
  /** M×M; the diagonal alone where the preconditioner needs no more. */
  readonly covariance: Matrix;
  /** Batches that it averages over, of all chains together. */
  readonly batches: number;
  /** Root mean square of the relative standard errors of C's diagonal; an sd goes with the square root of C. */
  readonly relativeError: number;
  /** Largest standard error, relative, of a predicted sd that follows from C's. */
  readonly sdError: number;
  readonly notes: readonly string[];
}

/** The standard error of C may make an sd wrong by this share of the tolerance: three of them are all of it. */
const fractionOfTolerance = 1 / 3;
/** Multiply-adds for the adaptation of all chains: a tenth of what a run may spend. */
const adaptationWork = 0.1 * maxWork;
const minChains = 4;
const minBatches = 50;

/**
 * C estimated while the chain runs, with κ_t = 1/t: the average of the batches' estimates. A rough C comes from batches at
 * the mode; then segments of steps, each twice as long as the one before, start where the last one ended, with H from the
 * theorem and the C so far. The first segment, in which the chains leave the mode, is forgotten. The average is over the
 * chain's own law, so it is C̄(Σ): what state-dependent noise adds is in it. Segments follow until the standard error of C,
 * from the spread between chains, costs no sd more than a third of the tolerance.
 * Source: Mandt, Hoffman & Blei (2017), eq. 21, after Ahn, Korattikara & Welling (2012); the correction of its expectation by
 * 1/(1 − 1/S) and the estimate from all rows of the batch are not in the paper.
 * @throws SamplerOptionError where the steps made from the rough estimate diverge
 */
export async function estimateOnline(
  local: DenseApproximation,
  kind: "within-batch" | "first-row",
  settings: { preconditioner: PreconditionerName; batchSize: number },
  chooseStep: (noiseCovariance: Matrix) => SgdStep,
  options: SamplerOptions,
): Promise<OnlineNoise> {
  const { batchSize } = settings;
  const { length: dimension } = local.mode;
  if (batchSize < 2) {
    throw new SamplerOptionError(
      `--noise-estimate ${kind} compares rows of a batch, so it needs a --batch-size of 2 or more.`,
    );
  }
  const chains = Math.max(minChains, options.chains);
  const segment = (index: number, steps: number, chosen: SgdStep | null, from: readonly Float64Array[]) =>
    runSegment(local, kind, { ...settings, chains, seed: options.seed }, { index, steps, chosen, from });

  let steps = Math.max(minBatches, Math.ceil((10 * dimension) / chains));
  const atMode = Array.from({ length: chains }, () => local.mode);
  const rough = await segment(0, steps, null, atMode);
  let covariance = average(total(rough.result), steps * chains);
  let { result } = rough;
  let spent = rough.work;
  let sums: Matrix[] = Array.from({ length: chains }, () => matrix(dimension, dimension));
  let batches = 0;
  for (let index = 1; ; index++) {
    const made = await segment(index, steps, chooseStep(covariance), result.positions);
    result = made.result;
    spent += made.work;
    const latest = total(result);
    const batchesMade = steps * chains;
    steps *= 2;
    if (index === 1) {
      covariance = average(latest, batchesMade);
      continue;
    }
    sums = sums.map((sum, chain) => add(sum, latest[chain]));
    batches += batchesMade;
    covariance = average(sums, batches);
    const own = sums.map((sum) => scale(sum, chains / batches));
    const sdError = errorOfSds(local, batchSize, covariance, own, chooseStep);
    const isPrecise = sdError <= fractionOfTolerance * options.tolerance;
    if (!isPrecise && spent + 2 * made.work <= adaptationWork) continue;
    const relativeError = errorOfDiagonal(own);
    const notes = isPrecise ? [] : [imprecise(kind, batches, relativeError, sdError)];
    return { covariance, batches, relativeError, sdError, notes };
  }
}

const average = (sums: readonly Matrix[], count: number) =>
  scale(
    sums.reduce((sum, each) => add(sum, each)),
    1 / count,
  );

/** One segment of all chains, and the multiply-adds that it took. */
async function runSegment(
  local: DenseApproximation,
  kind: "within-batch" | "first-row",
  given: { preconditioner: PreconditionerName; batchSize: number; chains: number; seed: number },
  segment: { index: number; steps: number; chosen: SgdStep | null; from: readonly Float64Array[] },
): Promise<{ result: ChainResult; work: number }> {
  const { preconditioner, batchSize, chains, seed } = given;
  const { index, steps, chosen, from } = segment;
  const shape = preconditioner === "full" || preconditioner === "full-exact" ? "dense" : "diagonal";
  const spec: ChainSpec = {
    model: local.model,
    gradient: "minibatch",
    batchSize,
    pull: 0,
    step: chosen ? stepMatrix(chosen.step, preconditioner) : { kind: "none" },
    noise: noiseFactor(chosen?.injectedNoise),
    start: local.laplaceFactor,
    from,
    burnInSteps: 0,
    stepsPerDraw: steps,
    momentEvery: steps,
    chains,
    draws: 1,
    seed,
    // The chains that sample have the first numbers.
    firstChain: chains * (index + 1),
    noiseEstimate: { kind, every: 1, shape },
  };
  const { workspace } = local;
  const part = { ...local, workspace: { ...workspace, onProgress: oneOfSeveral(workspace.onProgress) } };
  const result = await runChains(part, spec, "estimating the noise");
  if (!result.positions.every((values) => values.every(Number.isFinite))) {
    throw new SamplerOptionError(
      `The first estimates of the gradient noise make steps that diverge; raise --batch-size, or leave --noise-estimate out.`,
    );
  }
  const looks = shape === "dense" && kind === "within-batch" ? (batchSize * local.mode.length ** 2) / 2 : 0;
  return { result, work: steps * chains * (workPerStep(spec) + looks) };
}

/** Each chain's Σ of its batches' estimates. */
function total({ noiseEstimates }: ChainResult): Matrix[] {
  return noiseEstimates.map(({ covariance, diagonal, batches }) =>
    scale(covariance.rows > 0 ? covariance : diagonalMatrix(diagonal), batches),
  );
}

/**
 * Largest relative standard error of an sd: were C the average, the sds that each chain's own C would lead to spread
 * √(n (n − 1)) times as much as those from the average of n chains.
 */
function errorOfSds(
  { hessian }: DenseApproximation,
  batchSize: number,
  average: Matrix,
  own: readonly Matrix[],
  chooseStep: (noiseCovariance: Matrix) => SgdStep,
): number {
  const variances = (noiseCovariance: Matrix) => {
    const { step, injectedNoise } = chooseStep(noiseCovariance);
    const sgd = { preconditioner: step, hessian, noiseCovariance: average, batchSize, injectedNoise };
    return diagonal(discreteStationaryCovariance(sgd));
  };
  try {
    const expected = variances(average);
    const squares = new Float64Array(expected.length);
    for (const noiseCovariance of own) {
      variances(noiseCovariance).forEach((variance, k) => {
        squares[k] += (Math.sqrt(variance / expected[k]) - 1) ** 2;
      });
    }
    return Math.sqrt(Math.max(...squares) / (own.length * (own.length - 1)));
  } catch (error) {
    // Some chain's own C is so rough that it leads to no stable step.
    if (error instanceof RangeError || error instanceof SamplerOptionError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** Root mean square over the diagonal of the relative standard error of the chains' average. */
function errorOfDiagonal(own: readonly Matrix[]): number {
  const diagonals = own.map(diagonal);
  let squares = 0;
  for (let k = 0; k < diagonals[0].length; k++) {
    const mean = diagonals.reduce((sum, values) => sum + values[k], 0) / own.length;
    const variance = diagonals.reduce((sum, values) => sum + (values[k] - mean) ** 2, 0) / (own.length - 1);
    if (mean > 0) squares += variance / (own.length * mean ** 2);
  }
  return Math.sqrt(squares / diagonals[0].length);
}

function imprecise(kind: string, batches: number, relativeError: number, sdError: number): string {
  const better = kind === "first-row" ? "; use --noise-estimate within-batch, which looks at every row of a batch" : "";
  return `The gradient noise is known to ${percent(relativeError)} only, from ${batches.toLocaleString("en")} batches, which makes sds wrong by up to some ${percent(2 * sdError)}${better}.`;
}
