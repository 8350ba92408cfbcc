import { version } from "../../../package.json" with { type: "json" };
import { type BlockStore, blockShape } from "../../engine/block-store.ts";
import type { DesignCells } from "../cells.ts";
import type { DesignOptions, DesignRecipe } from "../design-types.ts";
import type { RowLayout } from "../fill.ts";
import type { RowSideKinds } from "../size-limit.ts";
import { BlockEncoder } from "./block-encoder.ts";
import { type ContentHash, hashOf } from "./content-hash.ts";
import { readSample } from "./read-sample.ts";

/** Incremented whenever the same rows come to other blocks. */
const format = 1;

interface Blocks {
  readonly store: BlockStore;
  /** The sample, in the memory that rows go to. */
  readonly rows: Float32Array;
}

/**
 * Encodes rows into blocks, or finds those that an earlier run kept: of the same values in the columns that are read, by the same
 * recipe.
 * @param fill has the rows written by an encoder
 * @throws InputError where the disk is full, or the data changed
 */
export async function encodeBlocks(
  layout: RowLayout & RowSideKinds & { readonly cells?: Pick<DesignCells, "counts"> },
  { recipe, content }: { readonly recipe: DesignRecipe; readonly content: ContentHash | undefined },
  { blocks: files, memory, weights }: Pick<DesignOptions, "blocks" | "memory" | "weights">,
  fill: (encoder: BlockEncoder) => Promise<void>,
): Promise<Blocks> {
  if (!files) throw new TypeError("There is no place for blocks.");
  const { numRows, stride, columns, basis, sparse, hasWeights, hasOffset } = layout;
  const shape = blockShape(numRows, stride);
  // A recipe predicts, and says nothing of weights.
  const stored = {
    columns,
    weights,
    hasWeights,
    hasOffset,
    isCentred: sparse && [...sparse.isCentred],
    basis: basis && { matrix: Array.from(basis.matrix.data), isNull: [...basis.isNull] },
  };
  const identity =
    files.createHash &&
    content &&
    hashOf(files.createHash, { format, version, shape, recipe, stored, content: content.digest() });
  const kept = identity === undefined ? undefined : await files.open(identity);
  const store = kept ?? (await encode());
  try {
    return { store, rows: await readSample(store, sparse, memory) };
  } catch (error) {
    store.remove();
    throw error;
  }

  async function encode(): Promise<BlockStore> {
    const encoder = new BlockEncoder(await files!.create(shape, identity), shape, {
      columns,
      hasBasis: basis !== undefined,
      isSparse: sparse !== undefined,
      counts: layout.cells?.counts,
      hasWeights,
      hasOffset,
    });
    try {
      await fill(encoder);
      return await encoder.finish();
    } catch (error) {
      await encoder.abandon();
      throw error;
    }
  }
}
