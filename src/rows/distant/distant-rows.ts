import { gramLength } from "../../engine/bindings/pass-record.ts";
import { fetchRows } from "../../engine/fetch-rows.ts";
import { TotalOfSums } from "../kernel-rows.ts";
import type { PassRequest, RowSums } from "../rows.ts";
import { StoredRows } from "../stored-rows.ts";
import { askOfModel, f64 } from "./ask-parts.ts";

/**
 * Rows in blocks on other machines, in parts that sum up their own. A part's record is the sum of its blocks in their order, and
 * records are added in the order of the parts: to the bit the same wherever the parts are, and after one was made anew.
 */
export class DistantRows extends StoredRows {
  protected async sumAll(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const { workspace, model } = this;
    const { dimension } = model;
    const { gram, isDiagonal } = request;
    if (gram === "given") throw new TypeError("Numbers of all rows are given of rows in memory only.");
    const total = new TotalOfSums(model, request);
    const answers = await askOfModel(workspace, model, {
      kind: "sums",
      position: Array.from(position),
      gram,
      ...(isDiagonal && { isDiagonal }),
      ...(gram === "squared-residual" && { center: Array.from(request.center) }),
    });
    for (const { data } of answers) {
      const sums = f64(data, 2 + dimension + gramLength(model, request));
      const [count, loss] = sums;
      total.add({ count, loss, gradient: sums.subarray(2, 2 + dimension), gram: sums.subarray(2 + dimension) });
      workspace.counter.rowsVisited += count;
    }
    return total.sums();
  }

  protected fetcher() {
    const { memory } = this.model;
    const { distant, stride } = this.blocks.store;
    return async (numbers: readonly number[], address: number) => {
      this.workspace.signal?.throwIfAborted();
      await fetchRows(distant, stride, numbers, (row, place) => {
        memory.f32(address + 4 * place * stride, stride).set(row);
      });
    };
  }
}
