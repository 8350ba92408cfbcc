import { flagOf } from "../../options/option.ts";
import { type Tuning, type TuningName, tuningFlagsOf } from "../../options/tuning.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { workPerStep } from "../chains/run-chains.ts";
import type { SamplerOptions } from "../plan.ts";
import { SamplerOptionError } from "../sampler.ts";

/** How long the chains run and how often they are looked at. */
export interface DrawSchedule {
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  readonly momentEvery: number;
  readonly notes: readonly string[];
}

/** Multiply-adds that a run spends without asking: some ten seconds of one core. */
export const maxWork = 6e10;
/** Draws one integrated autocorrelation time apart are correlated by about e⁻² = 0.14 in the slowest direction. */
const timesPerDraw = 1;
/** Chains start in their predicted law, so the burn-in has only its error to forget. */
export const burnInTimes = 10;

/** The tuning that decides how far a step goes. */
const stepTuning: readonly TuningName[] = ["learningRate", "momentum", "maxStep", "damping"];

/** The flags of those that were given, for a sentence; "" where none was. */
export function stepNames(options: Tuning): string {
  return tuningFlagsOf(options, stepTuning).join(" and ");
}

/** The same with the values that were given. */
export function stepFlags(options: Tuning): string {
  return stepTuning
    .filter((name) => options[name] !== undefined)
    .map((name) => `${flagOf(name)} ${options[name]}`)
    .join(" and ");
}

type StepOptions = Tuning & Pick<SamplerOptions, "plansShortSteps">;

/**
 * Refuses steps of the user's own that are so short that a run ends before a chain has forgotten where it started.
 * @param autocorrelationTime of the slowest direction, in steps
 * @param steps of one chain
 * @throws SamplerOptionError naming what was given
 */
export function requireForgetting(autocorrelationTime: number, steps: number, options: StepOptions): void {
  const given = stepFlags(options);
  if (
    options.plansShortSteps ||
    given === "" ||
    (Number.isFinite(autocorrelationTime) && !(autocorrelationTime > steps))
  )
    return;
  const time = Number.isFinite(autocorrelationTime) ? formatSteps(autocorrelationTime) : "more than 10^300";
  throw new SamplerOptionError(
    `With ${given} the steps are so short that a chain needs ${time} of them to forget where it was, and a run affords ${formatSteps(steps)}: not one draw would be independent of the start; leave ${stepNames(options)} out, or take a value nearer to the theory's.`,
  );
}

function formatSteps(steps: number): string {
  return steps < 1e9 ? Math.round(steps).toLocaleString("en") : `about 10^${Math.round(Math.log10(steps))}`;
}

/**
 * Steps between draws from the slowest direction's autocorrelation time: draws nearly independent, and the averages
 * over all steps precise to an eighth of the tolerance (the sd of n independent draws has relative error 1/√(2n)),
 * within the work a run may spend.
 * @param remedy what to use where that work does not suffice
 * @throws SamplerOptionError where steps of the user's own are too short for a single independent draw (`requireForgetting`)
 */
export function drawSchedule(
  cost: Pick<ChainSpec, "model" | "batchSize" | "step" | "noise">,
  autocorrelationTime: number,
  options: Pick<SamplerOptions, "chains" | "draws" | "tolerance"> & StepOptions,
  remedy = cost.step.kind === "dense"
    ? "--sampler control-variate, whose draws do not cost a pass over the data each"
    : "--preconditioner full-exact",
): DrawSchedule {
  const totalDraws = options.chains * options.draws;
  const independentNeeded = 0.5 / (options.tolerance / 8) ** 2;
  const nearlyIndependent = Math.ceil(timesPerDraw * autocorrelationTime);
  // A custom model's gradients are too dear for more steps than the draws themselves need.
  const forPrecision = traitsOf(cost.model).areInMemory
    ? Math.ceil((independentNeeded * autocorrelationTime) / totalDraws)
    : 0;
  const momentEvery = Math.max(1, Math.min(16, Math.floor(autocorrelationTime / 8)));
  const perStep = workPerStep({ ...cost, momentEvery });
  requireForgetting(autocorrelationTime, maxWork / (perStep * options.chains), options);
  // Precision beyond nearly independent draws may take a quarter of the work.
  const affordable = (fraction: number) => Math.floor((fraction * maxWork) / (perStep * totalDraws));
  const wanted = Math.max(nearlyIndependent, Math.min(forPrecision, affordable(0.25)));
  const taken = Math.max(1, Math.min(wanted, affordable(1)));
  const stepsPerDraw = Math.ceil(taken / momentEvery) * momentEvery;
  const burnInSteps = Math.ceil(
    Math.min(burnInTimes * autocorrelationTime, (0.1 * totalDraws * stepsPerDraw) / options.chains),
  );
  const notes: string[] = [];
  if (taken < nearlyIndependent) {
    const expected = Math.round((totalDraws * stepsPerDraw) / autocorrelationTime);
    notes.push(
      `The slowest direction needs ${Math.round(autocorrelationTime).toLocaleString("en")} steps to forget where it was, so this run gives it about ${expected.toLocaleString("en")} independent draws; use ${remedy}.`,
    );
  }
  return { burnInSteps, stepsPerDraw, momentEvery, notes };
}
