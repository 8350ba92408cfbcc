import type { ChainSpec } from "./chain-spec.ts";
import { workPerStep } from "./run-chains.ts";
import type { SamplerOptions } from "./sampler.ts";

/** How long the chains run and how often they are looked at. */
export interface DrawSchedule {
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  readonly momentEvery: number;
  readonly notes: readonly string[];
}

/** Multiply-adds that a run spends without asking: some ten seconds of one core. */
export const mostWork = 6e10;
/** Draws one integrated autocorrelation time apart are correlated by about e⁻² = 0.14 in the slowest direction. */
const timesPerDraw = 1;
/** Chains start in their predicted law, so the burn-in has only its error to forget. */
export const burnInTimes = 10;

/**
 * Steps between draws from the slowest direction's autocorrelation time: draws nearly independent, and the averages
 * over all steps precise to an eighth of the tolerance (the sd of n independent draws has relative error 1/√(2n)),
 * within the work a run may spend.
 * @param cure what to use where that work does not suffice
 */
export function drawSchedule(
  cost: Pick<ChainSpec, "model" | "batchSize" | "step" | "noise">,
  autocorrelationTime: number,
  options: Pick<SamplerOptions, "chains" | "draws" | "tolerance">,
  cure = cost.step.kind === "dense"
    ? "--sampler control-variate, whose draws do not cost a pass over the data each"
    : "--preconditioner full-exact",
): DrawSchedule {
  const totalDraws = options.chains * options.draws;
  const independentNeeded = 0.5 / (options.tolerance / 8) ** 2;
  const nearlyIndependent = Math.ceil(timesPerDraw * autocorrelationTime);
  // A custom model's gradients are too dear for more steps than the draws themselves need.
  const forPrecision = cost.model.custom ? 0 : Math.ceil((independentNeeded * autocorrelationTime) / totalDraws);
  const momentEvery = Math.max(1, Math.min(16, Math.floor(autocorrelationTime / 8)));
  const perStep = workPerStep({ ...cost, momentEvery });
  // Precision beyond nearly independent draws may take a quarter of the work.
  const affordable = (share: number) => Math.floor((share * mostWork) / (perStep * totalDraws));
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
      `The slowest direction needs ${Math.round(autocorrelationTime).toLocaleString("en")} steps to forget where it was, so this run gives it about ${expected.toLocaleString("en")} independent draws; use ${cure}.`,
    );
  }
  return { burnInSteps, stepsPerDraw, momentEvery, notes };
}
