import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { cholesky } from "../../linalg/cholesky.ts";
import { add, type Matrix, scale } from "../../linalg/matrix.ts";
import { noTuning } from "../../options/tuning.ts";
import { autocorrelationTime } from "../../theory/control-variate.ts";
import { largestSdError } from "../../theory/divergence.ts";
import {
  diffusionTime,
  type FallingRate,
  fallingRate,
  rateAt,
  stepAtDiffusionTime,
} from "../../theory/falling-rate.ts";
import { langevinAsSgd } from "../../theory/langevin.ts";
import { largestStableScale, stateDependentCovariance } from "../../theory/stability.ts";
import { contractionRates } from "../../theory/stationary.ts";
import type { ChainSpec, StepMatrix } from "../chains/chain-spec.ts";
import { runChains } from "../chains/run-chains.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import { drawSchedule } from "./draw-schedule.ts";

/** γ: just above the ½ below which the squared rates would not be summable, so that rates fall as slowly as they may. */
const exponent = 0.55;
/** The first rate over the one that a constant schedule would take. */
const firstOverTolerated = 4;
/** The average rate over the first one stays within these bounds: rates fall by a factor of 3 at least, of 150 at most. */
const fractions = { least: 0.05, most: 0.5 };
/** Rates over which the law is averaged. */
const numParts = 8;

/**
 * Langevin dynamics with rates that fall, ε_t = a (b + t)^(−γ), drawn at equal distances of diffusion time Σ ε, so that
 * draws of equal weight are the ε-weighted averages of Welling & Teh (2011).
 *
 * Law of the draws: the average over diffusion time of the stationary covariances at the rates passed through, since the
 * rate changes slowly against the time in which the iterates forget.
 * Settings: a four times the tolerated constant rate (or half of the largest stable one), b such that the rate's average
 * over diffusion time is the tolerated rate: then the error averages to the tolerance, and falls below half of it.
 * Cost: with a at four times the tolerated rate, 1.5 times the steps of the constant rate of the same error.
 * @param tolerated the constant rate whose law is within the tolerance
 */
export async function planFallingRate(
  local: DenseApproximation,
  tolerated: number,
  batchSize: number,
  options: SamplerOptions,
): Promise<Plan> {
  const { model, hessian, noiseCovariance, laplaceCovariance, numRows } = local;
  const { chains, draws, seed } = options;
  const sgdAt = (rate: number) => langevinAsSgd({ hessian, noiseCovariance, numRows, batchSize }, rate);
  const contractions = contractionRates(sgdAt(1).preconditioner, hessian);
  const curvature = { least: contractions[0], most: contractions[contractions.length - 1] };
  const stable = tolerated * (await largestStableScale(sgdAt(tolerated), local.noise));
  const first = options.learningRate ?? Math.min(firstOverTolerated * tolerated, 0.5 * stable, 1 / curvature.most);
  const fraction = Math.min(fractions.most, Math.max(fractions.least, tolerated / first));
  const average = fraction * first;

  const time = autocorrelationTime(average * curvature.least);
  const step: StepMatrix = { kind: "scalar", value: (first * numRows) / 2 };
  const noise: StepMatrix = { kind: "scalar", value: Math.sqrt(first) };
  const even = drawSchedule({ model, batchSize, step, noise }, time, options, "--sampler auto");
  const burnInTime = even.burnInSteps * average;
  const drawTime = even.stepsPerDraw * average;
  const rate = fallingRate(first, fraction, exponent, burnInTime + draws * drawTime);
  const burnInSteps = Math.ceil(stepAtDiffusionTime(rate, burnInTime));
  const momentEvery = Math.max(1, Math.floor(even.momentEvery * fraction));
  const intervalEnds = endsOf(rate, burnInSteps, drawTime, draws, momentEvery);
  const lastStep = burnInSteps + intervalEnds[draws - 1];

  const covarianceAt = async (at: number) => (await stateDependentCovariance(sgdAt(at), local.noise)).covariance;
  const start = await covarianceAt(first);
  const covariance = await averageCovariance(rate, burnInSteps, lastStep, covarianceAt);
  const last = rateAt(rate, lastStep);
  const ofOwnRate = `The first rate is ${first}, the theory's constant rate is ${tolerated.toPrecision(4)}: the predicted sds below show what the difference costs.`;
  const notes = options.learningRate === undefined ? even.notes : [...even.notes, ofOwnRate];
  const spec: ChainSpec = {
    model,
    gradient: "minibatch",
    batchSize,
    pull: 0,
    step,
    noise,
    start: cholesky(add(start, laplaceCovariance, 1, 1e-12)),
    rate,
    burnInSteps,
    intervalEnds,
    stepsPerDraw: momentEvery,
    momentEvery,
    chains,
    draws,
    seed,
  };
  return {
    settings: {
      ...noTuning,
      sampler: "sgld",
      batchSize,
      learningRate: first,
      schedule: "decreasing",
      burnInSteps,
      stepsPerDraw: Math.round(intervalEnds[draws - 1] / draws),
      chains,
      draws,
      seed,
      because: `Welling & Teh (2011): rates fall as (b + t)^(-${exponent}), b = ${rate.offset.toPrecision(3)}, to ${last.toPrecision(3)}, and average to ${average.toPrecision(3)} over diffusion time`,
    },
    prediction: {
      covariance,
      maxSdError: largestSdError(covariance, laplaceCovariance),
      law: "normal",
      largestStableScale: stable / first,
      largestContraction: first * curvature.most,
      autocorrelationTime: time,
    },
    notes,
    sample: () => runChains(local, spec),
  };
}

/** Steps after the burn-in at which draws are made: equal diffusion times apart, and multiples of momentEvery. */
function endsOf(
  rate: FallingRate,
  burnInSteps: number,
  drawTime: number,
  draws: number,
  momentEvery: number,
): Uint32Array {
  const begin = diffusionTime(rate, burnInSteps);
  const ends = new Uint32Array(draws);
  for (let k = 0; k < draws; k++) {
    const steps = stepAtDiffusionTime(rate, begin + (k + 1) * drawTime) - burnInSteps;
    ends[k] = momentEvery * Math.max(Math.round(steps / momentEvery), k ? ends[k - 1] / momentEvery + 1 : 1);
  }
  return ends;
}

/** Average of Σ(ε) over diffusion time, by the midpoints of equal parts: Σ − P is nearly linear in ε, and ε smooth. */
async function averageCovariance(
  rate: FallingRate,
  from: number,
  to: number,
  covarianceAt: (rate: number) => Promise<Matrix>,
): Promise<Matrix> {
  const begin = diffusionTime(rate, from);
  const end = diffusionTime(rate, to);
  let sum: Matrix | undefined;
  for (let part = 0; part < numParts; part++) {
    const step = stepAtDiffusionTime(rate, begin + ((part + 0.5) / numParts) * (end - begin));
    const covariance = scale(await covarianceAt(rateAt(rate, step)), 1 / numParts);
    sum = sum ? add(sum, covariance) : covariance;
  }
  return sum!;
}
