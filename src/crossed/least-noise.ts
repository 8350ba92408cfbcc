import { InputError } from "../errors.ts";
import type { CrossedModel } from "./model.ts";
import { sigmaOf, type VarianceLayout } from "./variances.ts";

/** Noise below so much of the target's size cannot be told from rounding to single precision. */
const minNoise = 3e-7;

/** @throws InputError where columns and effects explain the target but for rounding: its density then has no bound */
export function requireNoise({ y }: CrossedModel, layout: VarianceLayout, theta: Float64Array): void {
  if (layout.sigmaAt < 0) return;
  const size = Math.sqrt(y.reduce((sum, value) => sum + value ** 2, 0) / y.length);
  if (sigmaOf(layout, theta) >= minNoise * size) return;
  throw new InputError(
    "The columns and the groups' effects explain the target to seven digits, where single precision ends, so that the noise left cannot be told from rounding; leave group terms out, or use a target that is measured with noise.",
  );
}
