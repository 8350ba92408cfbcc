import { InputError } from "../../errors.ts";
import { dot } from "../../linalg/matrix.ts";
import { unlessZeroDensity } from "../../models/custom-functions.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";

const numDirections = 3;
const maxRows = 32;
/** Loss and gradient may be in single precision: of a difference of such losses about this much is rounding. */
const rounding = 3e-6;

/**
 * Compares a custom model's gradient with central differences of its loss, along a few random directions and on a few rows.
 * @throws InputError with the two numbers, where they are not the same
 */
export async function checkGradient(
  { custom, rows, dimension }: Model,
  start: Float64Array,
  seed: number,
): Promise<void> {
  const random = createRandom(seed, 0, 13);
  const sample = Uint32Array.from({ length: Math.min(maxRows, rows.numRows) }, () =>
    Math.floor(random.uniform() * rows.numRows),
  );
  const here = await custom!.lossAndGradient(start.slice(), sample);
  for (let k = 0; k < numDirections; k++) {
    // Of length 1, and so that no parameter that the start leaves at 0 goes unseen.
    const direction = Float64Array.from({ length: dimension }, () => random.normal() / Math.sqrt(dimension));
    const slope = dot(here.gradient, direction);
    const differences: number[] = [];
    for (const step of [1e-2, 1e-3]) {
      const lossAt = async (by: number) => {
        const position = start.map((value, j) => value + by * direction[j]);
        return (await unlessZeroDensity(() => custom!.lossAndGradient(position, sample)))?.loss ?? Infinity;
      };
      differences.push(((await lossAt(step)) - (await lossAt(-step))) / (2 * step));
    }
    // A bound is nearer than the step: nothing can be compared along this direction.
    if (!differences.every(Number.isFinite)) continue;
    // What differs between the two steps is their own error.
    const [coarse, fine] = differences;
    const size = Math.sqrt(dot(here.gradient, here.gradient) / dimension) + Math.abs(slope);
    const allowed = Math.abs(coarse - fine) + 0.01 * size + (rounding * (1 + Math.abs(here.loss))) / 1e-3;
    if (Math.abs(fine - slope) <= allowed) continue;
    throw new InputError(
      `The custom model's gradient is not that of its loss: along a random direction at the start the loss changes by ${fine.toPrecision(4)} per unit and the gradient says ${slope.toPrecision(4)}; both are to be means over the rows, without the prior (checkGradient: false leaves this check out).`,
    );
  }
}
