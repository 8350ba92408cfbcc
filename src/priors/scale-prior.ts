import { type ScalePrior, scaleDensities } from "./densities.ts";
import { examplesOf, hasForm, parseDistribution, requireReasonable } from "./distribution.ts";

/** Examples for sentences that refuse something else. */
export const scalePriorForms = examplesOf(scaleDensities);

/**
 * A prior of a positive parameter as it is given in the library.
 * @throws InputError with a sentence that names the option, where the text is no such prior
 */
export function readScalePrior(value: string | ScalePrior, option: string): ScalePrior {
  if (typeof value !== "string") return requireReasonable(value, option);
  return parseDistribution(value, option, scaleDensities) as ScalePrior;
}

/** Whether a value is a text or a prior, so that `readScalePrior` can read it. */
export function isScalePriorLike(value: unknown): value is string | ScalePrior {
  if (typeof value === "string") return true;
  return typeof value === "object" && value !== null && scaleDensities.some((form) => hasForm(value, form));
}
