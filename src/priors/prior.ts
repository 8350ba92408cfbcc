import { InputError } from "../errors.ts";
import { coefficientDensities, type Prior } from "./densities.ts";
import type { KindOfPrior } from "./density.ts";
import { examplesOf, hasForm, parseDistribution, requireReasonable } from "./distribution.ts";
import type { NormalPrior } from "./normal.ts";

/** `normal(0, 2.5)`: the default prior of every coefficient. */
export const defaultPrior: Prior & NormalPrior = { kind: "normal", mean: 0, sd: 2.5 };

/** `normal(0, 10)`: the default prior of the intercept of the centred design. */
export const defaultInterceptPrior: Prior & NormalPrior = { kind: "normal", mean: 0, sd: 10 };

/** Examples for sentences that refuse something else. */
export const priorForms = examplesOf(coefficientDensities);

/**
 * Reads `normal(mean, sd)`, `student-t(degrees, mean, scale)` or `laplace(mean, scale)`.
 * @throws InputError with a sentence that names the option
 */
export function parsePrior(text: string, option: string): Prior {
  if (/^\s*horseshoe\b/i.test(text)) {
    throw new InputError(
      `${option} cannot be a horseshoe: its posterior is a funnel whose curvature is without bound, where no constant learning rate has a stationary law near it (docs/priors.md); use laplace(0, 0.5), student-t(3, 0, 0.5) or learned.`,
    );
  }
  return parseDistribution(text, option, coefficientDensities) as Prior;
}

/** A prior as it is given in the library: a text, a Prior, or { mean, sd } for a normal one. */
export type PriorLike = string | Prior | NormalPrior;

/** @throws InputError where the text is no prior */
export function readPrior(value: PriorLike, option: string): Prior {
  if (typeof value === "string") return parsePrior(value, option);
  return requireReasonable("kind" in value ? value : { kind: "normal", mean: value.mean, sd: value.sd }, option);
}

/** Whether a value is a text or a prior, so that `readPrior` can read it. */
export function isPriorLike(value: unknown): value is PriorLike {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null) return false;
  const given = { kind: "normal", ...value };
  return coefficientDensities.some((form) => hasForm(given, form));
}

/** `student-t(3, 0, 1)` of a prior, as parsePrior reads it. */
export function priorText(prior: KindOfPrior): string {
  const { kind, ...values } = prior;
  return `${kind}(${Object.values(values).join(", ")})`;
}
