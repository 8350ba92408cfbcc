import type { Model } from "../models/model.ts";
import { visitAllRows } from "./block-ring.ts";
import { areAllClassified } from "./distant/ask-parts.ts";
import type { Workspace } from "./workspace.ts";

/** Whether all rows are classified rightly at θ, wherever they are. */
export async function areClassified(workspace: Workspace, model: Model, position: ArrayLike<number>): Promise<boolean> {
  if (model.blocks?.store.distant) return areAllClassified(workspace, model, position);
  let isRight = true;
  await visitAllRows(workspace, model, position, ({ eta, y }) => {
    isRight &&= isClassified(model, eta, y);
  });
  return isRight;
}

/** Whether a row's own class has the largest linear predictor; a class without parameters has 0. */
export function isClassified({ family, hasReference }: Model, eta: Float64Array, y: number): boolean {
  // Trials that both succeeded and failed are on both sides.
  if (y > 0 && y < 1) return false;
  const first = hasReference || family.target !== "classes" ? 1 : 0;
  const own = y < first ? 0 : eta[y - first];
  if (y >= first && first === 1 && own <= 0) return false;
  return eta.every((value, k) => k === y - first || value < own);
}
