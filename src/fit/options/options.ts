import * as z from "zod/mini";
import { InputError } from "../../errors.ts";
import { families } from "../../families/families.ts";
import type { FamilyName } from "../../families/family.ts";
import type { EventOption } from "../../formula/event.ts";
import { shown } from "../../kinds.ts";
import { type ClassCoding, classCodings } from "../../models/model.ts";
import { type PriorLike, priorForms } from "../../priors/prior.ts";
import { readScalePrior, type ScalePrior, scalePriorForms } from "../../priors/scale-prior.ts";
import { covarianceTargets, noiseEstimates, preconditioners, schedules, type Tuning } from "../../sampling/sampler.ts";
import { suggestion } from "../../suggest.ts";
import { type PriorOption, type ResolvedPriors, resolvePriors } from "./prior-options.ts";

/** What may be set for a fit; every default gives a good answer. */
export interface FitOptions extends Tuning {
  /** Guessed from the target where it is left out. */
  readonly family?: FamilyName;
  /**
   * The value of a two-valued target whose probability is modelled, such as "sick"; the second in sorted order unless told.
   */
  readonly event?: EventOption;
  /**
   * How a categorical target's classes get coefficients: all but the first one, whose linear predictor is 0 ("reference",
   * the default), or all alike ("symmetric").
   */
  readonly classCoding?: ClassCoding;
  /** A name of the registry, or "auto" (the default). */
  readonly sampler?: string;
  /** "auto": features, and for gaussian and student-t the target too. */
  readonly standardize?: "auto" | "features" | "none";
  /** An expression over a table's columns: how often each row counts, 0 or more. */
  readonly weights?: string;
  /** Whether rows in memory hold all columns or their non-zero entries only; "auto" takes what needs far less memory. */
  readonly storage?: "auto" | "dense" | "sparse";
  /**
   * On every coefficient, on the standardised scale; `normal(0, 2.5)` unless told. Terms and columns may have their own:
   * `["normal(0, 1)", "log(x): laplace(0, 0.5)"]`. "learned": one precision for all single columns and one for each term
   * of several, by variational EM.
   */
  readonly prior?: PriorOption;
  /** On the intercept of the centred design; `normal(0, 10)` unless told. */
  readonly interceptPrior?: PriorLike;
  /**
   * Noise scale of gaussian and student-t on the standardised scale: "learned" (a parameter with a prior), a number, or
   * "em": the number that variational EM finds.
   */
  readonly sigma?: number | "learned" | "em";
  /** Of a learned noise scale; `exponential(1)` unless told. */
  readonly sigmaPrior?: string | ScalePrior;
  /** The negative binomial's α, Var y = μ + α μ²: "learned" (a parameter with a prior), or a number. */
  readonly dispersion?: number | "learned";
  /** Of a learned α; `exponential(1)` unless told. */
  readonly dispersionPrior?: string | ScalePrior;
  /** Student's degrees of freedom ν: "learned" (a parameter with a prior), or a number. */
  readonly nu?: number | "learned";
  /** Of a learned ν; `gamma(2, 0.1)` unless told. */
  readonly nuPrior?: string | ScalePrior;
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
export interface ResolvedOptions
  extends Omit<FitOptions, "prior" | "interceptPrior" | "sigmaPrior" | "dispersionPrior" | "nuPrior">,
    ResolvedPriors {
  readonly classCoding: ClassCoding;
  readonly sampler: string;
  readonly standardize: "auto" | "features" | "none";
  readonly sigmaPrior?: ScalePrior;
  readonly dispersionPrior?: ScalePrior;
  readonly nuPrior?: ScalePrior;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  readonly tolerance: number;
}

const count = (least: number, most: number) => z.optional(z.int().check(z.gte(least), z.lte(most)));
const positive = z.optional(z.number().check(z.positive()));
const above = z.number().check(z.positive());
const finite = z.number();
const priorLike = z.union([
  z.string(),
  z.object({ kind: z.optional(z.literal("normal")), mean: finite, sd: above }),
  z.object({ kind: z.literal("student-t"), degrees: above, mean: finite, scale: above }),
  z.object({ kind: z.literal("laplace"), mean: finite, scale: above }),
]);
const priorOption = z.union([
  priorLike,
  z.array(z.string()),
  z.strictObject({ default: z.optional(priorLike), terms: z.optional(z.record(z.string(), priorLike)) }),
]);
const scalePrior = z.optional(
  z.union([
    z.string(),
    z.object({ kind: z.literal("exponential"), rate: above }),
    z.object({ kind: z.literal("half-normal"), scale: above }),
    z.object({ kind: z.literal("half-student-t"), degrees: above, scale: above }),
    z.object({ kind: z.literal("gamma"), shape: above, rate: above }),
  ]),
);
/** Numbers outside of these bounds are another family's (a poisson, a gaussian), or beyond what can be computed with. */
const fixed = { sigma: [1e-12, 1e12], dispersion: [1e-6, 1e6], nu: [0.01, 1e6] } as const;
const within = ([least, most]: readonly [number, number]) => z.number().check(z.gte(least), z.lte(most));
const learnedOr = (bounds: readonly [number, number]) => z.optional(z.union([z.literal("learned"), within(bounds)]));

const schema = z.object({
  family: z.optional(z.enum(Object.keys(families) as [FamilyName, ...FamilyName[]])),
  event: z.optional(z.union([z.string(), z.number(), z.boolean()])),
  classCoding: z.optional(z.enum(classCodings)),
  storage: z.optional(z.enum(["auto", "dense", "sparse"])),
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
  weights: z.optional(z.string()),
  prior: z.optional(priorOption),
  interceptPrior: z.optional(priorLike),
  sigma: z.optional(z.union([z.enum(["learned", "em"]), within(fixed.sigma)])),
  sigmaPrior: scalePrior,
  dispersion: learnedOr(fixed.dispersion),
  dispersionPrior: scalePrior,
  nu: learnedOr(fixed.nu),
  nuPrior: scalePrior,
  chains: count(1, 256),
  draws: count(4, 1_000_000),
  seed: count(0, Number.MAX_SAFE_INTEGER),
  tolerance: z.optional(z.number().check(z.gte(0.001), z.lte(0.5))),
});

/** What each option takes, for the sentence that refuses anything else. */
const expectations: Record<keyof FitOptions, string> = {
  family: `one of ${Object.keys(families).join(", ")}`,
  event: "one of the target's two values",
  classCoding: `one of ${classCodings.join(", ")}`,
  storage: "auto, dense or sparse",
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
  weights: "an expression over the table's columns",
  prior: `${priorForms}, learned, or one of these by the name of a term or column`,
  interceptPrior: priorForms,
  sigma: "learned, em, or a number from 1e-12 to 1e12",
  sigmaPrior: scalePriorForms,
  dispersion: "learned, or a number from 0.000001 (below, --family poisson is the same) to 1,000,000",
  dispersionPrior: scalePriorForms,
  nu: "learned, or a number from 0.01 to 1,000,000 (above, --family gaussian is the same)",
  nuPrior: scalePriorForms,
  chains: "a whole number from 1 to 256",
  draws: "a whole number from 4 to 1,000,000",
  seed: "a whole number, 0 or more",
  tolerance: "a number from 0.001 to 0.5",
};

const isOption = (name: string) => Object.hasOwn(expectations, name);

/** @throws InputError where an option stands among the data, where nobody would read it */
export function refuseOptionsAmong(input: object): void {
  // Arrays have weights of their own; a table's are an expression, and an option.
  const isData = (name: string) => name === "weights" && !("formula" in input);
  const option = Object.keys(input).find((name) => isOption(name) && !isData(name));
  if (option !== undefined)
    throw new InputError(
      `The option ${option} stands with the data; options are the second argument, as in fit({ data, formula }, { ${option} }).`,
    );
}

/** @throws InputError naming the option and what it takes */
export function resolveOptions(options: FitOptions): ResolvedOptions {
  const unknown = Object.keys(options).find((name) => !isOption(name));
  if (unknown !== undefined)
    throw new InputError(
      `There is no option ${unknown}; ${suggestion(unknown, Object.keys(expectations), "the options are")}`,
    );
  const result = schema.safeParse(options);
  if (!result.success) {
    const name = String(result.error.issues[0].path[0]) as keyof FitOptions;
    throw new InputError(`The option ${name} cannot be ${shown(options[name])}: it takes ${expectations[name]}.`);
  }
  const { prior, interceptPrior, ...plain } = options;
  return {
    ...plain,
    classCoding: options.classCoding ?? "reference",
    sampler: options.sampler ?? "auto",
    standardize: options.standardize ?? "auto",
    ...resolvePriors(prior, interceptPrior),
    sigmaPrior: auxiliaryPrior("sigma", options),
    dispersionPrior: auxiliaryPrior("dispersion", options),
    nuPrior: auxiliaryPrior("nu", options),
    chains: options.chains ?? 4,
    draws: options.draws ?? 1000,
    seed: options.seed ?? 1,
    tolerance: options.tolerance ?? 0.02,
  };
}

/** @throws InputError where the prior cannot be read, or its parameter is fixed */
function auxiliaryPrior(name: "sigma" | "dispersion" | "nu", options: FitOptions): ScalePrior | undefined {
  const priorName = `${name}Prior` as const;
  const given = options[priorName];
  if (given === undefined) return undefined;
  const value = options[name] ?? "learned";
  if (value !== "learned")
    throw new InputError(`The option ${priorName} is of no use where ${name} is ${value}: leave one of them out.`);
  return readScalePrior(given, priorName);
}
