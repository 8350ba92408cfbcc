import { oneOfSeveral } from "../engine/progress.ts";
import type { Problem } from "../estimation/problem.ts";
import { averagedAutocorrelationTime } from "../theory/control-variate.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { mostWork } from "./draw-schedule.ts";
import { type ChainResult, meanOfRows, runChains, workPerStep } from "./run-chains.ts";
import { NoStableStepError, SamplerOptionError, type SamplerOptions } from "./sampler.ts";

/** What pilot runs say of the law as h → 0, by extrapolation from h and h/2 (the bias is of second order in h). */
interface StepLimit {
  /** Estimated largest relative error of an sd at the damping chosen, Monte Carlo error of the estimate included. */
  readonly error: number;
  /** Estimated largest error of a mean, in posterior sds. */
  readonly meanError: number;
  /** M: sds extrapolated to h = 0, and their Monte Carlo errors. */
  readonly sd: Float64Array;
  readonly sdError: Float64Array;
}

export interface DampingChoice {
  readonly damping: number;
  readonly pilot: StepLimit | null;
}

/** Mean and sd of every parameter in one pilot run, with the standard errors of both. */
interface PilotMoments {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  readonly meanError: Float64Array;
  readonly sdError: Float64Array;
}

/** The share of the difference between h and h/2 that is left at h/2, where the bias is of second order in h. */
const biasLeft = 1 / 3;
const largestDamping = 0.5;
const smallestDamping = 0.5 / 128;
/** Multiply-adds that one pilot run may take, within its bounds of intervals. */
const pilotWork = 2e9;
const fewestIntervals = 250;
const mostIntervals = 4000;
/** What the next halving may cost: where a pilot run of the fewest intervals takes more, the search ends. */
const mostPilotWork = 0.5 * mostWork;
/** A quarter of the tolerance is two Monte Carlo standard errors of the run itself (draw-schedule.ts). */
const shareOfSettings = 0.75;
/** How many times longer the pilot runs become where their Monte Carlo error alone passes that share of the tolerance. */
const longerPilots = 4;

/**
 * Halves h from 1/2 until a third of the differences between pilot runs at h and at h/2, the bias that is left at h/2, is no
 * more than half the tolerance for sds, beyond what Monte Carlo explains; then takes h/2. Where that third, Monte Carlo
 * error and all, is above three quarters of the tolerance (the largest of many parameters), the last two runs are made anew, longer.
 * The runs are compared through their twins, chains that follow the same noise through the quadratic loss and whose law
 * is known exactly: only the difference between chain and twin is left to Monte Carlo, which is small where the
 * posterior is nearly normal.
 * The search ends early where the next halving costs too much; the error that is reported may then be above the tolerance.
 * @throws SamplerOptionError where a damping that was asked for is too small for any run
 * @throws NoStableStepError where the chains still run away at the last h, or the first halving costs too much already
 */
export async function chooseDamping(
  problem: Problem,
  specFor: (damping: number) => ChainSpec,
  isFeasible: (damping: number) => boolean,
  options: SamplerOptions,
): Promise<DampingChoice> {
  const { tolerance, damping: asked } = options;
  if (asked !== undefined) {
    requireAffordable(asked, workOfPilot(specFor(asked / 2)));
    return { damping: asked, pilot: await checkDamping(problem, specFor, asked) };
  }
  let damping = largestDamping;
  while (!isFeasible(damping) && damping > smallestDamping) damping /= 2;
  // Batches shrink with the damping: what was feasible with all rows need not be with fewer.
  const canGoOn = () => isFeasible(damping / 2) && workOfPilot(specFor(damping / 2)) <= mostPilotWork;
  if (!isFeasible(damping) || !canGoOn()) throw new NoStableStepError();
  let length = 1;
  let coarse = await pilot(problem, specFor(damping), length);
  for (;;) {
    damping /= 2;
    let fine = await pilot(problem, specFor(damping), length);
    let { limit, significant } = compare(coarse, fine);
    const isAccepted = () => significant.sd <= 0.5 * tolerance && significant.mean <= tolerance;
    if (length === 1 && isAccepted() && limit.error > shareOfSettings * tolerance) {
      length = longerPilots;
      coarse = await pilot(problem, specFor(2 * damping), length);
      fine = await pilot(problem, specFor(damping), length);
      ({ limit, significant } = compare(coarse, fine));
    }
    if (isAccepted() || damping <= smallestDamping || !canGoOn()) {
      if (!Number.isFinite(limit.error)) throw new NoStableStepError();
      return { damping, pilot: limit };
    }
    coarse = fine;
  }
}

/** A damping that is asked for may take so many times the work of a run, some quarter of an hour. */
const patience = 100;

/** @throws SamplerOptionError where steps are so short that even a pilot run would not end */
function requireAffordable(damping: number, work: number): void {
  const most = patience * mostWork;
  if (work <= most) return;
  const least = (damping * work) / most;
  throw new SamplerOptionError(
    `--damping ${damping} makes steps so short that no run affords an independent draw; use ${Number.isFinite(least) && least < 1 ? `${least.toPrecision(2)} or more` : "a larger one"}, or leave it out.`,
  );
}

/** The bias at a damping that was asked for: what is left at h/2, and the difference from there. */
async function checkDamping(
  problem: Problem,
  specFor: (damping: number) => ChainSpec,
  damping: number,
): Promise<StepLimit> {
  const { limit } = compare(await pilot(problem, specFor(damping)), await pilot(problem, specFor(damping / 2)));
  const atFull = 1 + 1 / biasLeft;
  return { ...limit, error: atFull * limit.error, meanError: atFull * limit.meanError };
}

async function pilot(problem: Problem, spec: ChainSpec, length = 1): Promise<PilotMoments> {
  const stepsPerDraw = stepsPerInterval(spec);
  const burnInSteps = Math.ceil(5 * averagedAutocorrelationTime(spec.pull));
  const chains = pilotChains(spec);
  const affordable = Math.floor((fewestIntervals * pilotWork) / workOfPilot(spec));
  const draws = length * Math.max(fewestIntervals, Math.min(mostIntervals, affordable));
  const { workspace } = problem;
  const run = await runChains(
    { ...problem, workspace: { ...workspace, onProgress: oneOfSeveral(workspace.onProgress) } },
    { ...spec, stepsPerDraw, burnInSteps, draws, chains, twin: true },
    "choosing the step",
  );
  return momentsFromTwin(problem, run);
}

const pilotChains = ({ chains }: ChainSpec) => Math.max(4, chains);
const stepsPerInterval = ({ pull }: ChainSpec) => Math.ceil(4 * averagedAutocorrelationTime(pull));

/** Multiply-adds of the shortest pilot run. */
function workOfPilot(spec: ChainSpec): number {
  return fewestIntervals * workPerStep(spec) * stepsPerInterval(spec) * pilotChains(spec);
}

/** E d = E(d − v) and E d² = P + E(d² − v²): the twin's own moments, 0 and P, are known. */
function momentsFromTwin({ laplaceCovariance, mode }: Problem, run: ChainResult): PilotMoments {
  const dimension = mode.length;
  const average = meanOfRows(run.twinDifferences, 2 * dimension);
  const error = standardErrors(run.twinDifferences, average);
  const mean = average.slice(0, dimension);
  const variance = Float64Array.from(
    mean,
    (shift, j) => laplaceCovariance.data[j * dimension + j] + average[dimension + j] - shift ** 2,
  );
  const sd = variance.map((value) => Math.sqrt(Math.max(value, 0)));
  return {
    mean,
    sd,
    meanError: error.slice(0, dimension),
    sdError: sd.map((value, j) => error[dimension + j] / (2 * value)),
  };
}

/** Intervals are several autocorrelation times long, so their means are nearly independent. */
function standardErrors(arrays: readonly Float64Array[], average: Float64Array): Float64Array {
  const sums = new Float64Array(average.length);
  let count = 0;
  for (const values of arrays) {
    count += values.length / average.length;
    for (let k = 0; k < values.length; k++) sums[k % average.length] += (values[k] - average[k % average.length]) ** 2;
  }
  return sums.map((sum) => Math.sqrt(sum / (count * (count - 1))));
}

/**
 * `limit` reports the bias that is left at h/2 by the whole difference, Monte Carlo error and all; `significant` by what of
 * the difference is beyond one standard error.
 */
function compare(
  coarse: PilotMoments,
  fine: PilotMoments,
): { limit: StepLimit; significant: { mean: number; sd: number } } {
  const significant = { mean: 0, sd: 0 };
  let error = 0;
  let meanError = 0;
  const sd = fine.sd.map((value, j) => value + biasLeft * (value - coarse.sd[j]));
  const sdError = sd.map((_, j) => Math.hypot((1 + biasLeft) * fine.sdError[j], biasLeft * coarse.sdError[j]));
  for (let j = 0; j < sd.length; j++) {
    const unit = biasLeft / fine.sd[j];
    const sdDifference = Math.abs(coarse.sd[j] - fine.sd[j]);
    const meanDifference = Math.abs(coarse.mean[j] - fine.mean[j]);
    error = Math.max(error, unit * sdDifference);
    meanError = Math.max(meanError, unit * meanDifference);
    const chance = Math.hypot(coarse.sdError[j], fine.sdError[j]);
    const chanceOfMean = Math.hypot(coarse.meanError[j], fine.meanError[j]);
    significant.sd = Math.max(significant.sd, unit * (sdDifference - chance));
    significant.mean = Math.max(significant.mean, unit * (meanDifference - chanceOfMean));
  }
  return { limit: { error, meanError, sd, sdError }, significant };
}
