import { blockFiles } from "../../src/blocks/block-files-node.ts";
import { sparseRowEnd } from "../../src/engine/bindings/sparse-row.ts";
import {
  type BlockFiles,
  type BlockShape,
  type BlockStore,
  numBlocksOf,
  rowsIn,
} from "../../src/engine/block-store.ts";
import { overBlocks } from "../../src/models/create-model.ts";
import type { Model, ModelBlocks } from "../../src/models/model.ts";
import { weightSums } from "../../src/rows/visit-rows.ts";

/** Files of blocks for tests, to be closed. */
export const filesForBlocks = (): BlockFiles => blockFiles({ memoryBytes: 2 ** 26 });

/** A model's rows, which are in memory, as they stand in blocks: sparse ones each in a place that the longest fits into. */
function placedRows({ memory, rows }: Model, least: number): { readonly rows: Float32Array; readonly stride: number } {
  const { address, numRows, stride, sparse } = rows;
  if (!sparse) return { rows: memory.f32(address, numRows * stride).slice(), stride };
  const everything = memory.u32(0, memory.memory.buffer.byteLength / 4);
  const records = Array.from(memory.u32(address, numRows), (start) =>
    everything.subarray(start / 4, sparseRowEnd(everything, start / 4)),
  );
  const longest = records.reduce((most, { length }) => Math.max(most, length), least);
  const placed = new Uint32Array(numRows * longest);
  for (const [n, record] of records.entries()) placed.set(record, n * longest);
  return { rows: new Float32Array(placed.buffer), stride: longest };
}

/**
 * Writes a model's rows, which are in memory, into blocks of so many rows; the sample is the first of them.
 * @param least words of a sparse row's place
 */
export async function storeOf(files: BlockFiles, model: Model, rowsOfBlock: number, least = 0): Promise<BlockStore> {
  const { numRows } = model.rows;
  const { rows, stride } = placedRows(model, least);
  const shape: BlockShape = { numRows, stride, rowsOfBlock, sampleRows: Math.min(numRows, 1000) };
  const writer = await files.create(shape, undefined);
  for (let block = 0; block < numBlocksOf(shape); block++) {
    const first = block * rowsOfBlock * stride;
    await writer.write(block, rows.subarray(first, first + rowsIn(shape, block) * stride));
  }
  return writer.finish(rows.slice(0, shape.sampleRows * stride), { weights: weightSums(model), twins: [] });
}

/** The same model over blocks of its rows. */
export async function inBlocksOf(
  files: BlockFiles,
  model: Model,
  rowsOfBlock: number,
): Promise<Model & { readonly blocks: ModelBlocks }> {
  return overStore(model, await storeOf(files, model, rowsOfBlock));
}

/** The same model over rows that are in a store. */
export function overStore(model: Model, store: BlockStore): Model & { readonly blocks: ModelBlocks } {
  const { blocks, ...over } = overBlocks({ ...model, rows: { ...model.rows, stride: store.stride } }, store);
  return { ...over, blocks: blocks! };
}
