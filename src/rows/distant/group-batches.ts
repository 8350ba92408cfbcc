import { type BlockStore, rowsIn } from "../../engine/block-store.ts";
import { rowsOfEach, type SizesOfGroups, someGroups } from "../../engine/sizes-of-groups.ts";
import { overPlacedRows } from "../../models/create-model.ts";
import { createGroupModel, groupingOfSizes } from "../../models/group-model.ts";
import type { Model } from "../../models/model.ts";
import type { PlainModel } from "./questions.ts";

/** Groups of one part that are worked on at once. */
export interface GroupBatch {
  /** Whose rows are these groups. */
  readonly model: Model;
  /** The number within the part of the first of them. */
  readonly first: number;
}

/** Rows that are worked on at once, but for a group that has more: the same everywhere, as sums are made batch by batch. */
const rowsAtOnce = 16_384;

/**
 * Calls `use` with all groups of a part, some at a time in their order, as a model over rows in memory until it returns.
 * @param rows the model of the part's rows, whose blocks are read
 */
export async function throughGroups(
  rows: Model,
  { groups }: PlainModel,
  use: (batch: GroupBatch) => Promise<void>,
): Promise<void> {
  const { memory } = rows;
  if (!groups || !rows.blocks) throw new TypeError("The rows are in no blocks, or not grouped.");
  const { store } = rows.blocks;
  const read = rowReader(store);
  const sizes = sizesIn(store);
  for (const { first, end, firstRow, numRows } of batchesOf(rowsOfEach(sizes), rowsAtOnce)) {
    const data = await read(firstRow, numRows);
    const mark = memory.mark();
    try {
      const address = memory.allocate(4 * data.length, 64);
      memory.f32(address, data.length).set(data);
      const flat = overPlacedRows(rows, { address, numRows });
      const own = someGroups(
        sizes,
        Array.from({ length: end - first }, (_, k) => first + k),
      );
      await use({ model: createGroupModel(flat, groupingOfSizes(own, groups), groups.nodes), first });
    } finally {
      memory.release(mark);
    }
  }
}

/** The groups of a part. */
export function sizesIn({ summary: { groups }, numRows }: BlockStore): SizesOfGroups {
  if (!groups) throw new TypeError("The part's rows are not grouped.");
  const sum = groups.rows.reduce((total, size) => total + size, 0);
  if (sum !== numRows) throw new Error(`A part has ${numRows} rows, and its groups have ${sum}.`);
  return groups;
}

/** Groups one after the other, as many as have so many rows together, or one that has more. */
function* batchesOf(sizes: readonly number[], most: number) {
  for (let [first, firstRow] = [0, 0]; first < sizes.length; ) {
    let [end, numRows] = [first, 0];
    while (end < sizes.length && (end === first || numRows + sizes[end] <= most)) numRows += sizes[end++];
    yield { first, end, firstRow, numRows };
    firstRow += numRows;
    first = end;
  }
}

/** What reads rows that stand side by side in blocks, and keeps the block that was read last. */
export function rowReader(store: BlockStore): (from: number, count: number) => Promise<Float32Array> {
  const { stride, rowsOfBlock } = store;
  const block = { number: -1, rows: new Float32Array(rowsOfBlock * stride) };
  return async (from, count) => {
    const data = new Float32Array(count * stride);
    for (let row = from; row < from + count; ) {
      const wanted = Math.floor(row / rowsOfBlock);
      if (wanted !== block.number) {
        await store.read(wanted, new Uint8Array(block.rows.buffer, 0, 4 * rowsIn(store, wanted) * stride));
        block.number = wanted;
      }
      const end = Math.min(from + count, (wanted + 1) * rowsOfBlock);
      const [start, stop] = [row, end].map((n) => (n - wanted * rowsOfBlock) * stride);
      data.set(block.rows.subarray(start, stop), (row - from) * stride);
      row = end;
    }
    return data;
  };
}
