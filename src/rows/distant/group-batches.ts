import { type BlockStore, rowsIn } from "../../engine/block-store.ts";
import { overPlacedRows } from "../../models/create-model.ts";
import { createGroupModel } from "../../models/group-model.ts";
import type { Model } from "../../models/model.ts";
import type { PlainModel } from "./questions.ts";

/** Groups of one part that are worked on at once. */
export interface GroupBatch {
  /** Whose rows are these groups. */
  readonly model: Model;
  /** The number within the part of the first of them. */
  readonly first: number;
  /** How many rows each has. */
  readonly sizes: readonly number[];
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
  for (const { first, sizes, firstRow, numRows } of batchesOf(sizesIn(store), rowsAtOnce)) {
    const data = await read(firstRow, numRows);
    const mark = memory.mark();
    try {
      const address = memory.allocate(4 * data.length, 64);
      memory.f32(address, data.length).set(data);
      const flat = overPlacedRows(rows, { address, numRows });
      const innerStarts = [0];
      for (const size of sizes) innerStarts.push(innerStarts[innerStarts.length - 1] + size);
      await use({ model: createGroupModel(flat, { innerStarts, inner: groups.inner }, groups.nodes), first, sizes });
    } finally {
      memory.release(mark);
    }
  }
}

/** How many rows each of a part's groups has. */
export function sizesIn({ summary: { groupSizes }, numRows }: BlockStore): readonly number[] {
  if (!groupSizes) throw new TypeError("The part's rows are not grouped.");
  const sum = groupSizes.reduce((total, size) => total + size, 0);
  if (sum !== numRows) throw new Error(`A part has ${numRows} rows, and its groups have ${sum}.`);
  return groupSizes;
}

/** Groups one after the other, as many as have so many rows together, or one that has more. */
function* batchesOf(sizes: readonly number[], most: number) {
  for (let [first, firstRow] = [0, 0]; first < sizes.length; ) {
    let [end, numRows] = [first, 0];
    while (end < sizes.length && (end === first || numRows + sizes[end] <= most)) numRows += sizes[end++];
    yield { first, sizes: sizes.slice(first, end), firstRow, numRows };
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
