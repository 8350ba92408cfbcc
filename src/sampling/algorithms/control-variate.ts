import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { congruence, diagonal, type Matrix, matrix, scale, transpose } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { hasQuadraticLikelihood, isQuadratic, type Model } from "../../models/model.ts";
import { averagedAutocorrelationTime, averagedNoiseFactor, minibatchFraction } from "../../theory/control-variate.ts";
import { percent } from "../../wording.ts";
import type { SpecWithoutVelocity } from "../chains/chain-spec.ts";
import { RunAwayError } from "../chains/run-away.ts";
import { runTracedChains } from "../chains/traced-chains.ts";
import {
  NoStableStepError,
  noTuning,
  type Plan,
  type Sampler,
  SamplerOptionError,
  type SamplerOptions,
} from "../sampler.ts";
import { chooseDamping, type DampingChoice } from "../tuning/choose-damping.ts";
import { drawSchedule } from "../tuning/draw-schedule.ts";
import { controlVariateNoise, drawRowsByInfluence } from "../tuning/row-influence.ts";
import { tailNoise } from "../tuning/tail-noise.ts";

/**
 * SGD with control variates: θ ← θ − h (θ − θ̂) − h P N r̂(θ) + ½ R (z_t + z_{t+1}), z ~ N(0, I), where r̂ is the mean over S
 * rows, drawn by influence and weighted by 1/(N p_n), of the part of a row's gradient that is not linear around the mode:
 * r_n(θ) = ∇ℓ_n(θ) − ∇ℓ_n(θ̂) − ∇²ℓ_n(θ̂) (θ − θ̂). The linear parts of all rows sum to N A (θ − θ̂) = P⁻¹ (θ − θ̂), which
 * needs no rows at all, so the estimate of the full gradient is unbiased and its noise is of second order in θ − θ̂.
 *
 * Stationary law: R (theory/control-variate.ts) makes it N(θ̂, P) for a quadratic loss at any damping h. For other losses the
 * error falls with h², as the noise is averaged over two steps, and h is chosen by halving it until the sds stop changing
 * (choose-damping.ts).
 * Cost of a step: S D + 1.5 D², whatever N is; of an independent draw, 2/h steps.
 * Where so small a step would need a batch of most rows, all rows are read, in order, and leave no noise.
 * Sources: control variates, Baker, Fearnhead, Fox & Nemeth (2019); non-uniform rows, Putcha, Nemeth & Fearnhead (2022);
 * the passage past one sample a pass, Mandt, Hoffman & Blei (2017), section 6.2, footnote.
 */
export const controlVariate: Sampler = {
  name: "control-variate",
  summary: "SGD around the mode with control variates: cost per draw independent of the number of rows",
  assumes: [],
  expandsAroundMode: true,
  tuning: ["batchSize", "damping"],
  preconditioners: [],
  unsupportedReason: ({ custom }) =>
    custom ? "it needs the linear predictors of rows, which a custom model does not give" : null,
  remedy: () => ({ accuracy: "lower --damping", prediction: "lower --damping" }),
  plan,
};

/**
 * The minibatch may make this share of the injected variance on average, and this of any coefficient's: of rare levels, which a
 * few rows drive, the noise is known roughly, and injected too much or too little by as much.
 */
const fractionWanted = 0.005;
const largestShareWanted = 0.02;
const minBatch = 8;
const largestBatch = 4096;

async function plan(local: LocalApproximation, options: SamplerOptions): Promise<Plan> {
  const { damping: asked } = options;
  if (asked !== undefined && !(asked > 0 && asked <= 1)) {
    throw new SamplerOptionError(
      `--damping ${asked} is out of range: control-variate needs a number above 0 and at most 1.`,
    );
  }
  const needsRows = !hasQuadraticLikelihood(local.model);
  const hasLinearGradient = isQuadratic(local.model);
  const dimension = local.mode.length;
  const weighted = needsRows ? await drawRowsByInfluence(local) : local.model;
  const noise = needsRows ? await controlVariateNoise(local, weighted, options.seed) : matrix(dimension, dimension);
  const whitened = congruence(transpose(local.laplaceFactor), noise);
  // Losses that overflow within reach of the normal approximation.
  if (!whitened.data.every(Number.isFinite)) throw new NoStableStepError();
  const tails = needsRows ? await tailNoise(local, weighted, whitened, options.seed) : 0;
  const fraction = (damping: number, batchSize: number) =>
    minibatchFraction({ totalCovariance: noise, laplaceCovariance: local.laplaceCovariance }, damping, batchSize);
  const ofWorst = largestNoiseRatio(local, whitened);
  const sizeFor = (damping: number) =>
    smallestBatch(
      Math.max(
        fraction(damping, 1) / fractionWanted,
        ((damping / (2 - damping)) * ofWorst) / largestShareWanted,
        damping * tails,
      ),
    );
  const batchFor = (damping: number): Batch => {
    if (!needsRows) return { size: 0, noise: 0 };
    if (options.batchSize !== undefined)
      return { size: options.batchSize, noise: fraction(damping, options.batchSize) };
    const size = sizeFor(damping);
    if (size > 0.5 * local.numRows) return { size: local.numRows, noise: 0 };
    return { size: Math.min(size, largestBatch), noise: fraction(damping, Math.min(size, largestBatch)) };
  };
  const spec = (damping: number): SpecWithoutVelocity =>
    chainSpec(local, weighted, whitened, damping, batchFor(damping), options);

  const largestNoise = symmetricEigen(whitened).values[dimension - 1];
  const isFeasible = feasibleDamping({ largestNoise, tails }, batchFor);
  if (asked !== undefined && !isFeasible(asked)) {
    throw new SamplerOptionError(
      `--damping ${asked} with batches of ${batchFor(asked).size} rows makes more noise than the posterior allows; raise --batch-size or lower --damping.`,
    );
  }
  const choice: DampingChoice = hasLinearGradient
    ? { damping: asked ?? 1, pilot: null }
    : await chooseDamping(local, spec, isFeasible, options);
  const { damping } = choice;
  if (choice.pilot && !Number.isFinite(choice.pilot.error))
    throw new RunAwayError(controlVariate.name, `damping ${damping}`);
  const chosen = spec(damping);
  const time = averagedAutocorrelationTime(damping);
  const schedule = drawSchedule(chosen, time, options, "--sampler nuts, or fewer and less rare columns");
  const notes = [...schedule.notes];
  if (asked !== undefined && choice.pilot && choice.pilot.error > options.tolerance) {
    notes.push(`With the damping ${asked} the step makes posterior sds wrong by up to ${percent(choice.pilot.error)}.`);
  }
  return {
    settings: {
      sampler: controlVariate.name,
      ...noTuning,
      batchSize: chosen.batchSize,
      damping,
      burnInSteps: schedule.burnInSteps,
      stepsPerDraw: schedule.stepsPerDraw,
      chains: options.chains,
      draws: options.draws,
      seed: options.seed,
      because: hasLinearGradient
        ? "control variates: the loss is quadratic, so they leave no minibatch noise and steps two apart are independent draws"
        : `control variates, rows by influence: damping ${damping} from the tolerance ${options.tolerance}, ${needsRows ? noiseOf(batchFor(damping)) : "which needs no rows as the likelihood is quadratic"}`,
    },
    prediction: {
      covariance: local.laplaceCovariance,
      maxSdError: choice.pilot?.error ?? 0,
      limit: choice.pilot ?? undefined,
      meanSquareStable: true,
      largestStableScale: 2 / damping,
      largestContraction: damping,
      autocorrelationTime: time,
    },
    notes,
    sample: () => runTracedChains(local, { ...chosen, ...schedule }, time),
  };
}

interface Batch {
  readonly size: number;
  /** The share of the injected variance that the batch makes; 0 where it is all rows. */
  readonly noise: number;
}

/** @param wanted rows */
function smallestBatch(wanted: number): number {
  return Math.max(minBatch, 4 * Math.ceil(wanted / 4));
}

/** max_j (P N² C̄_cv P)_jj / P_jj, from W = Kᵀ (N² C̄_cv) K, P = K Kᵀ. */
function largestNoiseRatio({ laplaceFactor, laplaceCovariance }: LocalApproximation, whitened: Matrix): number {
  const noise = diagonal(congruence(laplaceFactor, whitened));
  return diagonal(laplaceCovariance).reduce((worst, variance, j) => Math.max(worst, noise[j] / variance), 0);
}

function noiseOf({ noise }: Batch): string {
  return noise > 0 ? `the batch makes ${percent(noise)} of the noise` : "all rows at every step";
}

function chainSpec(
  local: LocalApproximation,
  weighted: Model,
  whitened: Matrix,
  damping: number,
  { size: batchSize, noise }: Batch,
  options: SamplerOptions,
): SpecWithoutVelocity {
  const { model, laplaceCovariance, laplaceFactor, numRows } = local;
  const isExact = noise === 0;
  const ofBatch = isExact ? matrix(whitened.rows, whitened.rows) : whitened;
  return {
    model: isExact ? model : weighted,
    isSequential: isExact,
    gradient: "control-variate",
    batchSize,
    pull: damping,
    step: { kind: "dense", matrix: scale(laplaceCovariance, damping * numRows) },
    noise: { kind: "dense", matrix: averagedNoiseFactor(laplaceFactor, ofBatch, damping, Math.max(1, batchSize)) },
    averagesNoise: true,
    start: local.laplaceFactor,
    burnInSteps: 0,
    stepsPerDraw: 1,
    momentEvery: 1,
    chains: options.chains,
    draws: options.draws,
    seed: options.seed,
  };
}

/** Batches that are not the program's choice may be so many times smaller than the posterior's tails want them. */
const tailsLeft = 5;

/**
 * Whether a damping's minibatch noise stays below 3/4 of what the posterior allows in every direction, so that
 * noise is left to inject: h λ / (S (2 − h)) ≤ 3/4, λ the largest eigenvalue of Kᵀ (N² C̄_cv) K, P = K Kᵀ; and below half of the
 * pull back to the mode in the posterior's tails (tail-noise.ts).
 */
function feasibleDamping(
  { largestNoise, tails }: { readonly largestNoise: number; readonly tails: number },
  batchFor: (damping: number) => Batch,
): (damping: number) => boolean {
  return (damping) => {
    const { size, noise } = batchFor(damping);
    if (noise === 0) return true;
    return damping * largestNoise <= 0.75 * size * (2 - damping) && damping * tails <= tailsLeft * size;
  };
}
