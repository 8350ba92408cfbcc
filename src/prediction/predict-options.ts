import type { EncodeOptions } from "../design/recipe/encode-rows.ts";
import type { ProgressListener } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { requireListening, requireObject, shown } from "../kinds.ts";
import { suggestion } from "../suggest.ts";
import { formatCount } from "../table/table.ts";

/** What may be set for predictions. */
export interface PredictOptions extends EncodeOptions {
  /** Probability of the equal-tailed intervals, 0.9. */
  readonly interval?: number;
  /** Predictive draws of each row that are given out, 0. A draw of all rows is of one draw of the coefficients. */
  readonly draws?: number;
  /** Draws of the posterior that predictions are averaged over, 1000; fewer are faster. */
  readonly posteriorDraws?: number;
  /** Of the predictive draws, 1. */
  readonly seed?: number;
  readonly onProgress?: ProgressListener;
}

/** Every option of a prediction, for the sentence that refuses any other. */
const optionNames: Readonly<Record<keyof PredictOptions, true>> = {
  interval: true,
  draws: true,
  posteriorDraws: true,
  seed: true,
  unknownLevels: true,
  signal: true,
  onProgress: true,
};

/** @throws InputError where an option is none, or has a value that it does not take */
export function settleOptions(options: PredictOptions) {
  requireObject(options, "The options of a prediction", "an object of them, or leave it out");
  const known = Object.keys(optionNames);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(`There is no option ${unknown}; ${suggestion(unknown, known, "the options are")}`);
  requireListening(options);
  const { interval = 0.9, draws = 0, posteriorDraws = 1000, seed = 1, unknownLevels = "error" } = options;
  const isFraction = typeof interval === "number" && interval > 0 && interval < 1;
  requireOption("interval", interval, "a number above 0 and below 1", isFraction);
  requireCount("posteriorDraws", posteriorDraws, 1, 1e6);
  requireCount("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const isPolicy = unknownLevels === "error" || unknownLevels === "reference";
  requireOption("unknownLevels", unknownLevels, '"error" or "reference"', isPolicy);
  return { interval, draws, posteriorDraws, seed };
}

/** @throws InputError where the option is no whole number, or out of bounds */
export function requireCount(name: string, value: number, min: number, max: number): void {
  const range = max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${formatCount(max)}`;
  requireOption(name, value, `a whole number${range}`, Number.isInteger(value) && value >= min && value <= max);
}

function requireOption(name: string, value: unknown, wanted: string, isFine: boolean): void {
  if (!isFine) throw new InputError(`The option ${name} cannot be ${shown(value)}: it takes ${wanted}.`);
}
