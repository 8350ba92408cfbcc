import { blockFiles } from "../../src/blocks/block-files-node.ts";
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

/** Writes a model's rows, which are in memory, into blocks of so many rows; the sample is the first of them. */
export async function storeOf(files: BlockFiles, model: Model, rowsOfBlock: number): Promise<BlockStore> {
  const { numRows, stride, address } = model.rows;
  const shape: BlockShape = { numRows, stride, rowsOfBlock, sampleRows: Math.min(numRows, 1000) };
  const writer = await files.create(shape, undefined);
  const rows = model.memory.f32(address, numRows * stride).slice();
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
  const over = overBlocks(model, await storeOf(files, model, rowsOfBlock));
  return { ...over, blocks: over.blocks! };
}
