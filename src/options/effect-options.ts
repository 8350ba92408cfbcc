import { choice, type Option, type OptionsOf, wholeNumber, wholeNumberOr } from "./option.ts";
import { predictOptions } from "./predict-options.ts";

const isTexts = (value: unknown): value is string | readonly string[] =>
  typeof value === "string" || (Array.isArray(value) && value.every((text) => typeof text === "string"));

/** One or several texts. */
function texts(takes: string, about: Omit<Option<string | readonly string[]>, "takes" | "reads" | "accepts">) {
  const option: Option<string | readonly string[]> = { ...about, takes, reads: "texts", accepts: isTexts };
  return option;
}

/** A value that a column is set to. */
export type AtValue = number | string | boolean | Date;
/** Texts such as "x=1,2", or the values of each column by its name. */
export type AtOption = string | readonly string[] | Readonly<Record<string, AtValue | readonly AtValue[]>>;

const isAtValue = (value: unknown) =>
  ["number", "string", "boolean"].includes(typeof value) || Object.prototype.toString.call(value) === "[object Date]";

function isAt(value: unknown): value is AtOption {
  if (isTexts(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return false;
  return Object.values(value).every((own) => (Array.isArray(own) ? own.every(isAtValue) : isAtValue(own)));
}

const at: Option<AtOption> = {
  argument: "<column=values>",
  help: "set a column to these values in all rows, such as 'x=1,2,3' or 'city=Rome', or 'x=range' for 50 from the least to the largest of a column of numbers; several columns make a grid; once for each column",
  otherwise: "as the rows have them",
  takes: 'texts such as "x=1,2,3", or { x: [1, 2, 3] }',
  reads: "texts",
  accepts: isAt,
};

const { groups, interval, seed, unknownLevels } = predictOptions;

/** The options of effects, by their names in the library. */
export const effectOptions = {
  /** The column, or the columns, whose effect is asked for. */
  of: texts("the name of a column, or several", {
    argument: "<column>",
    help: "the column whose effect is asked for; may be given again for others",
    otherwise: "every column of the formula, by comparisons alone; none with at, by or a hypothesis",
  }),
  /** Columns of the data; there is a result for each of their values. */
  by: texts("the name of a column of the data, or several", {
    argument: "<column>",
    help: "average over the rows of each value of a column of DATA by itself; may be given again",
    otherwise: "over all rows at once",
  }),
  /** Values that columns are set to in all rows. */
  at,
  /** Which of the predictions, comparisons and slopes are wanted. */
  kind: choice(["all", "predictions", "comparisons", "slopes"], {
    argument: "<what>",
    help: "predictions, comparisons between values of the column, slopes (of columns of numbers), or all of them",
    default: "all",
  }),
  /** Contrasts of levels or numbers. */
  contrast: texts('texts such as "a - b"', {
    argument: "<contrast>",
    help: "what is compared: levels such as 'a - b', 'a / b' or '(a + b)/2 - c', numbers such as '10 - 5' or '+10', or reference, sequential, pairwise for all pairs of that kind; may be given again",
    otherwise: "each level with the reference level; a number x + 1 with x; of the values of at each with the first",
  }),
  /** How two averages are compared. */
  comparison: choice(["difference", "ratio", "odds-ratio"], {
    argument: "<how>",
    help: "compare averages by their difference, by their ratio, or probabilities by the ratio of their odds",
    default: "difference",
  }),
  /** Whether effects are on E[y | x], or on the linear predictor. */
  scale: choice(["response", "link"], {
    argument: "<scale>",
    help: "effects on the mean or the probability (response), or on the linear predictor (link)",
    default: "response",
  }),
  /** Statements on coefficients. */
  hypothesis: texts('texts such as "x1 > x2"', {
    argument: "<statement>",
    help: "a statement on coefficients, such as 'x1 > x2' or 'x1 - 2*x2 = 0': its probability, and the difference of both sides; may be given again",
    otherwise: "none",
  }),
  unknownLevels,
  groups: { ...groups, otherwise: "known; population where there is no DATA and no group is named" },
  interval,
  /** Rows that are averaged over at all draws. */
  rows: wholeNumberOr(
    ["auto", "all"],
    { min: 2, max: 1e12, takes: "a number from 2" },
    {
      argument: "<count>",
      help: "average over a sample of so many rows at all draws, and over all rows at a few draws, which corrects it; all takes no sample, auto takes one where all rows would take long",
      default: "auto",
    },
  ),
  /** Draws of the posterior that effects are computed with. */
  posteriorDraws: wholeNumber([1, 1_000_000], {
    argument: "<count>",
    help: "posterior draws that effects are computed with, evenly spaced over the chains; fewer are faster",
    default: 4000,
  }),
  seed: { ...seed, help: "seed of the rows that are sampled and of the effects of new groups" },
};

export type EffectSettings = OptionsOf<typeof effectOptions>;
