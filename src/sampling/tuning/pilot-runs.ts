import { oneOfSeveral } from "../../engine/progress.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { averagedAutocorrelationTime } from "../../theory/control-variate.ts";
import type { SpecWithoutVelocity } from "../chains/chain-spec.ts";
import { type ChainResult, meanOfRows, runChains, workPerStep } from "../chains/run-chains.ts";
import type { StepLimit } from "../plan.ts";

/** Mean and sd of every parameter in one pilot run, with the standard errors of both. */
interface PilotMoments {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  readonly meanError: Float64Array;
  readonly sdError: Float64Array;
}

/** The share of the difference between h and h/2 that is left at h/2, where the bias is of second order in h. */
export const biasLeft = 1 / 3;
/** Multiply-adds that one pilot run may take, within its bounds of intervals. */
const pilotWork = 2e9;
export const minIntervals = 250;
const maxIntervals = 4000;

/** Pilot runs by damping and number of intervals; those made last are kept. */
export function pilotRuns(local: DenseApproximation, specFor: (damping: number) => SpecWithoutVelocity) {
  let kept = new Map<string, PilotMoments>();
  return async (damping: number, intervals: number): Promise<PilotMoments> => {
    const key = `${damping}, ${intervals}`;
    const moments = kept.get(key) ?? (await pilot(local, specFor(damping), intervals));
    kept = new Map([...[...kept].slice(-1), [key, moments]]);
    return moments;
  };
}

/** Intervals that a pilot run of usual length has. */
export function affordableIntervals(spec: SpecWithoutVelocity): number {
  const affordable = Math.floor((minIntervals * pilotWork) / workOfPilot(spec));
  return Math.max(minIntervals, Math.min(maxIntervals, affordable));
}

async function pilot(local: DenseApproximation, spec: SpecWithoutVelocity, draws: number): Promise<PilotMoments> {
  const stepsPerDraw = stepsPerInterval(spec);
  const burnInSteps = Math.ceil(5 * averagedAutocorrelationTime(spec.pull));
  const chains = pilotChains(spec);
  const { workspace } = local;
  const run = await runChains(
    { ...local, workspace: { ...workspace, onProgress: oneOfSeveral(workspace.onProgress) } },
    { ...spec, stepsPerDraw, burnInSteps, draws, chains, coupled: true },
    "choosing the step",
  );
  return momentsFromCoupled(local, run);
}

const pilotChains = ({ chains }: SpecWithoutVelocity) => Math.max(4, chains);
const stepsPerInterval = ({ pull }: SpecWithoutVelocity) => Math.ceil(4 * averagedAutocorrelationTime(pull));

/** Multiply-adds of the shortest pilot run. */
export function workOfPilot(spec: SpecWithoutVelocity): number {
  return minIntervals * workPerStep(spec) * stepsPerInterval(spec) * pilotChains(spec);
}

/** E d = E(d − v) and E d² = P + E(d² − v²): the coupled chain's own moments, 0 and P, are known. */
function momentsFromCoupled({ laplaceCovariance, mode }: DenseApproximation, run: ChainResult): PilotMoments {
  const dimension = mode.length;
  const average = meanOfRows(run.coupledDifferences, 2 * dimension);
  const error = standardErrors(run.coupledDifferences, average);
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

export interface Comparison {
  /** The bias that is left at h/2 by the whole difference, Monte Carlo error and all. */
  readonly limit: StepLimit;
  /** By what of the difference is beyond so many standard errors. */
  significant(errors: number): Largest;
  /** By the difference and so many standard errors. */
  atMost(errors: number): Largest;
}

export function compare(coarse: PilotMoments, fine: PilotMoments): Comparison {
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
