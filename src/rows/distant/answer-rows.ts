import { type BlockStore, rowsIn } from "../../engine/block-store.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import { matrix } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { type Around, type Intensity, influencesOfBlocks, visitDrawn } from "../block-influences.ts";
import { visitAllRows } from "../block-ring.ts";
import { BlockRows } from "../block-rows.ts";
import { isClassified } from "../classified.ts";
import { weightedStride, writeWeightedRow } from "../row-subset.ts";
import type { PassRequest } from "../rows.ts";
import type { Workspace } from "../workspace.ts";
import { modelOfPart, type PlainAround, type RowQuestion } from "./questions.ts";

/** What a part answers. */
interface Answer {
  readonly content: unknown;
  readonly data: ArrayBufferView<ArrayBuffer>;
}

/**
 * Answers a question from the blocks of one part, by the kernels.
 * @param part its number
 * @throws InputError where a block is lost
 */
export async function answerFromBlocks(
  workspace: Workspace,
  memory: EngineMemory,
  store: BlockStore,
  part: number,
  question: RowQuestion,
): Promise<Answer> {
  const mark = memory.mark();
  try {
    if (question.kind === "rows") return { content: null, data: await rowsOf(store, question.ofParts[part]) };
    const model = modelOfPart(memory, question.model, store);
    const rows = new BlockRows(workspace, model, model.blocks);
    const { dimension } = model;
    switch (question.kind) {
      case "sums": {
        const { position, gram, isDiagonal, center } = question;
        const request = { gram, ...(isDiagonal && { isDiagonal }), ...(center && { center }) } as PassRequest;
        const sums = await rows.pass(position, request);
        const ofGram = isDiagonal ? sums.diagonal : sums.gram.data;
        const data = new Float64Array(2 + dimension + ofGram.length);
        data.set([sums.count, sums.loss]);
        data.set(sums.gradient, 2);
        data.set(ofGram, 2 + dimension);
        return { content: null, data };
      }
      case "influence": {
        const { total, count } = await influencesOfBlocks(workspace, model, aroundOf(question.around, dimension));
        return { content: null, data: Float64Array.of(count, total) };
      }
      case "draw": {
        const { intensity, around, starts } = question;
        return await drawn(workspace, model, aroundOf(around, dimension), { intensity, starts: starts[part] });
      }
      case "classified": {
        let [count, right] = [0, 0];
        await visitAllRows(workspace, model, question.position, ({ eta, y }) => {
          count++;
          right += Number(isClassified(model, eta, y));
        });
        return { content: null, data: Float64Array.of(count, right) };
      }
    }
  } finally {
    memory.release(mark);
  }
}

function aroundOf({ center, factor, covariance }: PlainAround, dimension: number): Around {
  const square = (values: readonly number[]) => matrix(dimension, dimension, Float64Array.from(values));
  return { center, law: { factor: square(factor), covariance: square(covariance) } };
}

/** The rows that are drawn, and how many were looked at. */
async function drawn(
  workspace: Workspace,
  model: Model,
  around: Around,
  { intensity, starts }: { readonly intensity: Intensity; readonly starts: readonly number[] },
): Promise<Answer> {
  const { rows } = model;
  const stride = weightedStride(rows);
  let data = new Float32Array(1024 * stride);
  let length = 0;
  let block = 0;
  const startOf = () => starts[block++];
  const count = await visitDrawn(workspace, model, around, { intensity, startOf }, (row, expected) => {
    if (length === data.length) {
      const grown = new Float32Array(2 * length);
      grown.set(data);
      data = grown;
    }
    writeWeightedRow(row, rows, 1 / expected, data.subarray(length, length + stride));
    length += stride;
  });
  if (block !== starts.length)
    throw new Error(`A part has ${block} blocks, and ${starts.length} were to be drawn from.`);
  return { content: count, data: data.slice(0, length) };
}

/** Single rows, with the blocks they stand in. */
async function rowsOf(store: BlockStore, numbers: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const { stride, rowsOfBlock } = store;
  const data = new Float32Array(numbers.length * stride);
  const block = { number: -1, rows: new Float32Array(rowsOfBlock * stride) };
  for (const [k, number] of numbers.entries()) {
    const wanted = Math.floor(number / rowsOfBlock);
    if (wanted !== block.number) {
      await store.read(wanted, new Uint8Array(block.rows.buffer, 0, 4 * rowsIn(store, wanted) * stride));
      block.number = wanted;
    }
    const first = (number - wanted * rowsOfBlock) * stride;
    data.set(block.rows.subarray(first, first + stride), k * stride);
  }
  return data;
}
