import { scaleGroupEntries } from "../engine/bindings/group-record.ts";
import type { Model } from "../models/model.ts";
import { type Around, type BlockInfluences, influencesOfBlocks } from "./block-influences.ts";
import { influencesOfParts } from "./distant/ask-parts.ts";
import { scaleWeights, weightedStride } from "./row-subset.ts";
import type { PoolRequest } from "./rows.ts";
import { rowsPerRow } from "./work.ts";
import type { Workspace } from "./workspace.ts";

/** The influences of rows in blocks, here or elsewhere. @throws RangeError where their sum is beyond all numbers */
export async function influencesOf(workspace: Workspace, model: Model, around: Around): Promise<BlockInfluences> {
  const find = model.blocks?.store.distant ? influencesOfParts : influencesOfBlocks;
  const influences = await find(workspace, model, around);
  // As alias tables refuse them.
  if (!Number.isFinite(influences.total))
    throw new RangeError(`Rows cannot be drawn in proportion to the value ${influences.total}.`);
  return influences;
}

/**
 * A pool of about so many rows, drawn by p_n = (1 − u) q_n/Σq + u/N, of which each has the weight R/(N π_n), π_n = size p_n, so that
 * the mean over rows drawn uniformly from its R is unbiased for that over all N. A row of large influence stands in it several times.
 */
export async function poolByInfluence(
  workspace: Workspace,
  model: Model,
  around: Around,
  uniformFraction: number,
  { size, seed }: PoolRequest,
): Promise<Model> {
  const { memory } = model;
  const { numRows } = model.rows;
  const { total, draw } = await influencesOf(workspace, model, around);
  const factor = total > 0 ? ((1 - uniformFraction) * size) / total : 0;
  const offset = ((total > 0 ? uniformFraction : 1) * size) / numRows;
  const pool = await draw({ factor, offset }, seed);
  const { numRows: drawn } = pool.rows;
  if (pool.groups) {
    scaleGroupEntries(memory, pool.rows, drawn / numRows);
    return pool;
  }
  scaleWeights(pool, drawn / numRows);
  return pool;
}

/** Bytes of a pool that is made without asking. */
const usualPool = { rows: 2 ** 16, bytes: 2 ** 25, atLeast: 4096 };

/** Bytes of the rows of a pool of groups, which come from elsewhere; and of an entry beside them, which a group has for each draw. */
const poolOfGroups = { bytes: 2 ** 27, entryBytes: 32, most: 2 ** 21 };

/** Rows of the first pool, and the most that memory allows. */
export function poolSizes(model: Model): { readonly first: number; readonly most: number } {
  const { memoryBytes, stride } = model.blocks!.store;
  const room = Math.min(memoryBytes / 3, poolOfGroups.bytes);
  const bytesOfGroup = 4 * stride * rowsPerRow(model);
  // Where all groups fit, a larger pool has each of them more often, and no more rows.
  if (model.groups && model.rows.numRows * bytesOfGroup <= room) {
    const most = Math.min(poolOfGroups.most, Math.floor(room / poolOfGroups.entryBytes));
    return { first: Math.min(usualPool.rows, most), most };
  }
  if (model.groups) {
    const most = Math.max(1, Math.floor(room / (bytesOfGroup + poolOfGroups.entryBytes)));
    return { first: Math.min(usualPool.rows, most), most };
  }
  const bytes = 4 * weightedStride(model.rows);
  const first = Math.max(usualPool.atLeast, Math.min(usualPool.rows, Math.floor(usualPool.bytes / bytes)));
  return { first, most: Math.max(first, Math.floor(memoryBytes / 3 / bytes)) };
}
