import { writeInfluenceRecords } from "../engine/bindings/influence-record.ts";
import { overPlacedRows } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { throughBlocks } from "./block-ring.ts";
import { weightedStride, writeWeightedRow } from "./row-subset.ts";
import type { LawAround } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** The law around θ̂ over which influences are taken. */
export interface Around {
  readonly center: ArrayLike<number>;
  readonly law: LawAround;
}

/** π_n = min(most, factor q_n + offset). */
export interface Intensity {
  readonly factor: number;
  readonly offset: number;
  readonly most?: number;
}

const expectedAt = ({ factor, offset, most = Number.POSITIVE_INFINITY }: Intensity, influence: number) =>
  Math.min(most, factor * influence + offset);

/**
 * What draws systematically from rows in their order: how often each is drawn, by its influence, and the expected number of times.
 * @param start where the draws begin, from 0 to 1
 */
export function drawnTimes(
  intensity: Intensity,
  start: number,
): (influence: number) => { readonly times: number; readonly expected: number } {
  let next = start;
  let sum = 0;
  return (influence) => {
    const expected = expectedAt(intensity, influence);
    sum += expected;
    let times = 0;
    for (; next < sum; next++) times++;
    return { times, expected };
  };
}

/** The influences q_n of rows in blocks: their sum, and draws that follow them. */
export interface BlockInfluences {
  /** Σ q_n */
  readonly total: number;
  /**
   * Rows in memory, each with its weight times 1/π_n, until the caller releases them. A block's rows are drawn systematically from a
   * random start of its own: row n as often as whole numbers lie in the step that the sum of the π up to it takes, so that the
   * expected number is π_n, and Σ over the draws of f_n/π_n is unbiased for Σ f_n.
   */
  draw(intensity: Intensity, seed: number): Promise<Model>;
}

/** Σ q_n by a pass over all rows, and how many these are; a draw is one more. */
export async function influencesOfBlocks(
  workspace: Workspace,
  model: Model,
  around: Around,
): Promise<BlockInfluences & { readonly count: number }> {
  let [count, total] = [0, 0];
  await visitInfluences(workspace, model, around, (influences) => {
    count += influences.length;
    for (const influence of influences) total += influence;
  });
  return {
    count,
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
    prepare: (places, addresses) => {
      const records = places.map((place, k) => {
        const influence = memory.allocate(4 * rowsOfBlock);
        const range = [{ from: 0, to: rowsOfBlock }];
        const written = writeInfluenceRecords(place, { center, law: arrays, influence }, range);
        return { ...written, influence, address: addresses[k] };
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

/**
 * Calls `visit` with each row that is drawn, as often as it is, and the expected number of times.
 * @param startOf where the draws of the next block begin, from 0 to 1
 * @returns how many rows were looked at
 */
export async function visitDrawn(
  workspace: Workspace,
  model: Model,
  around: Around,
  { intensity, startOf }: { readonly intensity: Intensity; startOf(): number },
  visit: (row: Float32Array, expected: number) => void,
): Promise<number> {
  const { stride } = model.blocks!.store;
  let count = 0;
  await visitInfluences(workspace, model, around, (influences, block) => {
    const timesOf = drawnTimes(intensity, startOf());
    for (let n = 0; n < influences.length; n++) {
      const { times, expected } = timesOf(influences[n]);
      for (let time = 0; time < times; time++) visit(block.subarray(n * stride, (n + 1) * stride), expected);
    }
    count += influences.length;
  });
  return count;
}

async function drawSystematically(
  workspace: Workspace,
  model: Model,
  around: Around,
  { total, intensity, seed }: { readonly total: number; readonly intensity: Intensity; readonly seed: number },
): Promise<Model> {
  const { memory, rows, blocks } = model;
  const { numRows, numBlocks } = blocks!.store;
  const stride = weightedStride(rows);
  // π is linear in q, or less; and a block's sum is rounded up, at most.
  const mean = total / numRows;
  const capacity = Math.ceil(numRows * Math.max(expectedAt(intensity, mean), 0) * (1 + 1e-6)) + numBlocks + 1;
  const address = memory.allocate(4 * stride * capacity);
  const mark = memory.mark();
  const random = createRandom(seed, 0, 16);
  let drawn = 0;
  const startOf = () => random.uniform();
  await visitDrawn(workspace, model, around, { intensity, startOf }, (row, expected) => {
    if (drawn === capacity) throw new RangeError("More rows are drawn than there is room for.");
    writeWeightedRow(row, rows, 1 / expected, memory.f32(address + 4 * stride * drawn, stride).fill(0));
    drawn++;
  });
  memory.release(mark);
  return overPlacedRows(model, { address, stride, numRows: drawn, hasWeights: true, wholeRows: numRows });
}
