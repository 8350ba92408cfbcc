import * as z from "zod/mini";
import { InputError } from "../data/errors.ts";
import { families } from "../families/families.ts";
import type { FamilyName } from "../families/family.ts";
import { type ClassCoding, classCodings } from "../models/model.ts";
import { type NormalPrior, parsePrior } from "../models/prior.ts";
import { covarianceTargets, noiseEstimates, preconditioners, schedules, type Tuning } from "../samplers/sampler.ts";

/** What may be set for a fit; every default gives a good answer. */
export interface FitOptions extends Tuning {
  /** Guessed from the target where it is left out. */
  readonly family?: FamilyName;
  /**
   * How a categorical target's classes get coefficients: all but the first one, whose linear predictor is 0 ("reference",
   * the default), or all alike ("symmetric").
   */
  readonly classCoding?: ClassCoding;
  /** A name of the registry, or "auto" (the default). */
  readonly sampler?: string;
  /** "auto": features, and for gaussian the target too. */
  readonly standardize?: "auto" | "features" | "none";
  /**
   * On every coefficient, on the standardised scale; `normal(0, 2.5)` unless told. "learned": one precision for all single
   * columns and one for each term of several, by variational EM.
   */
  readonly prior?: string | NormalPrior;
  /** On the intercept of the centred design; `normal(0, 10)` unless told. */
  readonly interceptPrior?: string | NormalPrior;
  /**
   * Gaussian noise scale on the standardised scale: "learned" (a parameter with prior exponential(1)), a number, or "em":
   * the number that variational EM finds.
   */
  readonly sigma?: number | "learned" | "em";
  /** 4 */
  readonly chains?: number;
  /** Draws a chain, 1000. */
  readonly draws?: number;
  /** 1 */
  readonly seed?: number;
  /** Largest relative error of a posterior sd that "auto" aims for, 0.02. */
  readonly tolerance?: number;
}

/** Options with the defaults filled in. */
export interface ResolvedOptions extends Omit<FitOptions, "prior" | "interceptPrior"> {
  readonly classCoding: ClassCoding;
  readonly sampler: string;
  readonly standardize: "auto" | "features" | "none";
  readonly prior?: NormalPrior | "learned";
  readonly interceptPrior?: NormalPrior;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  readonly tolerance: number;
}

const count = (least: number, most: number) => z.optional(z.int().check(z.gte(least), z.lte(most)));
const positive = z.optional(z.number().check(z.positive()));
const prior = z.optional(z.union([z.string(), z.object({ mean: z.number(), sd: z.number().check(z.positive()) })]));

const schema = z.object({
  family: z.optional(z.enum(Object.keys(families) as [FamilyName, ...FamilyName[]])),
  classCoding: z.optional(z.enum(classCodings)),
  sampler: z.optional(z.string()),
  preconditioner: z.optional(z.enum(preconditioners)),
  batchSize: count(1, 1_000_000),
  learningRate: positive,
  damping: positive,
  momentum: z.optional(z.number().check(z.positive(), z.lte(1))),
  window: positive,
  covariance: z.optional(z.enum(covarianceTargets)),
  noiseEstimate: z.optional(z.enum(noiseEstimates)),
  schedule: z.optional(z.enum(schedules)),
  maxStep: positive,
  standardize: z.optional(z.enum(["auto", "features", "none"])),
  prior,
  interceptPrior: prior,
  sigma: z.optional(z.union([z.enum(["learned", "em"]), z.number().check(z.positive())])),
  chains: count(1, 256),
  draws: count(4, 1_000_000),
  seed: count(0, Number.MAX_SAFE_INTEGER),
  tolerance: z.optional(z.number().check(z.gte(0.001), z.lte(0.5))),
});

/** What each option takes, for the sentence that refuses anything else. */
const expectations: Record<keyof FitOptions, string> = {
  family: `one of ${Object.keys(families).join(", ")}`,
  classCoding: `one of ${classCodings.join(", ")}`,
  sampler: "the name of a sampler",
  preconditioner: `one of ${preconditioners.join(", ")}`,
  batchSize: "a whole number from 1 to 1,000,000",
  learningRate: "a number above 0",
  damping: "a number above 0",
  momentum: "a number above 0 and at most 1",
  window: "a number above 0",
  covariance: `one of ${covarianceTargets.join(", ")}`,
  noiseEstimate: `one of ${noiseEstimates.join(", ")}`,
  schedule: `one of ${schedules.join(", ")}`,
  maxStep: "a number above 0",
  standardize: "auto, features or none",
  prior: "normal(mean, sd), or learned",
  interceptPrior: "normal(mean, sd)",
  sigma: "learned, em, or a number above 0",
  chains: "a whole number from 1 to 256",
  draws: "a whole number from 4 to 1,000,000",
  seed: "a whole number, 0 or more",
  tolerance: "a number from 0.001 to 0.5",
};

/** @throws InputError naming the option and what it takes */
export function resolveOptions(options: FitOptions): ResolvedOptions {
  const result = schema.safeParse(options);
  if (!result.success) {
    const name = String(result.error.issues[0].path[0]) as keyof FitOptions;
    throw new InputError(
      `The option ${name} cannot be ${JSON.stringify(options[name])}: it takes ${expectations[name]}.`,
    );
  }
  return {
    ...options,
    classCoding: options.classCoding ?? "reference",
    sampler: options.sampler ?? "auto",
    standardize: options.standardize ?? "auto",
    prior: isLearned(options.prior) ? "learned" : readPrior(options.prior, "prior"),
    interceptPrior: readPrior(options.interceptPrior, "interceptPrior"),
    chains: options.chains ?? 4,
    draws: options.draws ?? 1000,
    seed: options.seed ?? 1,
    tolerance: options.tolerance ?? 0.02,
  };
}

function isLearned(value: string | NormalPrior | undefined): boolean {
  return typeof value === "string" && value.trim() === "learned";
}

function readPrior(value: string | NormalPrior | undefined, option: string): NormalPrior | undefined {
  if (typeof value !== "string") return value;
  if (isLearned(value)) throw new InputError(`The option ${option} cannot be learned: give normal(mean, sd).`);
  try {
    return parsePrior(value, option);
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}
