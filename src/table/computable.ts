import { InputError } from "../errors.ts";
import type { Moments } from "./moments.ts";

/** The squares of numbers within these bounds, and sums of them, are numbers too. */
const ofDouble = { least: 1e-140, most: 1e140 };
/** The same in single precision, in which rows are stored. */
const maxOfSingle = 1e12;
/** An offset of this many of the target's units is rounded to a thousandth of one in single precision. */
const maxOffset = 1e4;
/** How often a row may count, and all of them: beyond, the rounding of single precision is seen in the posterior. */
const maxWeight = 1e10;
const maxWeights = 1e12;
/** Of data that count for less there is nothing to see. */
const minWeights = 1e-6;

/** Values whose size the arithmetic has to hold. */
interface Sized {
  /** For a sentence, such as `The column x`. */
  readonly what: string;
  readonly moments: Moments;
  /** Whether any of them is not 0. */
  readonly hasValues: boolean;
  /** Whether they are stored divided by their spread. */
  readonly isScaled: boolean;
}

/** @throws InputError where squares of the values overflow or underflow, so that nothing can be said of their spread */
export function requireComputable({ what, moments: { mean, squares, count }, hasValues, isScaled }: Sized): void {
  const size = Math.hypot(mean, Math.sqrt(squares / count));
  // Not "<": sums that overflow are no numbers.
  if (!(size <= ofDouble.most))
    throw new InputError(
      `${what} has values too large for the arithmetic, whose squares overflow beyond ${ofDouble.most}; divide it by a power of ten, as in I(x / 1e200).`,
    );
  if (hasValues && size < ofDouble.least)
    throw new InputError(
      `${what} has values too small for the arithmetic, whose squares vanish below ${ofDouble.least}; multiply it by a power of ten, as in I(x * 1e200).`,
    );
  if (!isScaled && size > maxOfSingle)
    throw new InputError(
      `${what} has values of the size of ${size.toPrecision(2)}, and rows are stored in single precision, whose squares overflow where they are above ${maxOfSingle} and not standardised; leave --standardize none out, or divide it by a power of ten.`,
    );
}

/**
 * @param largest the largest offset in size, in the units in which the target is stored
 * @throws InputError where single precision does not hold the offset beside what it is added to
 */
export function requireComputableOffset(largest: number, isOfNumbers: boolean): void {
  if (largest <= maxOffset) return;
  const size = Number.isFinite(largest) ? largest.toPrecision(2) : "more than 1e308";
  const remedy = isOfNumbers ? "take it off the target itself, as in y - z ~ …" : "take a constant off it";
  throw new InputError(
    `The offset is up to ${size} times the unit of the linear predictor, where single precision keeps ${maxOffset} beside it; ${remedy}, or leave it out.`,
  );
}

/**
 * @param where such as `w is 1e20 in data row 7`
 * @throws InputError where a row counts so often that single precision cannot tell what else there is
 */
export function requireComputableWeight(weight: number, where: () => string): void {
  if (weight <= maxWeight) return;
  throw new InputError(
    `The weight ${where()}, and a row may count ${maxWeight.toLocaleString("en")} times at most, as single precision does not tell the others beside it; divide the weights by a number, or leave such rows out.`,
  );
}

/** @throws InputError where all rows together count for too much or for nothing */
export function requireComputableWeights(sum: number): void {
  if (sum > maxWeights)
    throw new InputError(
      `The weights sum to ${sum.toPrecision(2)}, and posteriors of more than ${maxWeights.toLocaleString("en")} rows are narrower than the rounding of single precision; divide the weights by a number.`,
    );
  if (sum < minWeights)
    throw new InputError(
      `The weights sum to ${sum.toPrecision(2)}: weights say how often a row counts, and data that count for less than ${minWeights} of a row say nothing beside the prior; multiply the weights by a number.`,
    );
}
