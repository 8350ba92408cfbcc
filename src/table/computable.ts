import { InputError } from "../errors.ts";
import type { Moments } from "./moments.ts";

/** Squares of numbers within these bounds, and sums of such squares, neither overflow nor underflow. */
const ofDouble = { least: 1e-140, most: 1e140 };
/** The same in single precision, in which rows are stored. */
const maxOfSingle = 1e12;
/** An offset of this many of the target's units is rounded to a thousandth of one in single precision. */
const maxOffset = 1e4;
/**
 * The largest weight of a row, and of all rows together: beyond these, rounding to single precision shows in the
 * posterior.
 */
const maxWeight = 1e10;
const maxWeights = 1e12;
/** With a smaller total weight the data have no effect. */
const minWeights = 1e-6;

/** Values whose size has to be within what the arithmetic can hold. */
interface Sized {
  /** Name in messages, such as `The column x`. */
  readonly what: string;
  readonly moments: Moments;
  /** Whether any of them is not 0. */
  readonly hasValues: boolean;
  /** Whether they are stored divided by their spread. */
  readonly isScaled: boolean;
}

/** @throws InputError if squares of the values overflow or underflow, so that their spread cannot be computed */
export function requireComputable({ what, moments: { mean, squares, count }, hasValues, isScaled }: Sized): void {
  const size = Math.hypot(mean, Math.sqrt(squares / count));
  // Not "<": sums that overflow are NaN or infinite.
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
 * @throws InputError if single precision cannot represent the offset together with what it is added to
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
 * @throws InputError if a row's weight is so large that single precision loses all other rows
 */
export function requireComputableWeight(weight: number, where: () => string): void {
  if (weight <= maxWeight) return;
  throw new InputError(
    `The weight ${where()}, and a row may count ${maxWeight.toLocaleString("en")} times at most, as single precision does not tell the others beside it; divide the weights by a number, or leave such rows out.`,
  );
}

/** @throws InputError if the total weight is too large, or effectively 0 */
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
