import type { Model } from "../models/model.ts";
import { addPriorGradientInto, priorCurvature, priorLoss } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import { diagonalNoise } from "./diagonal-noise.ts";
import { limitedMemoryBfgs } from "./limited-memory-bfgs.ts";

/** The mode θ* of a model whose Hessian is too large to hold. */
export interface WideMode {
  /** θ*, M */
  readonly position: Float64Array;
  /** −log p(y, θ* | x), up to a constant. */
  readonly loss: number;
  /** Passes over all rows. */
  readonly passes: number;
  readonly converged: boolean;
}

export interface WideModeOptions {
  /** Where to begin, such as the mode under a similar prior; 0 where left out. */
  readonly start?: Float64Array;
  /**
   * Ends where gᵀ (N A)⁻¹ g / M is below this: the squared distance to the mode in posterior sds, for each parameter.
   * The loss is then within M/2 times this of its least. Default 1e-4.
   */
  readonly tolerance?: number;
  /** 500 */
  readonly maxIterations?: number;
}

/** Rows from whose gradients the first guess at the curvature is made. */
const rowsLookedAt = 4000;

/**
 * Finds the mode by limited-memory BFGS on the loss of all rows, with memory O(M): for models with thousands of
 * parameters. The first guess at the curvature is N diag(C) + the prior's, as C ≈ A near the mode.
 */
export async function findWideMode(
  workspace: Workspace,
  model: Model,
  { start = new Float64Array(model.dimension), tolerance = 1e-4, maxIterations = 500 }: WideModeOptions = {},
): Promise<WideMode> {
  const noise = await diagonalNoise(workspace, model, start, { count: rowsLookedAt, random: createRandom(0, 0, 5) });
  const prior = priorCurvature(model, start);
  const floor = 1e-9 * model.rows.numRows;
  const found = await limitedMemoryBfgs(
    async (position) => {
      const { loss, gradient } = await rowsOf(workspace, model).pass(position, { gram: "none" });
      addPriorGradientInto(model, position, gradient);
      return { value: loss + priorLoss(model, position), gradient };
    },
    {
      start,
      diagonal: noise.map((value, j) => model.rows.numRows * value + prior[j] + floor),
      tolerance: tolerance * model.dimension,
      maxIterations,
    },
  );
  const { position, value, evaluations, converged } = found;
  return { position, loss: value, passes: evaluations, converged };
}

/**
 * Mean of −log p(y | x, θ) over the model's rows (for `gaussian` less ½ log 2π): the loss on rows held out, with a model
 * made by `withRows`.
 */
export async function meanLoss(workspace: Workspace, model: Model, position: ArrayLike<number>): Promise<number> {
  const { loss, count } = await rowsOf(workspace, model).pass(position, { gram: "none" });
  return loss / count;
}
