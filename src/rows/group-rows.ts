import { writePassRecords } from "../engine/bindings/pass-record.ts";
import type { Model } from "../models/model.ts";
import { KernelRows } from "./kernel-rows.ts";
import { groupPartition, type Partition } from "./partition.ts";
import type { RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** Groups whose gradients are held at once. */
const groupsAtOnce = 256;

/** Groups of rows in the engine's memory, each a row to whoever asks: their effects are integrated out by the kernels. */
export class GroupRows extends KernelRows {
  static override readonly traits: RowTraits = { ...KernelRows.traits, haveLinearPredictors: false };
  override readonly traits = GroupRows.traits;

  constructor(workspace: Workspace, model: Model, partition: Partition = groupPartition(model)) {
    super(workspace, model, partition);
  }

  override async visitGradients(
    numbers: Uint32Array,
    position: Float64Array,
    visit: (gradient: Float64Array) => void,
  ): Promise<void> {
    const { model, workspace } = this;
    for (let from = 0; from < numbers.length; from += groupsAtOnce) {
      const rowList = numbers.subarray(from, from + groupsAtOnce);
      const mark = model.memory.mark();
      try {
        const ranges = Array.from(rowList, (_, k) => ({ from: k, to: k + 1 }));
        const records = writePassRecords(model, position, { gram: "none", rowList }, ranges);
        await workspace.executor.run(records.tasks, { signal: workspace.signal });
        for (const { gradient } of records.sums()) visit(gradient.slice());
      } finally {
        model.memory.release(mark);
      }
    }
  }
}
