import type { RowChoice } from "../engine/bindings/pass-record.ts";
import { dot } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";

/** Length of the central differences, in the units of θ. */
const differenceLength = 1e-3;

export interface PowerIteration {
  /** The rows over which the mean gradient is taken: a few thousand tell the largest eigenvalue well enough. */
  readonly rows: RowChoice;
  readonly iterations: number;
  readonly normal: () => number;
  /** M: the prior's share of the diagonal of A, where it counts. */
  readonly priorCurvature?: Float64Array;
}

/**
 * ρ(HA) of a diagonal H around `position`, by power iteration on H^½ A H^½; products with A are central differences of the mean
 * gradient, so that nothing M×M is held.
 */
export async function largestContraction(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  step: Float64Array,
  { rows, iterations, normal, priorCurvature }: PowerIteration,
): Promise<number> {
  const roots = step.map(Math.sqrt);
  let image = step.map(normal);
  let largest = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const length = Math.sqrt(dot(image, image)) || 1;
    const direction = image.map((value, j) => (roots[j] * value) / length);
    const shift = differenceLength / (Math.sqrt(dot(direction, direction)) || 1);
    const meanGradient = async (sign: number) => {
      const moved = position.map((value, j) => value + sign * shift * direction[j]);
      const { gradient, count } = await rowsOf(workspace, model).pass(moved, { gram: "none", ...rows });
      return gradient.map((value) => value / count);
    };
    const [above, below] = [await meanGradient(1), await meanGradient(-1)];
    image = above.map((value, j) => {
      const ofPrior = (priorCurvature?.[j] ?? 0) * direction[j];
      return roots[j] * ((value - below[j]) / (2 * shift) + ofPrior);
    });
    largest = Math.sqrt(dot(image, image));
  }
  return largest;
}
