import { numBlocksOf } from "../../engine/block-store.ts";
import type { PartAnswer } from "../../engine/distant-parts.ts";
import { overRowsInMemory } from "../../models/create-model.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { Around, BlockInfluences } from "../block-influences.ts";
import { weightedStride } from "../row-subset.ts";
import type { Workspace } from "../workspace.ts";
import { type PlainAround, plainModel, type RowQuestion } from "./questions.ts";

type Unnamed<Question> = Question extends { readonly model: unknown } ? Omit<Question, "model"> : never;

export async function askOfModel(
  { signal }: Workspace,
  model: Model,
  question: Unnamed<RowQuestion>,
): Promise<readonly PartAnswer[]> {
  signal?.throwIfAborted();
  const { rowsOfParts, parts } = model.blocks!.store.distant!;
  const answers = await parts.ask({ ...question, model: plainModel(model) });
  signal?.throwIfAborted();
  if (answers.length !== rowsOfParts.length)
    throw new Error(`Of ${rowsOfParts.length} parts ${answers.length} have answered.`);
  return answers;
}

/** Σ q_n by the parts; a draw is one more question, which finds the rows that blocks here would draw. */
export async function influencesOfParts(workspace: Workspace, model: Model, around: Around): Promise<BlockInfluences> {
  const { store } = model.blocks!;
  const plain: PlainAround = {
    center: Array.from(around.center),
    factor: Array.from(around.law.factor.data),
    covariance: Array.from(around.law.covariance.data),
  };
  let [count, total] = [0, 0];
  for (const { data } of await askOfModel(workspace, model, { kind: "influence", around: plain })) {
    const [own, sum] = f64(data, 2);
    count += own;
    total += sum;
  }
  requireAll(count, store.numRows);
  workspace.counter.rowsVisited += count;
  return {
    total,
    async draw(intensity, seed) {
      const random = createRandom(seed, 0, 16);
      const { rowsOfBlock } = store;
      const starts = store.distant!.rowsOfParts.map((numRows) =>
        Array.from({ length: numBlocksOf({ numRows, rowsOfBlock }) }, () => random.uniform()),
      );
      const answers = await askOfModel(workspace, model, { kind: "draw", around: plain, intensity, starts });
      const { memory, rows } = model;
      const stride = weightedStride(rows);
      const numRows = answers.reduce((sum, { data }) => sum + data.length / 4 / stride, 0);
      const read = answers.reduce((sum, { content }) => sum + Number(content), 0);
      requireAll(read, store.numRows);
      workspace.counter.rowsVisited += read;
      let address = memory.allocate(4 * stride * numRows);
      const first = address;
      for (const { data } of answers) {
        memory.u8(address, data.length).set(data);
        address += data.length;
      }
      const { numRows: wholeRows } = store;
      return overRowsInMemory(model, { ...rows, address: first, stride, numRows, hasWeights: true, wholeRows });
    },
  };
}

/** Whether all rows are classified rightly. */
export async function areAllClassified(
  workspace: Workspace,
  model: Model,
  position: ArrayLike<number>,
): Promise<boolean> {
  const answers = await askOfModel(workspace, model, { kind: "classified", position: Array.from(position) });
  let [count, right] = [0, 0];
  for (const { data } of answers) {
    const [own, good] = f64(data, 2);
    count += own;
    right += good;
  }
  requireAll(count, model.rows.numRows);
  workspace.counter.rowsVisited += count;
  return right === count;
}

function requireAll(count: number, expected: number): void {
  if (count !== expected) throw new Error(`A pass has read ${count} rows of ${expected}.`);
}

export const f64 = (data: Uint8Array<ArrayBuffer>, length: number) => {
  if (data.length !== 8 * length) throw new Error(`A part has answered with ${data.length} bytes of ${8 * length}.`);
  return new Float64Array(data.slice().buffer);
};

export const f32 = (data: Uint8Array<ArrayBuffer>, length: number) => {
  if (data.length !== 4 * length) throw new Error(`A part has answered with ${data.length} bytes of ${4 * length}.`);
  return new Float32Array(data.slice().buffer);
};
