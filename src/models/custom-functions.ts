import { InputError } from "../errors.ts";

/** A custom model's functions, with checked results; their rows are all rows, or those listed in `subset`. */
export interface CustomFunctions {
  /** @throws ZeroDensityError if the loss is infinite */
  lossAndGradient(position: Float64Array, rows: Uint32Array): Promise<{ loss: number; gradient: Float64Array }>;
  /** @throws ZeroDensityError if the loss of a row is infinite */
  rowGradients(position: Float64Array, rows: Uint32Array): Promise<Float64Array>;
  hessian?(position: Float64Array): Promise<Float64Array>;
  readonly subset?: Uint32Array;
}

/**
 * The loss of a custom model is infinite, because the position is outside the support of its density. The search for the
 * mode and NUTS catch this error and handle it; everywhere else it reaches the user.
 */
export class ZeroDensityError extends InputError {
  constructor(
    message = 'The density of the custom model is 0 (its loss is infinite) at a point that is needed: only NUTS keeps within bounds, so use sampler: "nuts", or parameters without bounds, such as the logarithm of one above 0.',
  ) {
    super(message);
  }
}

/** The result of `work`, or undefined if the density is 0. */
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
 * The result of `look` at `position`. If the density is 0 there, the distance from `center` is halved until it is not; if
 * a bound is very near, the centre itself is used.
 * @throws ZeroDensityError if the density is 0 at the centre
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
