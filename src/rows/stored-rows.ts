import { overPlacedRows } from "../models/create-model.ts";
import type { Model, ModelBlocks } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { meanOfBatch, uniformBatch } from "./batches.ts";
import { poolByInfluence } from "./block-pools.ts";
import { KernelRows, TotalOfSums } from "./kernel-rows.ts";
import type { LawAround, LossSums, PassRequest, PoolRequest, RowBatch, RowSums, Rows, RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** Numbers of rows: none of them, where all are meant. */
export interface RowNumbers {
  readonly length: number;
  readonly [k: number]: number;
}

/**
 * Rows in blocks that are not in memory: those that are chosen are fetched and copied side by side, draws by influence make a pool of
 * rows in memory (`poolByInfluence`), and passes over all of them are the implementation's own.
 */
export abstract class StoredRows implements Rows {
  static readonly traits: RowTraits = {
    areInMemory: false,
    areDrawnByInfluence: true,
    mayBeBounded: false,
    haveLinearPredictors: true,
  };
  readonly traits = StoredRows.traits;

  constructor(
    protected readonly workspace: Workspace,
    protected readonly model: Model,
    protected readonly blocks: ModelBlocks,
  ) {}

  /** Sums over all rows, in the order of the blocks. */
  protected abstract sumAll(position: ArrayLike<number>, request: PassRequest): Promise<RowSums>;

  /** What copies the rows of some numbers after the others into memory, at an address. */
  protected abstract fetcher(): (numbers: readonly number[], address: number) => Promise<void>;

  /** What reads some of the rows, once they are in memory. */
  protected inMemory(part: Model, workspace: Workspace): Rows {
    return new KernelRows(workspace, part);
  }

  async pass(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    if (request.gram === "given") throw new TypeError("Numbers of all rows are given of rows in memory only.");
    const { step = 1, rowList } = request;
    const sums = rowList || step > 1 ? await this.sumSome(position, request) : await this.sumAll(position, request);
    const expected = Math.ceil((rowList?.length ?? this.model.rows.numRows) / step);
    // A sum over some of the rows must never pass for one over all.
    if (sums.count !== expected) throw new Error(`A pass has read ${sums.count} rows of ${expected}.`);
    this.workspace.afterPass?.();
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
      await this.inMemory(part, this.workspace).visitGradients(all, position, visit);
    });
  }

  draw(count: number, random: Pick<Xoshiro, "uniform">): RowBatch {
    return uniformBatch(this.model.rows.numRows, count, random);
  }

  /** A pool of rows in memory, from which rows are drawn uniformly; it stays there until the caller releases it. */
  byInfluence(center: ArrayLike<number>, law: LawAround, uniformFraction: number, pool: PoolRequest): Promise<Model> {
    return poolByInfluence(this.workspace, this.model, { center, law }, uniformFraction, pool);
  }

  /** Over rows that are chosen by their numbers, copied side by side: as many at once as a block has, a multiple of 64. */
  private async sumSome(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const { step = 1, rowList, ...gram } = request;
    const total = new TotalOfSums(this.model, request);
    const numbers = rowList ?? { length: this.model.rows.numRows };
    await this.withRows(numbers, step, async (part) => {
      const sums = await this.inMemory(part, { ...this.workspace, afterPass: undefined }).pass(position, gram);
      total.add({ ...sums, gram: request.isDiagonal ? sums.diagonal : sums.gram.data });
    });
    return total.sums();
  }

  /**
   * Calls `use` with a model over some of the rows after the others, in memory until it returns.
   * @param step of which every so manieth is taken
   */
  protected async withRows(numbers: RowNumbers, step: number, use: (part: Model) => Promise<void>): Promise<void> {
    const { memory } = this.model;
    const { stride, rowsOfBlock } = this.blocks.store;
    const count = Math.ceil(numbers.length / step);
    const mark = memory.mark();
    const fetch = this.fetcher();
    try {
      const address = memory.allocate(4 * Math.min(count, rowsOfBlock) * stride);
      for (let from = 0; from < count; from += rowsOfBlock) {
        const length = Math.min(rowsOfBlock, count - from);
        const wanted = Array.from({ length }, (_, k) => numbers[(from + k) * step] ?? (from + k) * step);
        await fetch(wanted, address);
        const inner = memory.mark();
        await use(overPlacedRows(this.model, { address, numRows: length }));
        memory.release(inner);
      }
    } finally {
      memory.release(mark);
    }
  }
}
