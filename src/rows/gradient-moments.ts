import type { Rows } from "./rows.ts";

/** M each: mean and mean square of every entry of the gradients of some rows. */
export interface GradientMoments {
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
}

/** Over the rows of these numbers, one gradient at a time. */
export async function gradientMoments(
  rows: Pick<Rows, "visitGradients">,
  numbers: Uint32Array,
  position: Float64Array,
): Promise<GradientMoments> {
  const mean = new Float64Array(position.length);
  const meanSquare = new Float64Array(position.length);
  await rows.visitGradients(numbers, position, (gradient) => {
    for (let j = 0; j < mean.length; j++) {
      mean[j] += gradient[j] / numbers.length;
      meanSquare[j] += gradient[j] ** 2 / numbers.length;
    }
  });
  return { mean, meanSquare };
}
