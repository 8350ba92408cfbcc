import { InputError } from "../errors.ts";

/** A custom model's functions, their results checked; `rows` of them are all rows, or those that `subset` lists. */
export interface CustomFunctions {
  /** @throws ZeroDensityError where the loss is infinite */
  lossAndGradient(position: Float64Array, rows: Uint32Array): Promise<{ loss: number; gradient: Float64Array }>;
  /** @throws ZeroDensityError where the loss of a row is infinite */
  rowGradients(position: Float64Array, rows: Uint32Array): Promise<Float64Array>;
  hessian?(position: Float64Array): Promise<Float64Array>;
  readonly subset?: Uint32Array;
}

/**
 * The loss of a custom model is infinite: the position is outside of where its density is above 0. Those that know what to do
 * there, the search for the mode and NUTS, catch it; for all others it is an error that says so.
 */
export class ZeroDensityError extends InputError {
  constructor(
    message = 'The density of the custom model is 0 (its loss is infinite) at a point that is needed: only NUTS keeps within bounds, so use sampler: "nuts", or parameters without bounds, such as the logarithm of one above 0.',
  ) {
    super(message);
  }
}

/** What `work` gives, or undefined where the density is 0. */
export async function unlessZeroDensity<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ZeroDensityError) return undefined;
    throw error;
  }
}

const maxHalvings = 10;

/**
 * What `look` gives at `position`, or, where the density is 0 there, at the first point where it is not, each half as far from
 * `center`; at the center itself where a bound is very near.
 * @throws ZeroDensityError where the density is 0 at the center
 */
export async function lookInside<Result>(
  center: Float64Array,
  position: Float64Array,
  look: (position: Float64Array) => Promise<Result>,
): Promise<Result> {
  for (let halvings = 0; halvings < maxHalvings; halvings++) {
    const nearer = position.map((value, j) => center[j] + (value - center[j]) * 0.5 ** halvings);
    const result = await unlessZeroDensity(() => look(halvings === 0 ? position : nearer));
    if (result !== undefined) return result;
  }
  return look(center);
}
