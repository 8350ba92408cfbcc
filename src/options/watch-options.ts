import { choice, numberBetween, numberInside, type OptionsOf, wholeNumber } from "./option.ts";

/** The options of a stream beside those of the model. */
export const watchOptions = {
  /** Rows that decide on columns, levels and scales. */
  first: wholeNumber([2, 1_000_000], {
    argument: "<rows>",
    help: "rows that decide on the types, levels and scales of columns, and are held until their mode is found; later rows are never stored",
    default: 2000,
  }),
  /** f */
  rate: numberBetween([0, 0.5], {
    argument: "<share>",
    help: "share of what is known that each row makes forget, to follow a drift: a memory of 1/rate rows; 0 takes all rows alike",
    default: 0,
  }),
  /** Rows that cannot be used. */
  unusable: choice(["skip", "stop"], {
    argument: "<what>",
    help: "rows that cannot be used (a malformed line, a missing value, a new level, a target out of its range): leave them out and count them, or stop",
    default: "skip",
  }),
  /** Between two reports. */
  every: wholeNumber([1], {
    argument: "<rows>",
    help: "report the intervals, and write the state, each time so many rows, or a few more, were taken in",
    otherwise: "at the end, and when interrupted",
  }),
  /** Probability of the intervals, 0.95. */
  interval: numberInside([0, 1], {
    argument: "<probability>",
    help: "probability that each interval is to contain",
    default: 0.95,
  }),
};

export type WatchSettings = OptionsOf<typeof watchOptions>;
