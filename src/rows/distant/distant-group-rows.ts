import { fetchGroups } from "../../engine/fetch-rows.ts";
import { overGroupsInMemory } from "../../models/group-model.ts";
import type { Model } from "../../models/model.ts";
import { GroupRows } from "../group-rows.ts";
import type { Rows, RowTraits } from "../rows.ts";
import { type RowNumbers, StoredRows } from "../stored-rows.ts";
import type { Workspace } from "../workspace.ts";
import { DistantRows } from "./distant-rows.ts";

/** Groups that are fetched at once. */
const groupsAtOnce = 256;

/** Groups on other machines, each a row to whoever asks: all rows of a group are in one part, which integrates its effects out. */
export class DistantGroupRows extends DistantRows {
  static override readonly traits: RowTraits = { ...StoredRows.traits, haveLinearPredictors: false };
  override readonly traits = DistantGroupRows.traits;

  protected override inMemory(part: Model, workspace: Workspace): Rows {
    return new GroupRows(workspace, part);
  }

  protected override async withRows(
    numbers: RowNumbers,
    step: number,
    use: (part: Model) => Promise<void>,
  ): Promise<void> {
    const { workspace, model, blocks } = this;
    const { memory } = model;
    const { distant, stride } = blocks.store;
    const count = Math.ceil(numbers.length / step);
    for (let from = 0; from < count; from += groupsAtOnce) {
      const length = Math.min(groupsAtOnce, count - from);
      const wanted = Array.from({ length }, (_, k) => numbers[(from + k) * step] ?? (from + k) * step);
      workspace.signal?.throwIfAborted();
      const { rows, sizes, places } = await fetchGroups(distant, stride, wanted);
      const mark = memory.mark();
      try {
        const address = memory.allocate(rows.byteLength, 64);
        memory.f32(address, rows.length).set(rows);
        const entries = { groups: places, weights: places.map(() => 1) };
        await use(overGroupsInMemory(model, { address, stride, sizes, entries }));
      } finally {
        memory.release(mark);
      }
    }
  }
}
