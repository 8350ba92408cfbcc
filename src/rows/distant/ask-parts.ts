import type { EffectPositions, OfLevels } from "../../engine/bindings/effects-record.ts";
import { numBlocksOf } from "../../engine/block-store.ts";
import type { PartAnswer } from "../../engine/distant-parts.ts";
import { joinedGroups, numGroupsOf, someGroups } from "../../engine/sizes-of-groups.ts";
import { overPlacedRows } from "../../models/create-model.ts";
import { overGroupsInMemory } from "../../models/group-model.ts";
import type { Model } from "../../models/model.ts";
import { createRandom, type Xoshiro } from "../../rng/xoshiro.ts";
import type { Around, BlockInfluences, Intensity } from "../block-influences.ts";
import { weightedStride } from "../row-subset.ts";
import type { Workspace } from "../workspace.ts";
import { type CountsOfEffects, type DrawnGroups, type PlainAround, plainModel, type RowQuestion } from "./questions.ts";

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
  requireRead(workspace, model, count);
  return {
    total,
    draw: (intensity, seed) => {
      const asked = { around: plain, intensity, random: createRandom(seed, 0, 16) };
      return model.groups ? drawGroups(workspace, model, asked) : drawRows(workspace, model, asked);
    },
  };
}

interface AskedDraw {
  readonly around: PlainAround;
  readonly intensity: Intensity;
  /** Where draws begin. */
  readonly random: Xoshiro;
}

async function drawRows(workspace: Workspace, model: Model, { random, ...asked }: AskedDraw): Promise<Model> {
  const { store } = model.blocks!;
  const { rowsOfBlock, numRows: wholeRows } = store;
  const starts = store.distant!.rowsOfParts.map((numRows) =>
    Array.from({ length: numBlocksOf({ numRows, rowsOfBlock }) }, () => random.uniform()),
  );
  const answers = await askOfModel(workspace, model, { kind: "draw", ...asked, starts });
  const { rows } = model;
  const stride = weightedStride(rows);
  requireRead(
    workspace,
    model,
    sumOf(answers, ({ content }) => Number(content)),
  );
  const numRows = sumOf(answers, ({ data }) => data.length / 4 / stride);
  const address = putRows(model, answers);
  return overPlacedRows(model, { address, stride, numRows, hasWeights: true, wholeRows });
}

/** Of groups the rows come once, however often they are drawn. */
async function drawGroups(workspace: Workspace, model: Model, { random, ...asked }: AskedDraw): Promise<Model> {
  const { stride, distant } = model.blocks!.store;
  const starts = distant!.rowsOfParts.map(() => [random.uniform()]);
  const answers = await askOfModel(workspace, model, { kind: "draw", ...asked, starts });
  const drawn = answers.map(({ content }) => content as DrawnGroups);
  requireRead(
    workspace,
    model,
    sumOf(drawn, ({ read }) => read),
  );
  const entries = { groups: [] as number[], weights: [] as number[] };
  let group = -1;
  const chosen = drawn.map(({ numbers, expected }, part) => {
    const own: number[] = [];
    numbers.forEach((number, k) => {
      if (number !== numbers[k - 1]) {
        own.push(number);
        group++;
      }
      entries.groups.push(group);
      entries.weights.push(1 / expected[k]);
    });
    return someGroups(distant!.groups!.sizesOfParts[part], own);
  });
  const sizes = joinedGroups(chosen);
  const numRows = sumOf(sizes.rows, (size) => size);
  if (numRows * stride * 4 !== sumOf(answers, ({ data }) => data.length))
    throw new Error(`Of groups that were drawn other rows than their ${numRows} have come.`);
  const address = putRows(model, answers);
  return overGroupsInMemory(model, { address, stride, sizes, entries, wholeRows: model.rows.numRows });
}

/** Puts the rows of all answers into memory, one after the other. */
function putRows({ memory }: Model, answers: readonly PartAnswer[]): number {
  const first = memory.allocate(
    sumOf(answers, ({ data }) => data.length),
    64,
  );
  let address = first;
  for (const { data } of answers) {
    memory.u8(address, data.length).set(data);
    address += data.length;
  }
  return first;
}

/** The sums or draws of the effects of every level of the model's factors (`sumEffects`, `drawEffects`), in the order of the levels. */
export async function effectsOfParts(
  workspace: Workspace,
  model: Model,
  { positions, numPositions }: EffectPositions,
  of: { readonly weights: Float64Array } | { readonly seed: number },
): Promise<OfLevels> {
  const { sizesOfParts, levels } = model.blocks!.store.distant!.groups!;
  let next = 0;
  const streams = sizesOfParts.map((sizes) => {
    next += numGroupsOf(sizes);
    return next - numGroupsOf(sizes);
  });
  const answers = await askOfModel(workspace, model, {
    kind: "effects",
    positions: Array.from(positions),
    numPositions,
    of: "seed" in of ? { seed: of.seed, streams } : { weights: Array.from(of.weights) },
  });
  const inner: Float64Array[] = [];
  const outer: Float64Array[] = [];
  for (const { content, data } of answers) {
    const counts = content as CountsOfEffects;
    const own = f64(data, counts.inner + counts.outer);
    inner.push(own.subarray(0, counts.inner));
    outer.push(own.subarray(counts.inner));
  }
  workspace.counter.rowsVisited += numPositions * model.rows.numRows;
  return { inner: byLevel(inner, levels.inner), ...(levels.outer && { outer: byLevel(outer, levels.outer) }) };
}

/** As many numbers for each group, part after part, in the order of the groups' levels. */
function byLevel(parts: readonly Float64Array[], levels: Uint32Array): Float64Array {
  const total = sumOf(parts, ({ length }) => length);
  const perLevel = total / levels.length;
  if (!Number.isInteger(perLevel))
    throw new Error(`Of ${levels.length} groups there are ${total} numbers of their effects.`);
  const found = new Float64Array(total);
  let group = 0;
  for (const own of parts)
    for (let at = 0; at < own.length; at += perLevel)
      found.set(own.subarray(at, at + perLevel), perLevel * levels[group++]);
  return found;
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
  requireRead(workspace, model, count);
  return right === count;
}

function requireRead({ counter }: Workspace, { rows }: Model, read: number): void {
  if (read !== rows.numRows) throw new Error(`A pass has read ${read} rows of ${rows.numRows}.`);
  counter.rowsVisited += read;
}

const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number) =>
  items.reduce((sum, item) => sum + of(item), 0);

export const f64 = (data: Uint8Array<ArrayBuffer>, length: number) => {
  if (data.length !== 8 * length) throw new Error(`A part has answered with ${data.length} bytes of ${8 * length}.`);
  return new Float64Array(data.slice().buffer);
};
