import type { OfLevels } from "../../engine/bindings/effects-record.ts";
import type { BlockStore } from "../../engine/block-store.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import { rowsOfEach, startsOfSizes } from "../../engine/sizes-of-groups.ts";
import type { Model } from "../../models/model.ts";
import { drawnTimes } from "../block-influences.ts";
import { drawEffects, sumEffects } from "../group-effects.ts";
import { GroupRows } from "../group-rows.ts";
import { TotalOfSums } from "../kernel-rows.ts";
import type { LawAround } from "../rows.ts";
import type { Workspace } from "../workspace.ts";
import { type GroupBatch, rowReader, sizesIn, throughGroups } from "./group-batches.ts";
import { type Answer, answerOfSums, aroundOf, requestOf } from "./plain-answers.ts";
import { type CountsOfEffects, type DrawnGroups, modelOfPart, type RowQuestion } from "./questions.ts";

/** What is asked of groups by a model. */
export type GroupQuestion = Extract<RowQuestion, { readonly kind: "sums" | "influence" | "draw" | "effects" }>;

/** Answers a question of the groups of one part. @throws InputError where a block is lost */
export async function answerFromGroups(
  workspace: Workspace,
  memory: EngineMemory,
  store: BlockStore,
  part: number,
  question: GroupQuestion,
): Promise<Answer> {
  const rows = modelOfPart(memory, question.model, store);
  switch (question.kind) {
    case "sums":
      return sumsOf(workspace, rows, question);
    case "influence": {
      let [count, total] = [0, 0];
      await visitInfluences(workspace, rows, question, (influences) => {
        count += influences.length;
        for (const influence of influences) total += influence;
      });
      return { content: null, data: Float64Array.of(count, total) };
    }
    case "draw":
      return drawn(workspace, rows, question, part);
    case "effects":
      return effectsOf(workspace, rows, question, part);
  }
}

/** The rows of some of a part's groups, by their numbers. */
export async function rowsOfGroups(store: BlockStore, numbers: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
  const sizes = rowsOfEach(sizesIn(store));
  const starts = startsOfSizes(sizes);
  const read = rowReader(store);
  const data = new Float32Array(store.stride * numbers.reduce((sum, group) => sum + sizes[group], 0));
  let at = 0;
  for (const group of numbers) {
    const own = await read(starts[group], sizes[group]);
    data.set(own, at);
    at += own.length;
  }
  return data;
}

async function sumsOf(
  workspace: Workspace,
  rows: Model,
  question: Extract<GroupQuestion, { readonly kind: "sums" }>,
): Promise<Answer> {
  const request = requestOf(question);
  let total: TotalOfSums | undefined;
  await throughGroups(rows, question.model, async ({ model }) => {
    total ??= new TotalOfSums(model, request);
    const sums = await new GroupRows(workspace, model).pass(question.position, request);
    total.add({ ...sums, gram: request.isDiagonal ? sums.diagonal : sums.gram.data });
  });
  if (total) return answerOfSums(total.sums());
  // A part may have no groups.
  const { length } = question.position;
  const square = request.isDiagonal ? length : length ** 2;
  return { content: null, data: new Float64Array(2 + length + (request.gram === "none" ? 0 : square)) };
}

type OfInfluences = Extract<GroupQuestion, { readonly kind: "influence" | "draw" }>;

/** Calls `visit` with the influences of some groups after the others. */
async function visitInfluences(
  workspace: Workspace,
  rows: Model,
  { model: plain, around }: OfInfluences,
  visit: (influences: Float32Array, batch: GroupBatch) => void,
): Promise<void> {
  const { center } = around;
  const { law } = aroundOf(around, center.length);
  await throughGroups(rows, plain, async (batch) => {
    visit(await influencesOf(workspace, batch.model, center, law), batch);
  });
}

async function influencesOf(
  workspace: Workspace,
  model: Model,
  center: readonly number[],
  law: LawAround,
): Promise<Float32Array> {
  const { memory, rows } = model;
  const influence = memory.allocate(4 * rows.numRows);
  await new GroupRows(workspace, model).influence(center, law, { influence });
  return memory.f32(influence, rows.numRows);
}

/** The groups that are drawn, one start for the whole part, and the rows of each once. */
async function drawn(
  workspace: Workspace,
  rows: Model,
  question: Extract<GroupQuestion, { readonly kind: "draw" }>,
  part: number,
): Promise<Answer> {
  const { intensity, starts } = question;
  const [start, ...others] = starts[part];
  if (start === undefined || others.length > 0) throw new TypeError("A part of groups is drawn from at once.");
  const timesOf = drawnTimes(intensity, start);
  const numbers: number[] = [];
  const expected: number[] = [];
  const chosen: number[] = [];
  let read = 0;
  await visitInfluences(workspace, rows, question, (influences, { first }) => {
    influences.forEach((influence, k) => {
      const found = timesOf(influence);
      if (found.times > 0) chosen.push(first + k);
      for (let time = 0; time < found.times; time++) {
        numbers.push(first + k);
        expected.push(found.expected);
      }
    });
    read += influences.length;
  });
  const content: DrawnGroups = { read, numbers, expected };
  return { content, data: await rowsOfGroups(storeOf(rows), chosen) };
}

function storeOf({ blocks }: Model): BlockStore {
  if (!blocks) throw new TypeError("The rows are in no blocks.");
  return blocks.store;
}

/** The sums or draws of each group's effects, in the order of the groups. */
async function effectsOf(
  workspace: Workspace,
  rows: Model,
  { model: plain, positions: given, numPositions, of }: Extract<GroupQuestion, { readonly kind: "effects" }>,
  part: number,
): Promise<Answer> {
  const at = { positions: Float64Array.from(given), numPositions };
  const found: OfLevels[] = [];
  await throughGroups(rows, plain, async ({ model, first }) => {
    // A stream of its own for every batch: those of a part are numbered from the part's on.
    const own =
      "seed" in of
        ? await drawEffects(workspace, model, at, of.seed, of.streams[part] + first)
        : await sumEffects(workspace, model, at, Float64Array.from(of.weights));
    found.push(own);
  });
  const inner = found.map((own) => own.inner);
  const outer = found.flatMap((own) => own.outer ?? []);
  const content: CountsOfEffects = { inner: lengthOf(inner), outer: lengthOf(outer) };
  const data = new Float64Array(content.inner + content.outer);
  let filled = 0;
  for (const values of [...inner, ...outer]) {
    data.set(values, filled);
    filled += values.length;
  }
  return { content, data };
}

const lengthOf = (arrays: readonly Float64Array[]) => arrays.reduce((sum, { length }) => sum + length, 0);
