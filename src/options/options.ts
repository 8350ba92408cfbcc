import { type FamilyName, families } from "../families/families.ts";
import type { EventOption } from "../formula/event.ts";
import { classCodings } from "../models/create-model.ts";
import {
  defaultInterceptPrior,
  defaultPrior,
  isPriorLike,
  type PriorLike,
  priorForms,
  priorText,
} from "../priors/prior.ts";
import { auxiliaryOptions } from "./auxiliary-options.ts";
import { choice, numberBetween, type Option, type OptionsOf, type OptionTable, text, wholeNumber } from "./option.ts";
import { isPriorOption, type PriorOption } from "./prior-options.ts";
import { bytesOfSize, sizeForms } from "./sizes.ts";
import { tuningOptions } from "./tuning.ts";

/** Which rows, and how they are held. */
const dataOptions = {
  /** An expression over a table's columns: how often each row counts, 0 or more. */
  weights: text("an expression over the table's columns", {
    argument: "<expression>",
    help: "count each row so many times, by an expression over the columns such as n; rows of weight 0 are left out",
    otherwise: "every row once",
  }),
  /** Whether rows of files that agree in all that the model reads are counted once: "auto" where that makes them far fewer. */
  cells: choice(["auto", "off"], {
    argument: "<how>",
    help: "count rows of files that agree in every column of the model once, where that makes them at least four times fewer (auto), or never (off); the posterior is the same",
    default: "auto",
  }),
  /** Whether rows in memory hold all columns or their non-zero entries only; "auto" takes what needs far less memory. */
  storage: choice(["auto", "dense", "sparse"], {
    argument: "<how>",
    help: "hold all entries of the design matrix in memory (dense), or only those that are not 0 (sparse); auto takes sparse where it is far smaller",
    default: "auto",
  }),
  /** Bytes of memory for the run, or a text such as "1GiB": rows that take more go to blocks on disk. Half of what is free. */
  memory: {
    argument: "<size>",
    help: "memory that the run may take, such as 1GiB or 500MB; rows that do not fit in it are encoded into blocks on disk",
    otherwise: "half of what is free",
    takes: sizeForms,
    reads: "text",
    accepts: (value): value is number | string => bytesOfSize(value) !== undefined,
  } satisfies Option<number | string>,
  /** A folder in which blocks of encoded rows are kept, for other fits of the same rows. */
  cache: text("the name of a folder", {
    argument: "<folder>",
    help: "write blocks of encoded rows beneath this folder and keep them: another fit of the same rows and the same formula reads them",
    otherwise: "blocks go to the temporary folder, and are removed at the end",
  }),
};

const modelOptions = {
  /** Guessed from the target where it is left out. */
  family: choice(Object.keys(families) as FamilyName[], {
    argument: "<name>",
    help: "distribution of the target given its predictors",
    otherwise: "guessed from the target's values",
  }),
  /**
   * The value of a two-valued target whose probability is modelled, such as "sick"; the second in sorted order unless told.
   */
  event: {
    argument: "<value>",
    help: "which of a target's two values is the one whose probability is modelled",
    otherwise: "the second in sorted order",
    takes: "one of the target's two values",
    reads: "text",
    accepts: (value): value is EventOption => ["string", "boolean"].includes(typeof value) || Number.isFinite(value),
  } satisfies Option<EventOption>,
  /**
   * How a categorical target's classes get coefficients: all but the first one, whose linear predictor is 0 ("reference",
   * the default), or all alike ("symmetric").
   */
  classCoding: choice(classCodings, {
    argument: "<how>",
    help: "coefficients of a categorical target: of each class against the first (reference), or of all classes alike (symmetric)",
    default: "reference",
  }),
  /** "auto": features, and for gaussian and student-t the target too. */
  standardize: choice(["auto", "features", "none"], {
    argument: "<what>",
    help: "what is centred and divided by its sd, for the priors and the sampler: all columns but the target (features), with gaussian and student-t the target too (auto), or nothing (none); results are on the data's own scale all the same",
    default: "auto",
  }),
};

const priorOptions = {
  /**
   * On every coefficient, on the standardised scale; `normal(0, 2.5)` unless told. Terms and columns may have their own:
   * `["normal(0, 1)", "log(x): laplace(0, 0.5)"]`. "learned": one precision for all single columns and one for each term
   * of several, by variational EM.
   */
  prior: {
    argument: "<prior>",
    help: `prior of every coefficient but the intercept, on the standardised scale: ${priorForms}, or learned, with a width that is estimated from the data; give it again for one term or column: 'log(x): laplace(0, 0.5)'`,
    default: priorText(defaultPrior),
    takes: `${priorForms}, learned, or one of these by the name of a term or column`,
    reads: "texts",
    accepts: isPriorOption,
  } satisfies Option<PriorOption>,
  /** On the intercept of the centred design; `normal(0, 10)` unless told. */
  interceptPrior: {
    argument: "<prior>",
    help: "prior of the intercept, which is the linear predictor where every column is at its mean, on the standardised scale",
    default: priorText(defaultInterceptPrior),
    takes: priorForms,
    reads: "text",
    accepts: isPriorLike,
  } satisfies Option<PriorLike>,
  ...auxiliaryOptions,
};

const samplerOptions = {
  /** A name of the registry, or "auto" (the default). */
  sampler: text("the name of a sampler", {
    argument: "<name>",
    help: "algorithm that draws from the posterior; auto chooses one for the data and the model, and says why",
    default: "auto",
  }),
  ...tuningOptions,
};

/** Of everything that draws random numbers. */
export const seed = wholeNumber([0], {
  argument: "<number>",
  help: "seed of the random numbers; the same seed gives the same draws",
  default: 1,
});

const runOptions = {
  /** 4 */
  chains: wholeNumber([1, 256], { argument: "<count>", help: "independent chains to run", default: 4 }),
  /** Draws a chain, 1000. */
  draws: wholeNumber([4, 1_000_000], { argument: "<count>", help: "draws to keep of each chain", default: 1000 }),
  /** 1 */
  seed,
  /** Largest relative error of a posterior sd that "auto" aims for, 0.02. */
  tolerance: numberBetween([0.001, 0.5], {
    argument: "<error>",
    help: "largest relative error of a posterior sd to aim for, that of the settings and of Monte Carlo together; 0.02 is 2%",
    default: 0.02,
  }),
};

/** The options of a fit, in the groups of the command's help. */
export const optionGroups = {
  data: dataOptions,
  model: modelOptions,
  priors: priorOptions,
  sampler: samplerOptions,
  run: runOptions,
} as const satisfies Record<string, OptionTable>;

/** The one table of a fit's options, by their names in the library. */
export const fitOptions = { ...dataOptions, ...modelOptions, ...priorOptions, ...samplerOptions, ...runOptions };

/** What may be set for a fit; every default gives a good answer. */
export interface FitOptions extends OptionsOf<typeof fitOptions> {}
