import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { choleskySemidefinite, isPositiveDefinite } from "../../linalg/cholesky.ts";
import { add, diagonal, largestEntry, type Matrix } from "../../linalg/matrix.ts";
import { type NoiseEstimateName, noTuning, type PreconditionerName, type ScheduleName } from "../../options/tuning.ts";
import { largestSdError } from "../../theory/divergence.ts";
import { momentumAutocorrelationTime, stateCovariance } from "../../theory/momentum.ts";
import { largestStableScale, stateDependentCovariance, UnstableError } from "../../theory/stability.ts";
import { contractionRates } from "../../theory/stationary.ts";
import type { StepMatrix } from "../chains/chain-spec.ts";
import { runTracedChains } from "../chains/traced-chains.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import { SamplerOptionError } from "../sampler.ts";
import { drawSchedule, stepFlags, stepNames } from "./draw-schedule.ts";

/** What the theory chooses for θ ← θ − H ĝ + ξ, ξ ~ N(0, Q), with or without momentum, before the chains run. */
export interface SgdSettings {
  readonly sampler: string;
  /** null where the sampler has no choice of one: H is then a number. */
  readonly preconditioner: PreconditionerName | null;
  /** S */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly maxStep?: number;
  /** μ: the terms go to a velocity, of which 1 − μ is kept; left out, there is no velocity. */
  readonly momentum?: number;
  readonly noiseEstimate?: NoiseEstimateName;
  readonly schedule?: ScheduleName;
  /** H, as a whole: the learning rate is in it. */
  readonly step: Matrix;
  /** Q; left out, no noise is injected. */
  readonly injectedNoise?: Matrix;
  readonly because: string;
  readonly notes: readonly string[];
}

/**
 * S: large enough that a batch's noise is near normal, small enough that HA ≈ 2S/N stays well below 1; up to 100.
 * A multiple of 4, as the kernel takes four rows at a time.
 */
export function defaultBatchSize(numRows: number): number {
  return Math.min(100, Math.max(4, 4 * Math.floor(numRows / 200)));
}

/**
 * The plan of stochastic gradient descent with these settings: its law is predicted at the finite step with the noise
 * averaged over the law itself (`stateDependentCovariance`), and the chains start in it.
 * @throws UnstableError where the step is not mean-square stable
 * @throws SamplerOptionError where some direction is without noise
 */
export async function planSgd(local: DenseApproximation, chosen: SgdSettings, options: SamplerOptions): Promise<Plan> {
  const { model, hessian, noiseCovariance, laplaceCovariance } = local;
  const { batchSize, injectedNoise } = chosen;
  const { momentum = 1 } = chosen;
  const sgd = { preconditioner: chosen.step, hessian, noiseCovariance, batchSize, injectedNoise, momentum };
  requireComputable(chosen, options);
  const rates = contractionRates(chosen.step, hessian);
  const step = stepMatrix(chosen.step, chosen.preconditioner);
  const time = slowestTime(rates[0], chosen.momentum);
  const remedy = chosen.preconditioner === null ? "--sampler auto" : undefined;
  const noise = noiseFactor(injectedNoise);
  const schedule = drawSchedule({ model, batchSize, step, noise }, time, options, remedy);
  const stableScale = await largestStableScale(sgd, local.noise);
  // Just beyond the limit the covariance grows too slowly for its fixed-point iteration to tell.
  if (stableScale < 1) throw new UnstableError(stableScale);
  const { covariance } = await stateDependentCovariance(sgd, local.noise);
  if (chosen.preconditioner && !isPositiveDefinite(covariance)) throw missingNoise(chosen.preconditioner);
  return {
    settings: {
      ...noTuning,
      sampler: chosen.sampler,
      preconditioner: chosen.preconditioner,
      batchSize,
      learningRate: chosen.learningRate,
      maxStep: chosen.maxStep ?? null,
      momentum: chosen.momentum ?? null,
      noiseEstimate: chosen.noiseEstimate ?? null,
      schedule: chosen.schedule ?? null,
      burnInSteps: schedule.burnInSteps,
      stepsPerDraw: schedule.stepsPerDraw,
      chains: options.chains,
      draws: options.draws,
      seed: options.seed,
      because: chosen.because,
    },
    prediction: {
      covariance,
      maxSdError: largestSdError(covariance, laplaceCovariance),
      law: "normal",
      largestStableScale: stableScale,
      largestContraction: rates[rates.length - 1] / momentum,
      autocorrelationTime: time,
    },
    notes: [...chosen.notes, ...schedule.notes],
    sample: () =>
      runTracedChains(
        local,
        {
          model,
          gradient: "minibatch",
          batchSize,
          pull: 0,
          step,
          noise,
          start: startFactor(sgd, add(covariance, laplaceCovariance, 1, 1e-12), chosen.momentum !== undefined),
          velocity: chosen.momentum === undefined ? undefined : { keep: 1 - momentum },
          ...schedule,
          chains: options.chains,
          draws: options.draws,
          seed: options.seed,
        },
        time,
      ),
  };
}

/** Steps outside of these bounds make products that numbers do not hold. */
const computable = { least: 1e-150, most: 1e150 };

/** @throws SamplerOptionError where steps are too short or too long to be computed with */
function requireComputable({ sampler, step, injectedNoise }: SgdSettings, options: SamplerOptions): void {
  const sizes = [...diagonal(step), ...(injectedNoise ? [largestEntry(injectedNoise)] : [])];
  const isWithin = (size: number) => size > computable.least && size < computable.most;
  if (sizes.every(isWithin)) return;
  const given = stepFlags(options);
  throw new SamplerOptionError(
    given === ""
      ? `The steps of ${sampler} would be too short or too long to compute with, as the gradients' noise is: put the target, the weights and the columns on scales nearer to 1, or use --sampler auto.`
      : `With ${given} the steps are too short or too long to compute with; leave ${stepNames(options)} out, or take a value nearer to the theory's.`,
  );
}

/** The refusal of a preconditioner for which some direction is without noise, so that the law is singular. */
export function missingNoise(name: PreconditionerName): SamplerOptionError {
  return new SamplerOptionError(
    `--preconditioner ${name} needs gradient noise in every direction, and these data have none in some (collinear columns, or fewer rows than columns); use full-exact.`,
  );
}

/** IAT of the slowest direction; with momentum at least that of the velocity, which rings on where θ itself is fast. */
function slowestTime(slowestRate: number, momentum?: number): number {
  const time = momentumAutocorrelationTime(slowestRate, momentum ?? 1);
  return momentum === undefined ? time : Math.max(time, (2 - momentum) / momentum);
}

/** Factor of the covariance of θ, or of θ and its velocity. */
function startFactor(sgd: Parameters<typeof stateCovariance>[0], covariance: Matrix, hasVelocity: boolean): Matrix {
  if (!hasVelocity) return choleskySemidefinite(covariance);
  // Where steps are short the velocity hardly varies given θ.
  return choleskySemidefinite(stateCovariance(sgd, covariance));
}

/** H, stored no wider than its preconditioner makes it. */
export function stepMatrix(step: Matrix, preconditioner: PreconditionerName | null): StepMatrix {
  if (preconditioner === "full" || preconditioner === "full-exact") return { kind: "dense", matrix: step };
  return preconditioner === "scalar" || preconditioner === null
    ? { kind: "scalar", value: step.data[0] }
    : { kind: "diagonal", values: diagonal(step) };
}

/** R with R Rᵀ = Q, diagonal where Q is. */
export function noiseFactor(covariance: Matrix | undefined): StepMatrix {
  if (!covariance) return { kind: "none" };
  const isDiagonal = covariance.data.every((value, k) => value === 0 || k % (covariance.rows + 1) === 0);
  return isDiagonal
    ? { kind: "diagonal", values: diagonal(covariance).map(Math.sqrt) }
    : { kind: "dense", matrix: choleskySemidefinite(covariance) };
}
