import { gramLength, writePassRecords } from "../engine/bindings/pass-record.ts";
import { rowsIn } from "../engine/block-store.ts";
import { overRowsInMemory } from "../models/create-model.ts";
import type { Model, ModelBlocks } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { meanOfBatch, uniformBatch } from "./batches.ts";
import { poolByInfluence } from "./block-pools.ts";
import { throughBlocks } from "./block-ring.ts";
import { KernelRows, TotalOfSums } from "./kernel-rows.ts";
import type { LawAround, LossSums, PassRequest, PoolRequest, RowBatch, RowSums, Rows, RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Rows in blocks on disk. A pass reads them ahead into the engine's memory, and the kernels sum each up as they sum up rows in memory
 * that are cut where blocks end: to the bit. Single rows are read with the blocks they stand in. Draws by influence make a pool of rows
 * in memory (`poolByInfluence`).
 */
export class BlockRows implements Rows {
  static readonly traits: RowTraits = {
    areInMemory: false,
    areDrawnByInfluence: true,
    mayBeBounded: false,
    haveLinearPredictors: true,
  };
  readonly traits = BlockRows.traits;

  constructor(
    private readonly workspace: Workspace,
    private readonly model: Model,
    private readonly blocks: ModelBlocks,
  ) {}

  async pass(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    if (request.gram === "given") throw new TypeError("Numbers of all rows are given of rows in memory only.");
    const { workspace } = this;
    const { step = 1, rowList } = request;
    const sums = rowList || step > 1 ? await this.sumSome(position, request) : await this.sumAll(position, request);
    const expected = Math.ceil((rowList?.length ?? this.model.rows.numRows) / step);
    // A sum over some of the rows must never pass for one over all.
    if (sums.count !== expected) throw new Error(`A pass has read ${sums.count} rows of ${expected}.`);
    workspace.afterPass?.();
    return sums;
  }

  passes(): (positions: readonly ArrayLike<number>[]) => Promise<LossSums[]> {
    return async (positions) => {
      const results: LossSums[] = [];
      for (const position of positions) results.push(await this.sumAll(position, { gram: "none" }));
      return results;
    };
  }

  evaluate(batch: RowBatch, position: Float64Array): Promise<Float64Array> {
    this.workspace.counter.rowsVisited += batch.rows.length;
    return meanOfBatch(this, batch, position);
  }

  async visitGradients(
    numbers: Uint32Array,
    position: Float64Array,
    visit: (gradient: Float64Array) => void,
  ): Promise<void> {
    await this.withRows(numbers, 1, async (part) => {
      const all = Uint32Array.from({ length: part.rows.numRows }, (_, n) => n);
      await new KernelRows(this.workspace, part).visitGradients(all, position, visit);
    });
  }

  draw(count: number, random: Pick<Xoshiro, "uniform">): RowBatch {
    return uniformBatch(this.model.rows.numRows, count, random);
  }

  /** A pool of rows in memory, from which rows are drawn uniformly; it stays there until the caller releases it. */
  byInfluence(center: ArrayLike<number>, law: LawAround, uniformFraction: number, pool: PoolRequest): Promise<Model> {
    return poolByInfluence(this.workspace, this.model, { center, law }, uniformFraction, pool);
  }

  private async sumAll(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
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

  /** Over rows that are chosen by their numbers, copied side by side: as many at once as a block has, a multiple of 64. */
  private async sumSome(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const { step = 1, rowList, ...gram } = request;
    const total = new TotalOfSums(this.model, request);
    const numbers = rowList ?? { length: this.model.rows.numRows };
    await this.withRows(numbers, step, async (part) => {
      const sums = await new KernelRows({ ...this.workspace, afterPass: undefined }, part).pass(position, gram);
      total.add({ ...sums, gram: request.isDiagonal ? sums.diagonal : sums.gram.data });
    });
    return total.sums();
  }

  /**
   * Calls `use` with a model over some of the rows after the others, in memory until it returns.
   * @param numbers of the rows; none of them, where all are meant
   * @param step of which every so manieth is taken
   */
  private async withRows(
    numbers: { readonly length: number; readonly [k: number]: number },
    step: number,
    use: (part: Model) => Promise<void>,
  ): Promise<void> {
    const { memory, rows } = this.model;
    const { store } = this.blocks;
    const { stride, rowsOfBlock } = store;
    const count = Math.ceil(numbers.length / step);
    const mark = memory.mark();
    const block = { number: -1, rows: new Float32Array(rowsOfBlock * stride) };
    try {
      const address = memory.allocate(4 * Math.min(count, rowsOfBlock) * stride);
      for (let from = 0; from < count; from += rowsOfBlock) {
        const length = Math.min(rowsOfBlock, count - from);
        for (let k = 0; k < length; k++) {
          const at = (from + k) * step;
          const number = numbers[at] ?? at;
          const wanted = Math.floor(number / rowsOfBlock);
          if (wanted !== block.number) {
            this.workspace.signal?.throwIfAborted();
            await store.read(wanted, new Uint8Array(block.rows.buffer, 0, 4 * rowsIn(store, wanted) * stride));
            block.number = wanted;
          }
          const first = (number - wanted * rowsOfBlock) * stride;
          memory.f32(address + 4 * k * stride, stride).set(block.rows.subarray(first, first + stride));
        }
        const inner = memory.mark();
        await use(overRowsInMemory(this.model, { ...rows, address, numRows: length }));
        memory.release(inner);
      }
    } finally {
      memory.release(mark);
    }
  }
}
