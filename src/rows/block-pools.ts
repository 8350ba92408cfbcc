import { writeInfluenceRecords } from "../engine/bindings/influence-record.ts";
import { overRowsInMemory } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { throughBlocks } from "./block-ring.ts";
import { weightedStride, writeWeightedRow } from "./row-subset.ts";
import type { LawAround, PoolRequest } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** The law around θ̂ over which influences are taken. */
interface Around {
  readonly center: ArrayLike<number>;
  readonly law: LawAround;
}

/** The influences q_n of rows in blocks: their sum, and draws that follow them. */
export interface BlockInfluences {
  /** Σ q_n */
  readonly total: number;
  /**
   * Rows in memory, each with its weight times 1/π_n, until the caller releases them. A block's rows are drawn systematically from a
   * random start of its own: row n as often as whole numbers lie in the step that the sum of the π up to it takes, so that the
   * expected number is π_n, and Σ over the draws of f_n/π_n is unbiased for Σ f_n.
   * @param intensity π_n from q_n
   */
  draw(intensity: (influence: number) => number, seed: number): Promise<Model>;
}

/** Σ q_n by a pass over all rows; a draw is one more. */
export async function influencesOfBlocks(workspace: Workspace, model: Model, around: Around): Promise<BlockInfluences> {
  let total = 0;
  await visitInfluences(workspace, model, around, (influences) => {
    for (const influence of influences) total += influence;
  });
  // As alias tables refuse them.
  if (!Number.isFinite(total)) throw new RangeError(`Rows cannot be drawn in proportion to the value ${total}.`);
  return {
    total,
    draw: (intensity, seed) => drawSystematically(workspace, model, around, { total, intensity, seed }),
  };
}

/** Calls `visit` with the influences of each block's rows, and the rows, in the order of the blocks. */
async function visitInfluences(
  workspace: Workspace,
  model: Model,
  { center, law }: Around,
  visit: (influences: Float32Array, rows: Float32Array, block: number) => void,
): Promise<void> {
  const { memory } = model;
  const { rowsOfBlock, stride } = model.blocks!.store;
  const arrays = { factor: law.factor.data, covariance: law.covariance.data };
  await throughBlocks(workspace, model, {
    bytesBeside: 4 * rowsOfBlock + 16 * model.dimension ** 2,
    prepare: (places) => {
      const records = places.map((place) => {
        const influence = memory.allocate(4 * rowsOfBlock);
        const range = [{ from: 0, to: rowsOfBlock }];
        const written = writeInfluenceRecords(place, { center, law: arrays, influence }, range);
        return { ...written, influence, address: place.rows.address };
      });
      return async (loaded) => {
        for (const { place, numRows } of loaded) records[place].endAt(numRows);
        const tasks = loaded.flatMap(({ place }) => records[place].tasks);
        await workspace.executor.run(tasks, { signal: workspace.signal });
        for (const { place, block, numRows } of loaded) {
          const { influence, address } = records[place];
          visit(memory.f32(influence, numRows), memory.f32(address, numRows * stride), block);
          workspace.counter.rowsVisited += numRows;
        }
      };
    },
  });
}

async function drawSystematically(
  workspace: Workspace,
  model: Model,
  around: Around,
  { total, intensity, seed }: { total: number; intensity: (influence: number) => number; seed: number },
): Promise<Model> {
  const { memory, rows, blocks } = model;
  const { numRows, numBlocks, stride: from } = blocks!.store;
  const stride = weightedStride(rows);
  // π is linear in q, or less; and a block's sum is rounded up, at most.
  const mean = total / numRows;
  const capacity = Math.ceil(numRows * Math.max(intensity(mean), 0) * (1 + 1e-6)) + numBlocks + 1;
  const address = memory.allocate(4 * stride * capacity);
  const mark = memory.mark();
  const random = createRandom(seed, 0, 16);
  let drawn = 0;
  await visitInfluences(workspace, model, around, (influences, block) => {
    let next = random.uniform();
    let sum = 0;
    for (let n = 0; n < influences.length; n++) {
      const expected = intensity(influences[n]);
      sum += expected;
      for (; next < sum; next++) {
        if (drawn === capacity) throw new RangeError("More rows are drawn than there is room for.");
        const target = memory.f32(address + 4 * stride * drawn, stride).fill(0);
        writeWeightedRow(block.subarray(n * from, (n + 1) * from), rows, 1 / expected, target);
        drawn++;
      }
    }
  });
  memory.release(mark);
  return overRowsInMemory(model, { ...rows, address, stride, numRows: drawn, hasWeights: true, wholeRows: numRows });
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
  const { total, draw } = await influencesOfBlocks(workspace, model, around);
  const factor = total > 0 ? ((1 - uniformFraction) * size) / total : 0;
  const offset = ((total > 0 ? uniformFraction : 1) * size) / numRows;
  const pool = await draw((influence) => factor * influence + offset, seed);
  const { address, stride, numRows: drawn } = pool.rows;
  const rows = memory.f32(address, drawn * stride);
  for (let at = stride - 3; at < rows.length; at += stride) rows[at] *= drawn / numRows;
  return pool;
}

/** Bytes of a pool that is made without asking. */
const usualPool = { rows: 2 ** 16, bytes: 2 ** 25, atLeast: 4096 };

/** Rows of the first pool, and the most that memory allows. */
export function poolSizes(model: Model): { readonly first: number; readonly most: number } {
  const { memoryBytes } = model.blocks!.store;
  const bytes = 4 * weightedStride(model.rows);
  const first = Math.max(usualPool.atLeast, Math.min(usualPool.rows, Math.floor(usualPool.bytes / bytes)));
  return { first, most: Math.max(first, Math.floor(memoryBytes / 3 / bytes)) };
}
