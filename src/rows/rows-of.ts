import type { Model } from "../models/model.ts";
import { BlockRows } from "./block-rows.ts";
import { CustomRows } from "./custom-rows.ts";
import { DistantGroupRows } from "./distant/distant-group-rows.ts";
import { DistantRows } from "./distant/distant-rows.ts";
import { GroupRows } from "./group-rows.ts";
import { KernelRows } from "./kernel-rows.ts";
import { RememberedRows } from "./remembered-rows.ts";
import type { Rows, RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** The rows of a model, read with what the workspace has: the one place that knows which implementation reads them. */
export function rowsOf(workspace: Workspace, model: Model): Rows {
  const { checkpoint } = workspace;
  if (!checkpoint) return readersOf(workspace, model);
  return new RememberedRows(readersOf({ ...workspace, afterPass: undefined }, model), checkpoint, workspace, model);
}

function readersOf(workspace: Workspace, model: Model): Rows {
  if (model.custom) return new CustomRows(workspace, model, model.custom);
  if (model.blocks && model.groups) return new DistantGroupRows(workspace, model, model.blocks);
  if (model.blocks) return new (model.blocks.store.distant ? DistantRows : BlockRows)(workspace, model, model.blocks);
  return model.groups ? new GroupRows(workspace, model) : new KernelRows(workspace, model);
}

/** What can be asked of the model's rows beyond their sums and gradients. */
export function traitsOf(model: Model): RowTraits {
  if (model.custom) return CustomRows.traits;
  if (model.blocks) return model.groups ? DistantGroupRows.traits : BlockRows.traits;
  return model.groups ? GroupRows.traits : KernelRows.traits;
}
