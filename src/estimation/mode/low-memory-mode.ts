import { unlessZeroDensity } from "../../models/custom-functions.ts";
import type { Model } from "../../models/model.ts";
import { addPriorGradientInto, priorCurvature, priorLoss } from "../../models/prior-terms.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { limitedMemoryBfgs } from "./limited-memory-bfgs.ts";

/** A mode θ* that was found without a Hessian. */
export interface LowMemoryMode {
  /** θ*, M */
  readonly position: Float64Array;
  /** −log p(y, θ* | x), up to a constant. */
  readonly loss: number;
  /** Passes over all rows. */
  readonly passes: number;
  readonly converged: boolean;
  /** Whether the posterior rises all the way to a bound, beyond which its density is 0: it has no mode inside. */
  readonly isAtEdge: boolean;
}

export interface LowMemoryModeOptions {
  /** Where to begin, such as the mode under a similar prior; 0 where left out. */
  readonly start?: Float64Array;
  /** M: about what a row adds to the diagonal of the Hessian at the start, such as diag C. */
  readonly rowCurvature: Float64Array;
  /**
   * Ends where gᵀ (N A)⁻¹ g / M is below this: the squared distance to the mode in posterior sds, for each parameter.
   * The loss is then within M/2 times this of its minimum. Default 1e-4.
   */
  readonly tolerance?: number;
  /** 500 */
  readonly maxIterations?: number;
}

/**
 * Finds the mode by limited-memory BFGS on the loss of all rows, with memory O(M): for models with thousands of
 * parameters, and for those that give gradients alone.
 */
export async function findModeInLowMemory(
  workspace: Workspace,
  model: Model,
  options: LowMemoryModeOptions,
): Promise<LowMemoryMode> {
  const { start = new Float64Array(model.dimension), rowCurvature, tolerance = 1e-4, maxIterations = 500 } = options;
  const { numRows } = model.rows;
  const prior = priorCurvature(model, start);
  const floor = 1e-9 * numRows;
  const found = await limitedMemoryBfgs(
    async (position) => {
      const sums = await unlessZeroDensity(() => rowsOf(workspace, model).pass(position, { gram: "none" }));
      // The line search steps back from there.
      if (!sums) return { value: Number.POSITIVE_INFINITY, gradient: new Float64Array(model.dimension) };
      const { loss, gradient } = sums;
      addPriorGradientInto(model, position, gradient);
      return { value: loss + priorLoss(model, position), gradient };
    },
    {
      start,
      diagonal: rowCurvature.map((value, j) => numRows * value + prior[j] + floor),
      tolerance: tolerance * model.dimension,
      maxIterations,
    },
  );
  const { position, value, evaluations, converged, isAtEdge = false } = found;
  return { position, loss: value, passes: evaluations, converged, isAtEdge };
}
