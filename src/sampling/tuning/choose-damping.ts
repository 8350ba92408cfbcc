import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { SpecWithoutVelocity } from "../chains/chain-spec.ts";
import type { SamplerOptions, StepLimit } from "../plan.ts";
import { NoStableStepError, SamplerOptionError } from "../sampler.ts";
import { maxWork } from "./draw-schedule.ts";
import {
  affordableIntervals,
  biasLeft,
  type Comparison,
  compare,
  minIntervals,
  pilotRuns,
  workOfPilot,
} from "./pilot-runs.ts";

export interface DampingChoice {
  readonly damping: number;
  readonly pilot: StepLimit | null;
}

const largestDamping = 0.5;
const smallestDamping = 0.5 / 128;
/** What the next halving may cost: where a pilot run of the fewest intervals takes more, the search ends. */
const maxPilotWork = { rows: 0.5 * maxWork, groups: 2 * maxWork };
/** A quarter of the tolerance is two Monte Carlo standard errors of the run itself (draw-schedule.ts). */
const fractionOfSettings = 0.75;
/** How many times longer pilot runs become where chance leaves the question open. */
const longerPilots = 4;
/** Standard errors beyond which a difference is there or is not, whatever chance adds: short pilot runs decide no other cases. */
const surely = { small: 2, large: 3 };
/** A short pilot run is to know the sds at h → 0 to this share of the tolerance, as the run's own are compared with them. */
const fractionOfChance = 0.25;

/**
 * Halves h from 1/2 until a third of the differences between pilot runs at h and at h/2, the bias that is left at h/2, is no
 * more than half the tolerance for sds, beyond what Monte Carlo explains; then takes h/2. Where that third, Monte Carlo
 * error and all, is above three quarters of the tolerance (the largest of many parameters), the last two runs are made anew, longer.
 * The runs are compared through coupled chains, which follow the same noise through the quadratic loss and whose law
 * is known exactly: only the difference between the two is left to Monte Carlo, which is small where the
 * posterior is nearly normal. So they begin short, and become longer where that does not decide.
 * The search ends early where the next halving costs too much; the error that is reported may then be above the tolerance.
 * @throws SamplerOptionError where a damping that was asked for is too small for any run
 * @throws NoStableStepError where the chains still run away at the last h, or the first halving costs too much already
 */
export async function chooseDamping(
  local: DenseApproximation,
  specFor: (damping: number) => SpecWithoutVelocity,
  isFeasible: (damping: number) => boolean,
  options: SamplerOptions,
): Promise<DampingChoice> {
  const { tolerance, damping: asked } = options;
  if (asked !== undefined) {
    requireAffordable(asked, workOfPilot(specFor(asked / 2)));
    return { damping: asked, pilot: await checkDamping(local, specFor, asked, tolerance) };
  }
  let damping = largestDamping;
  while (!isFeasible(damping) && damping > smallestDamping) damping /= 2;
  const most = local.model.groups ? maxPilotWork.groups : maxPilotWork.rows;
  // Batches shrink with the damping: what was feasible with all rows need not be with fewer.
  const canGoOn = () => isFeasible(damping / 2) && workOfPilot(specFor(damping / 2)) <= most;
  if (!isFeasible(damping) || !canGoOn()) throw new NoStableStepError();
  const run = pilotRuns(local, specFor);
  let intervals = minIntervals;
  for (;;) {
    damping /= 2;
    const usual = affordableIntervals(specFor(damping));
    let found = compare(await run(2 * damping, intervals), await run(damping, intervals));
    const isAccepted = () => found.significant(1).sd <= 0.5 * tolerance && found.significant(1).mean <= tolerance;
    const isOpen = () => {
      if (intervals < usual) return !isSmall(found, tolerance) && !isLarge(found, tolerance);
      return intervals === usual && isAccepted() && found.limit.error > fractionOfSettings * tolerance;
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
  return sd <= fractionOfSettings * tolerance && mean <= tolerance && chanceOf(limit) <= fractionOfChance * tolerance;
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

/** A damping that is asked for may take so many times the work of a run, some quarter of an hour. */
const patience = 100;

/** @throws SamplerOptionError where steps are so short that even a pilot run would not end */
function requireAffordable(damping: number, work: number): void {
  const most = patience * maxWork;
  if (work <= most) return;
  const least = (damping * work) / most;
  throw new SamplerOptionError(
    `--damping ${damping} makes steps so short that no run affords an independent draw; use ${Number.isFinite(least) && least < 1 ? `${least.toPrecision(2)} or more` : "a larger one"}, or leave it out.`,
  );
}

/** The bias at a damping that was asked for: what is left at h/2, and the difference from there. */
async function checkDamping(
  local: DenseApproximation,
  specFor: (damping: number) => SpecWithoutVelocity,
  damping: number,
  tolerance: number,
): Promise<StepLimit> {
  const run = pilotRuns(local, specFor);
  const usual = affordableIntervals(specFor(damping / 2));
  for (let intervals = minIntervals; ; intervals = Math.min(usual, longerPilots * intervals)) {
    const { limit } = compare(await run(damping, intervals), await run(damping / 2, intervals));
    if (chanceOf(limit) > fractionOfChance * tolerance && intervals < usual) continue;
    const atFull = 1 + 1 / biasLeft;
    return { ...limit, error: atFull * limit.error, meanError: atFull * limit.meanError };
  }
}
