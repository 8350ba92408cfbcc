import { lookInside, ZeroDensityError } from "../../models/custom-functions.ts";
import type { Evaluate } from "../../rows/full-gradients.ts";

/**
 * By how much the loss may rise from the center to where a chain begins. For a normal law, and starts twice as dispersed, it is 2 M on average.
 * A start beyond a wall would be thrown so far by the first steps that it takes a warm-up to come back.
 */
export const mostRiseOf = (dimension: number) => 4 * dimension + 20;

/** The dispersed position, or one between it and the center, where the density is above 0 and the loss has not risen too much. */
export async function startBetween(
  evaluate: Evaluate,
  center: Float64Array,
  dispersed: Float64Array,
  mostRise: number,
): Promise<Float64Array> {
  const { loss: least } = await evaluate(center);
  return lookInside(center, dispersed, async (position) => {
    const { loss } = await evaluate(position);
    const isNear = position === center || loss - least <= mostRise;
    // Not ">=": a loss that is not a number is no start either.
    if (!(isNear && loss < Infinity)) throw new ZeroDensityError();
    return position;
  });
}
