import { sparseWeight } from "../../engine/bindings/sparse-row.ts";
import { type BlockShape, type BlockStore, type BlockWriter, rowsIn } from "../../engine/block-store.ts";
import type { SizesOfGroups } from "../../engine/sizes-of-groups.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { DesignColumn } from "../design-types.ts";
import { denseValues, placedValues, TwinWatch } from "../duplicates.ts";
import type { RowSideKinds } from "../size-limit.ts";

interface EncodedRows extends RowSideKinds {
  readonly columns: readonly DesignColumn[];
  /** Whether rows stand in coordinates of their own, in which no column is another's twin. */
  readonly hasBasis: boolean;
  /** Whether rows are records (engine/bindings/sparse-row.ts), each in a place of its own. */
  readonly isSparse: boolean;
  /** Where each row stands for several, as its weight says: N, how many. */
  readonly counts?: Float64Array;
}

/**
 * Takes a design's rows as they are made and hands them on in blocks, one being filled while the one before is written. On the way
 * it keeps a uniform sample, and sums up what else has to be known of all rows.
 */
export class BlockEncoder {
  private readonly sample: Float32Array;
  private readonly sampled: Uint32Array;
  private readonly twins: TwinWatch;
  private weights = { sum: 0, squares: 0 };
  private buffers: [Float32Array, Float32Array];
  private writing: Promise<void> = Promise.resolve();
  private block = 0;
  /** Rows of the block that is being filled. */
  private filled = 0;
  private numSampled = 0;

  constructor(
    private readonly writer: BlockWriter,
    private readonly shape: BlockShape,
    private readonly of: EncodedRows,
  ) {
    const { stride, rowsOfBlock, sampleRows, numRows } = shape;
    this.sample = new Float32Array(sampleRows * stride);
    this.sampled = chooseRows(numRows, sampleRows);
    this.twins = new TwinWatch(of.hasBasis ? [] : of.columns);
    this.buffers = [new Float32Array(rowsOfBlock * stride), new Float32Array(rowsOfBlock * stride)];
  }

  /** Rows that follow those before; they are copied. */
  async add(rows: Float32Array): Promise<void> {
    const { stride } = this.shape;
    for (let from = 0; from < rows.length; ) {
      const room = rowsIn(this.shape, this.block) - this.filled;
      const part = rows.subarray(from, from + room * stride);
      this.buffers[0].set(part, this.filled * stride);
      this.filled += part.length / stride;
      from += part.length;
      if (this.filled === rowsIn(this.shape, this.block)) await this.flush();
    }
  }

  /** @param groups of rows that stand side by side */
  async finish(groups?: SizesOfGroups): Promise<BlockStore> {
    await this.writing;
    const summary = { weights: this.weightSums(), twins: this.twins.pairs };
    return this.writer.finish(this.sample, { ...summary, ...(groups && { groups }) });
  }

  /** Removes what was written, once nothing is being written any more. */
  async abandon(): Promise<void> {
    await this.writing.catch(() => {});
    this.writer.abandon();
  }

  private async flush(): Promise<void> {
    const { stride } = this.shape;
    const rows = this.buffers[0].subarray(0, this.filled * stride);
    this.twins.look(this.filled, (this.of.isSparse ? placedValues : denseValues)({ rows, stride }));
    if (this.of.hasWeights) this.addWeights(rows);
    this.takeSample(rows);
    await this.writing;
    this.writing = this.writer.write(this.block, rows);
    // Whoever awaits it hears of its failure; that it may come earlier is no error of its own.
    this.writing.catch(() => {});
    this.buffers = [this.buffers[1], this.buffers[0]];
    this.block++;
    this.filled = 0;
  }

  private addWeights(rows: Float32Array): void {
    const { stride, rowsOfBlock } = this.shape;
    for (let at = 0, n = this.block * rowsOfBlock; at < rows.length; at += stride, n++) {
      const weight = this.of.isSparse ? sparseWeight(rows, at) : rows[at + stride - 3];
      this.weights.sum += weight;
      this.weights.squares += weight ** 2 / (this.of.counts?.[n] ?? 1);
    }
  }

  private weightSums(): { sum: number; squares: number } {
    return this.of.hasWeights ? this.weights : { sum: this.shape.numRows, squares: this.shape.numRows };
  }

  private takeSample(rows: Float32Array): void {
    const { stride, rowsOfBlock } = this.shape;
    const first = this.block * rowsOfBlock;
    for (; this.numSampled < this.sampled.length; this.numSampled++) {
      const row = this.sampled[this.numSampled] - first;
      if (row * stride >= rows.length) return;
      this.sample.set(rows.subarray(row * stride, (row + 1) * stride), this.numSampled * stride);
    }
  }
}

/** `count` of `total` numbers without replacement, in order, the same ones every time: Floyd's algorithm, in time that does not grow with the total. */
export function chooseRows(total: number, count: number): Uint32Array {
  const random = createRandom(1, 0, 15);
  const chosen = new Set<number>();
  for (let last = total - count; last < total; last++) {
    const number = Math.floor(random.uniform() * (last + 1));
    chosen.add(chosen.has(number) ? last : number);
  }
  return Uint32Array.from(chosen).sort();
}
