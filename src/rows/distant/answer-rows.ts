import { type BlockStore, rowsIn } from "../../engine/block-store.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import type { Model } from "../../models/model.ts";
import { type Around, type Intensity, influencesOfBlocks, visitDrawn } from "../block-influences.ts";
import { visitAllRows } from "../block-ring.ts";
import { BlockRows } from "../block-rows.ts";
import { isClassified } from "../classified.ts";
import { weightedStride, writeWeightedRow } from "../row-subset.ts";
import type { Workspace } from "../workspace.ts";
import { answerFromGroups, type GroupQuestion, rowsOfGroups } from "./answer-groups.ts";
import { type Answer, answerOfSums, aroundOf, requestOf } from "./plain-answers.ts";
import { modelOfPart, type RowQuestion } from "./questions.ts";

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
    if (question.kind === "groups") return { content: null, data: await rowsOfGroups(store, question.ofParts[part]) };
    const ofGroups = groupQuestion(question);
    if (ofGroups) return await answerFromGroups(workspace, memory, store, part, ofGroups);
    const model = modelOfPart(memory, question.model, store);
    const rows = new BlockRows(workspace, model, model.blocks);
    const { dimension } = model;
    switch (question.kind) {
      case "sums": {
        return answerOfSums(await rows.pass(question.position, requestOf(question)));
      }
      case "influence": {
        const { total, count } = await influencesOfBlocks(workspace, model, aroundOf(question.around, dimension));
        return { content: null, data: Float64Array.of(count, total) };
      }
      case "draw": {
        const { intensity, around, starts } = question;
        return await drawn(workspace, model, aroundOf(around, dimension), { intensity, starts: starts[part] });
      }
      case "effects":
        throw new TypeError("Rows that are not grouped have no effects of groups.");
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

/** The question, where groups are meant: what else is asked of rows needs their linear predictors. */
function groupQuestion(question: Extract<RowQuestion, { readonly model: unknown }>): GroupQuestion | undefined {
  return question.model.groups && question.kind !== "classified" ? question : undefined;
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
