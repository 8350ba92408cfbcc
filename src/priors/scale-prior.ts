import { parseDistribution, requireReasonable } from "./distribution.ts";

/** A prior on a positive parameter s: a noise scale σ, a dispersion α, degrees of freedom ν. */
export type ScalePrior =
  /** rate · e^(−rate s) */
  | { readonly kind: "exponential"; readonly rate: number }
  /** ∝ e^(−s²/2 scale²), s > 0 */
  | { readonly kind: "half-normal"; readonly scale: number }
  /** ∝ (1 + s²/(degrees scale²))^(−(degrees + 1)/2), s > 0 */
  | { readonly kind: "half-student-t"; readonly degrees: number; readonly scale: number }
  /** ∝ s^(shape − 1) e^(−rate s); its mean is shape/rate */
  | { readonly kind: "gamma"; readonly shape: number; readonly rate: number };

/** Of σ, on the scale of the standardised target. */
export const defaultSigmaPrior: ScalePrior = { kind: "exponential", rate: 1 };
/** Of the negative binomial's α, where Var y = μ + α μ². */
export const defaultDispersionPrior: ScalePrior = { kind: "exponential", rate: 1 };
/** Of Student's ν (Juárez & Steel 2010): mean 20, and little weight below 1. */
export const defaultNuPrior: ScalePrior = { kind: "gamma", shape: 2, rate: 0.1 };

/** The arguments of each kind, in the order in which they are written; all are above 0. */
const scalePriorArguments = {
  exponential: ["rate"],
  "half-normal": ["scale"],
  "half-student-t": ["degrees", "scale"],
  gamma: ["shape", "rate"],
} as const;

/** Examples for sentences that refuse something else. */
export const scalePriorForms = "exponential(1), half-normal(1), half-student-t(3, 10) or gamma(2, 0.1)";

/**
 * Reads `exponential(rate)`, `half-normal(scale)`, `half-student-t(degrees, scale)` or `gamma(shape, rate)`. As in other
 * programs a half-student-t may be written with the place 0, half-student-t(degrees, 0, scale).
 * @throws InputError with a sentence that names the option
 */
export function parseScalePrior(text: string, option: string): ScalePrior {
  const short = text.replace(/^(\s*half-student-t\s*\([^,()]*,)\s*0(?:\.0*)?\s*,/i, "$1");
  return parseDistribution(short, option, scalePriorArguments, scalePriorForms) as ScalePrior;
}

/** A prior as it is given in the library. @throws InputError where the text is no prior */
export function readScalePrior(value: string | ScalePrior, option: string): ScalePrior {
  return typeof value === "string" ? parseScalePrior(value, option) : requireReasonable(value, option);
}
