import type { ScalePrior } from "../priors/densities.ts";

/** A positive parameter of a family besides its linear predictors; the model has its logarithm τ. */
export interface Auxiliary {
  /** As it is reported, and as the option that fixes it is called; its prior's option is this name with Prior. */
  readonly name: string;
  /** Whether it is a scale of the target, and so standardised with it. */
  readonly isScale: boolean;
  readonly defaultPrior: ScalePrior;
  /** τ from which the search for the mode starts, with the mean square of the target about its offset. */
  startingTau(meanSquare: () => number): number;
  /** What the option takes beside a number: "learned", the default, and words with a meaning of their own. */
  readonly words: readonly string[];
  /** The numbers that it may be fixed at, and how a sentence says so. */
  readonly bounds: readonly [min: number, max: number];
  readonly boundsText: string;
  /** For the help of the two options: the placeholder, what the parameter is, its sign. */
  readonly argument: string;
  readonly help: string;
  readonly symbol: string;
}

/**
 * The one list of auxiliary parameters: options, their checks and help, and what a model takes for granted follow from it.
 * Numbers outside the bounds are another family's (a poisson, a gaussian), or beyond what can be computed with.
 */
export const auxiliaries = {
  /** Noise scale of gaussian and student-t on the standardised scale; "em": the number that variational EM finds. */
  sigma: {
    name: "sigma",
    isScale: true,
    defaultPrior: { kind: "exponential", rate: 1 },
    startingTau: (meanSquare) => 0.5 * Math.log(Math.max(meanSquare(), 1e-12)),
    words: ["learned", "em"],
    bounds: [1e-12, 1e12],
    boundsText: "a number from 1e-12 to 1e12",
    argument: "<scale>",
    help: "noise scale σ, in sds of the target if that is standardised: learned as a parameter, fixed at a number, or em: fixed at the number that variational EM finds",
    symbol: "σ",
  },
  /** The negative binomial's α, Var y = μ + α μ². */
  dispersion: {
    name: "dispersion",
    isScale: false,
    defaultPrior: { kind: "exponential", rate: 1 },
    startingTau: () => 0,
    words: ["learned"],
    bounds: [1e-6, 1e6],
    boundsText: "a number from 0.000001 (below, --family poisson is the same) to 1,000,000",
    argument: "<alpha>",
    help: "dispersion α of counts whose variance is μ + α μ²: learned as a parameter, or fixed at a number",
    symbol: "α",
  },
  /** Student's degrees of freedom ν. The default prior (Juárez & Steel 2010) has the mean 20, and little weight below 1. */
  nu: {
    name: "nu",
    isScale: false,
    defaultPrior: { kind: "gamma", shape: 2, rate: 0.1 },
    startingTau: () => Math.log(8),
    words: ["learned"],
    bounds: [0.01, 1e6],
    boundsText: "a number from 0.01 to 1,000,000 (above, --family gaussian is the same)",
    argument: "<degrees>",
    help: "degrees of freedom ν of the noise, fewer for heavier tails: learned as a parameter, or fixed at a number",
    symbol: "ν",
  },
} as const satisfies Record<string, Auxiliary>;

export type AuxiliaryName = keyof typeof auxiliaries;

export const auxiliaryNames = () => Object.keys(auxiliaries) as AuxiliaryName[];
