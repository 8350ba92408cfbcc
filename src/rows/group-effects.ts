import {
  type EffectPositions,
  type EffectSizes,
  type EffectTasks,
  type OfLevels,
  writeEffectDraws,
  writeEffectSums,
} from "../engine/bindings/effects-record.ts";
import type { Model } from "../models/model.ts";
import { seedStream } from "../rng/xoshiro.ts";
import { effectsOfParts } from "./distant/ask-parts.ts";
import { groupPartition } from "./partition.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Sums over several θ of the effects' moments given θ and the data, by the nodes with which the model integrates them: for each level
 * R q numbers Σ_s w_sr E[b | θ_s], then q² of Σ_s w_s0 E[b bᵀ | θ_s], and for each level of an inner factor q q_o of Σ_s w_s0 E[b b_oᵀ | θ_s].
 * On the standardised scale.
 * @param weights numPositions × R
 */
export function sumEffects(
  workspace: Workspace,
  model: Model,
  at: EffectPositions,
  weights: Float64Array,
): Promise<OfLevels> {
  if (model.blocks) return effectsOfParts(workspace, model, at, { weights });
  return run(workspace, model, at, (sizes, ranges) => writeEffectSums(model, sizes, at, weights, ranges));
}

/**
 * A draw of every level's effects given each θ and the data: numPositions × q numbers a level. On the standardised scale.
 * @param firstStream the number of the first of the random streams that are drawn from
 */
export function drawEffects(
  workspace: Workspace,
  model: Model,
  at: EffectPositions,
  seed: number,
  firstStream = 0,
): Promise<OfLevels> {
  if (model.blocks) return effectsOfParts(workspace, model, at, { seed });
  const streamOf = (part: number) => seedStream(seed, firstStream + part, 16);
  return run(workspace, model, at, (sizes, ranges) => writeEffectDraws(model, sizes, at, streamOf, ranges));
}

async function run(
  { executor, signal, counter }: Workspace,
  model: Model,
  { numPositions }: EffectPositions,
  write: (sizes: EffectSizes, ranges: ReturnType<ReturnType<typeof groupPartition>>) => EffectTasks,
): Promise<OfLevels> {
  const { groups, memory, rows } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const { outer, inner, nodes } = groups;
  const sizes: EffectSizes = {
    ...groups,
    innerEffects: inner.columns.length,
    outerEffects: outer?.columns.length ?? 0,
    numOuterNodes: outer ? nodes.outer ** outer.columns.length : 0,
  };
  const mark = memory.mark();
  try {
    const ranges = groupPartition(model)(rows.numRows, Number.POSITIVE_INFINITY);
    const written = write(sizes, ranges);
    await executor.run(written.tasks, { signal });
    counter.rowsVisited += numPositions * rows.numRows;
    return { inner: written.inner().slice(), ...(written.outer && { outer: written.outer().slice() }) };
  } finally {
    memory.release(mark);
  }
}
