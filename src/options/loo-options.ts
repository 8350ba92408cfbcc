import { effectOptions } from "./effect-options.ts";
import { type OptionsOf, text, wholeNumber, wholeNumberOr } from "./option.ts";
import { predictOptions } from "./predict-options.ts";

const { posteriorDraws, seed } = effectOptions;

/** The options of leaving rows out, by their names in the library. */
export const looOptions = {
  /** Rows that are left out one by one. */
  rows: wholeNumberOr(
    ["auto", "all"],
    { min: 2, max: 1e12, takes: "a number from 2" },
    {
      argument: "<count>",
      help: "leave out so many rows, a random sample, which a cheap approximation for every row corrects; all takes every row, auto a sample of 10,000 where there are more",
      default: "auto",
    },
  ),
  posteriorDraws: {
    ...posteriorDraws,
    help: "posterior draws that log densities are computed at, evenly spaced over the chains; fewer are faster",
  },
  seed: { ...seed, help: "seed of the rows that are sampled, and of the folds" },
};

export type LooSettings = OptionsOf<typeof looOptions>;

/** The options of K-fold cross-validation. */
export const kFoldOptions = {
  /** K */
  kFold: wholeNumber([2, 1000], {
    argument: "<count>",
    help: "fit again so many times, each time without one of so many parts of the rows, and score the part that was left out, in place of importance sampling",
    default: 10,
  }),
  /** Rows of one value stay in one fold. */
  foldBy: text("the name of a column", {
    argument: "<column>",
    help: "rows of the same value of a column are left out together, so that each is predicted as of a new group",
    otherwise: "rows by themselves",
  }),
  /** Each fold has its share of every value. */
  stratify: text("the name of a column", {
    argument: "<column>",
    help: "every fold has its share of each value of a column, such as the target's classes",
    otherwise: "at random",
  }),
  posteriorDraws: looOptions.posteriorDraws,
  seed: looOptions.seed,
  unknownLevels: predictOptions.unknownLevels,
};

export type KFoldSettings = OptionsOf<typeof kFoldOptions>;
