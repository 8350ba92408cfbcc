import { choice, numberInside, type OptionsOf, wholeNumber } from "./option.ts";
import { seed } from "./options.ts";

/** The options of predictions, by their names in the library. */
export const predictOptions = {
  /** What a level that no row of the fit has is: an error (the default), or predicted without a coefficient for it. */
  unknownLevels: {
    ...choice(["error", "reference"], {
      argument: "<what>",
      help: "what to do with a level of a categorical column that no row of the fit has: stop with an error, or predict without a coefficient for it, as for the reference level",
      default: "error",
    }),
    takes: '"error" or "reference"',
  },
  /**
   * Which groups of a multilevel model the rows are of: "known" (the default), with the effects of the fit's groups and, for levels that
   * it has not seen, as "new", over all effects that a new group may have; or "population", with every effect 0.
   */
  groups: choice(["known", "new", "population"], {
    argument: "<which>",
    help: "groups of a multilevel model that the rows are of: those of the fit, and new ones where it has not seen them (known), new ones all (new), or the population, where every effect is 0",
    default: "known",
  }),
  /** Probability of the equal-tailed intervals, 0.9. */
  interval: numberInside([0, 1], {
    argument: "<probability>",
    help: "probability that the equal-tailed interval of each row is to contain",
    default: 0.9,
  }),
  /** Predictive draws of each row that are given out, 0. A draw of all rows is of one draw of the coefficients. */
  draws: wholeNumber([0], {
    argument: "<count>",
    help: "draws of each row's predictive distribution to give out beside its mean and interval",
    default: 0,
  }),
  /** Draws of the posterior that predictions are averaged over, 1000; fewer are faster. */
  posteriorDraws: wholeNumber([1, 1_000_000], {
    argument: "<count>",
    help: "posterior draws of the coefficients that predictions are averaged over; fewer are faster",
    default: 1000,
  }),
  /** Of the predictive draws, 1. */
  seed,
};

export type PredictionSettings = OptionsOf<typeof predictOptions>;
