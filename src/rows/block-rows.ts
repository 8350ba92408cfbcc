import { gramLength, writePassRecords } from "../engine/bindings/pass-record.ts";
import { rowsIn } from "../engine/block-store.ts";
import { throughBlocks } from "./block-ring.ts";
import { TotalOfSums } from "./kernel-rows.ts";
import type { PassRequest, RowSums } from "./rows.ts";
import { StoredRows } from "./stored-rows.ts";

/**
 * Rows in blocks on disk. A pass reads them ahead into the engine's memory, and the kernels sum each up as they sum up rows in memory
 * that are cut where blocks end: to the bit. Single rows are read with the blocks they stand in.
 */
export class BlockRows extends StoredRows {
  protected async sumAll(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const { workspace, model } = this;
    const { rowsOfBlock } = this.blocks.store;
    const total = new TotalOfSums(model, request);
    await throughBlocks(workspace, model, {
      bytesBeside: 16 * gramLength(model, request) + 64 * model.dimension,
      prepare: (places) => {
        const records = places.map((place) =>
          writePassRecords(place, position, request, [{ from: 0, to: rowsOfBlock }]),
        );
        return async (loaded) => {
          const used = loaded.map(({ place, numRows }) => {
            records[place].endAt(numRows);
            return records[place];
          });
          await workspace.executor.run(
            used.flatMap(({ tasks }) => tasks),
            { signal: workspace.signal },
          );
          for (const record of used) for (const sums of record.sums()) total.add(sums);
          for (const { numRows } of loaded) workspace.counter.rowsVisited += numRows;
        };
      },
    });
    return total.sums();
  }

  /** Keeps the block that was read last. */
  protected fetcher() {
    const { memory } = this.model;
    const { store } = this.blocks;
    const { stride, rowsOfBlock } = store;
    const block = { number: -1, rows: new Float32Array(rowsOfBlock * stride) };
    return async (numbers: readonly number[], address: number) => {
      for (const [k, number] of numbers.entries()) {
        const wanted = Math.floor(number / rowsOfBlock);
        if (wanted !== block.number) {
          this.workspace.signal?.throwIfAborted();
          await store.read(wanted, new Uint8Array(block.rows.buffer, 0, 4 * rowsIn(store, wanted) * stride));
          block.number = wanted;
        }
        const first = (number - wanted * rowsOfBlock) * stride;
        memory.f32(address + 4 * k * stride, stride).set(block.rows.subarray(first, first + stride));
      }
    };
  }
}
