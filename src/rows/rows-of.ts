import type { Model } from "../models/model.ts";
import { CustomRows } from "./custom-rows.ts";
import { KernelRows } from "./kernel-rows.ts";
import type { Rows, RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** The rows of a model, read with what the workspace has: the one place that knows which implementation reads them. */
export function rowsOf(workspace: Workspace, model: Model): Rows {
  return model.custom ? new CustomRows(workspace, model, model.custom) : new KernelRows(workspace, model);
}

/** What can be asked of the model's rows beyond their sums and gradients. */
export function traitsOf(model: Model): RowTraits {
  return model.custom ? CustomRows.traits : KernelRows.traits;
}
