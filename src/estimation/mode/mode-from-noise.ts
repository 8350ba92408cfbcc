import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { diagonalNoise } from "../diagonal-noise.ts";
import { findModeInLowMemory, type LowMemoryMode, type LowMemoryModeOptions } from "./low-memory-mode.ts";

/** Rows from whose gradients the first guess at the curvature is made. */
const rowsForFirstCurvature = 4000;

/** The mode with memory O(M); the first guess at the curvature is N diag(C) + the prior's, as C ≈ A near the mode. */
export async function findModeFromNoise(
  workspace: Workspace,
  model: Model,
  options: Omit<LowMemoryModeOptions, "rowCurvature"> = {},
): Promise<LowMemoryMode> {
  const { start = new Float64Array(model.dimension) } = options;
  const sample = { count: rowsForFirstCurvature, random: createRandom(0, 0, 5) };
  const rowCurvature = await diagonalNoise(workspace, model, start, sample);
  return findModeInLowMemory(workspace, model, { ...options, rowCurvature });
}

/**
 * Mean of −log p(y | x, θ) over the model's rows (for `gaussian` less ½ log 2π): the loss on rows held out, with a model
 * made by `withRows`.
 */
export async function meanLoss(workspace: Workspace, model: Model, position: ArrayLike<number>): Promise<number> {
  const { loss, count } = await rowsOf(workspace, model).pass(position, { gram: "none" });
  return loss / count;
}
