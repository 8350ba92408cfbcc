import { oneOfSeveral } from "../engine/progress.ts";
import type { Problem } from "../estimation/problem.ts";
import { averagedAutocorrelationTime } from "../theory/control-variate.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { mostWork } from "./draw-schedule.ts";
import { type ChainResult, meanOfRows, runChains, workPerStep } from "./run-chains.ts";
import { NoStableStepError, type SamplerOptions } from "./sampler.ts";

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
/** How many times longer pilot runs become where chance leaves the question open. */
const longerPilots = 4;
/** Standard errors beyond which a difference is there or is not, whatever chance adds: short pilot runs decide no other cases. */
const surely = { small: 2, large: 3 };
/** A short pilot run is to know the sds at h → 0 to this share of the tolerance, as the run's own are compared with them. */
const shareOfChance = 0.25;

/**
 * Halves h from 1/2 until a third of the differences between pilot runs at h and at h/2, the bias that is left at h/2, is no
 * more than half the tolerance for sds, beyond what Monte Carlo explains; then takes h/2. Where that third, Monte Carlo
 * error and all, is above three quarters of the tolerance (the largest of many parameters), the last two runs are made anew, longer.
 * The runs are compared through their twins, chains that follow the same noise through the quadratic loss and whose law
 * is known exactly: only the difference between chain and twin is left to Monte Carlo, which is small where the
 * posterior is nearly normal. So they begin short, and become longer where that does not decide.
 * The search ends early where the next halving costs too much; the error that is reported may then be above the tolerance.
 * @throws NoStableStepError where the chains still run away at the last h, or the first halving costs too much already
 */
export async function chooseDamping(
  problem: Problem,
  specFor: (damping: number) => ChainSpec,
  isFeasible: (damping: number) => boolean,
  options: SamplerOptions,
): Promise<DampingChoice> {
  const { tolerance, damping: asked } = options;
  if (asked !== undefined) return { damping: asked, pilot: await checkDamping(problem, specFor, asked, tolerance) };
  let damping = largestDamping;
  while (!isFeasible(damping) && damping > smallestDamping) damping /= 2;
  // Batches shrink with the damping: what was feasible with all rows need not be with fewer.
  const canGoOn = () => isFeasible(damping / 2) && workOfPilot(specFor(damping / 2)) <= mostPilotWork;
  if (!isFeasible(damping) || !canGoOn()) throw new NoStableStepError();
  const run = pilotRuns(problem, specFor);
  let intervals = fewestIntervals;
  for (;;) {
    damping /= 2;
    const usual = affordableIntervals(specFor(damping));
    let found = compare(await run(2 * damping, intervals), await run(damping, intervals));
    const isAccepted = () => found.significant(1).sd <= 0.5 * tolerance && found.significant(1).mean <= tolerance;
    const isOpen = () => {
      if (intervals < usual) return !isSmall(found, tolerance) && !isLarge(found, tolerance);
      return intervals === usual && isAccepted() && found.limit.error > shareOfSettings * tolerance;
    };
    while (isOpen()) {
      intervals = intervals < usual ? Math.min(usual, longerPilots * intervals) : longerPilots * intervals;
      found = compare(await run(2 * damping, intervals), await run(damping, intervals));
    }
    if (isAccepted() || damping <= smallestDamping || !canGoOn()) {
      if (!Number.isFinite(found.limit.error)) throw new NoStableStepError();
      return { damping, pilot: found.limit };
    }
  }
}

/** Whether the bias left is within what is wanted, whatever chance adds, and the sds are known well enough. */
function isSmall({ limit, atMost }: Comparison, tolerance: number): boolean {
  const { sd, mean } = atMost(surely.small);
  return sd <= shareOfSettings * tolerance && mean <= tolerance && chanceOf(limit) <= shareOfChance * tolerance;
}

/** Whether the bias left is above what is wanted, whatever chance adds. */
function isLarge({ limit, significant }: Comparison, tolerance: number): boolean {
  const { sd, mean } = significant(surely.large);
  return sd > 0.5 * tolerance || mean > tolerance || !Number.isFinite(limit.error);
}

/** The largest relative standard error of an sd at h → 0. */
function chanceOf({ sd, sdError }: StepLimit): number {
  return sd.reduce((worst, value, j) => Math.max(worst, sdError[j] / value), 0);
}

/** The bias at a damping that was asked for: what is left at h/2, and the difference from there. */
async function checkDamping(
  problem: Problem,
  specFor: (damping: number) => ChainSpec,
  damping: number,
  tolerance: number,
): Promise<StepLimit> {
  const run = pilotRuns(problem, specFor);
  const usual = affordableIntervals(specFor(damping / 2));
  for (let intervals = fewestIntervals; ; intervals = Math.min(usual, longerPilots * intervals)) {
    const { limit } = compare(await run(damping, intervals), await run(damping / 2, intervals));
    if (chanceOf(limit) > shareOfChance * tolerance && intervals < usual) continue;
    const atFull = 1 + 1 / biasLeft;
    return { ...limit, error: atFull * limit.error, meanError: atFull * limit.meanError };
  }
}

/** Pilot runs by damping and number of intervals; those made last are kept. */
function pilotRuns(problem: Problem, specFor: (damping: number) => ChainSpec) {
  let kept = new Map<string, PilotMoments>();
  return async (damping: number, intervals: number): Promise<PilotMoments> => {
    const key = `${damping}, ${intervals}`;
    const moments = kept.get(key) ?? (await pilot(problem, specFor(damping), intervals));
    kept = new Map([...[...kept].slice(-1), [key, moments]]);
    return moments;
  };
}

/** Intervals that a pilot run of usual length has. */
function affordableIntervals(spec: ChainSpec): number {
  const affordable = Math.floor((fewestIntervals * pilotWork) / workOfPilot(spec));
  return Math.max(fewestIntervals, Math.min(mostIntervals, affordable));
}

async function pilot(problem: Problem, spec: ChainSpec, draws: number): Promise<PilotMoments> {
  const stepsPerDraw = stepsPerInterval(spec);
  const burnInSteps = Math.ceil(5 * averagedAutocorrelationTime(spec.pull));
  const chains = pilotChains(spec);
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

interface Largest {
  readonly mean: number;
  readonly sd: number;
}

interface Comparison {
  /** The bias that is left at h/2 by the whole difference, Monte Carlo error and all. */
  readonly limit: StepLimit;
  /** By what of the difference is beyond so many standard errors. */
  significant(errors: number): Largest;
  /** By the difference and so many standard errors. */
  atMost(errors: number): Largest;
}

function compare(coarse: PilotMoments, fine: PilotMoments): Comparison {
  const largest = (errors: number): Largest => {
    const result = { mean: 0, sd: 0 };
    for (let j = 0; j < fine.sd.length; j++) {
      const unit = biasLeft / fine.sd[j];
      const left = (difference: number, a: number, b: number) =>
        unit * (Math.abs(difference) + errors * Math.hypot(a, b));
      const ofSd = left(coarse.sd[j] - fine.sd[j], coarse.sdError[j], fine.sdError[j]);
      const ofMean = left(coarse.mean[j] - fine.mean[j], coarse.meanError[j], fine.meanError[j]);
      result.sd = Math.max(result.sd, ofSd);
      result.mean = Math.max(result.mean, ofMean);
    }
    return result;
  };
  const sd = fine.sd.map((value, j) => value + biasLeft * (value - coarse.sd[j]));
  const sdError = sd.map((_, j) => Math.hypot((1 + biasLeft) * fine.sdError[j], biasLeft * coarse.sdError[j]));
  const whole = largest(0);
  return {
    limit: { error: whole.sd, meanError: whole.mean, sd, sdError },
    significant: (errors) => largest(-errors),
    atMost: largest,
  };
}
