import type { GroupDesign } from "../../design/groups/group-types.ts";
import { add } from "../../linalg/matrix.ts";
import { firstVarianceParameter } from "../../models/group-model.ts";
import { evenPlaces, type GroupEffects, type LevelDraws } from "../../prediction/group-effects.ts";
import { type ModelRecipe, type NamedDraws, parameterNames } from "../../prediction/predictive-fit.ts";
import { drawEffects, sumEffects } from "../../rows/group-effects.ts";
import type { DenseRun } from "../../sampling/run.ts";
import { varianceBlocks } from "../summary/variance-blocks.ts";
import { calibratedWeights, parameterDraws } from "./effect-draws.ts";
import { planEffects } from "./effects-work.ts";
import { type LawParameters, levelLaws } from "./level-laws.ts";
import { blockMap, type FactorSums, levelReader } from "./level-moments.ts";

/** What the effects are worked out from: a run over groups, and its draws on the scale of the data. */
interface EffectsSource {
  readonly run: DenseRun;
  readonly groups: GroupDesign;
  readonly recipe: ModelRecipe;
  readonly draws: NamedDraws;
  readonly seed: number;
}

/**
 * Posterior means and sds of the effects of every level, averaged over draws of θ of the moments given θ, and what predictions for
 * the levels are made of. Nothing where they are not asked for and take long.
 * @param isAsked undefined where nothing is said of it
 */
export async function effectsOfLevels(
  source: EffectsSource,
  isAsked: boolean | undefined,
): Promise<GroupEffects[] | undefined> {
  const { run, recipe, draws, seed } = source;
  const { model, workspace } = run.local;
  const names = parameterNames(recipe);
  const { chains, draws: perChain } = run.output;
  const total = chains * perChain;
  if (!model.groups) return undefined;
  const sizes = { numGroups: model.rows.numRows, total, numParameters: names.length };
  const plan = planEffects(model.groups, sizes, isAsked);
  if (!plan) return undefined;
  workspace.onProgress?.("working out the groups' effects", 0);
  const parameters = parameterDraws(names, draws);
  const places = evenPlaces(plan.summaryDraws, total);
  const { weights, moments } = calibratedWeights(parameters.at(places), names.length);
  const sums = await sumEffects(workspace, model, positionsAt(run, places), weights);
  const correction = moments && add(parameters.correlation, moments, 1, -1);
  const factors = factorsOf(source, sums, { numWeights: weights.length / places.length, correction });
  if (plan.levelDraws === 0) return withLaws(source, factors, { ...parameters, moments });
  const drawn = await drawEffects(workspace, model, positionsAt(run, evenPlaces(plan.levelDraws, total)), seed);
  const values = drawn.outer ? [drawn.outer, drawn.inner] : [drawn.inner];
  return factors.map((factor, f) => ({
    ...summaryOf(source, factor, f),
    known: { kind: "draws", numDraws: plan.levelDraws, values: mappedDraws(factor, values[f]) } satisfies LevelDraws,
  }));
}

/** The positions of some draws, numbered over all chains one after the other. */
function positionsAt({ output }: DenseRun, places: Uint32Array) {
  const { dimension, draws, positions: chains } = output;
  const positions = new Float64Array(places.length * dimension);
  places.forEach((place, s) => {
    const at = (place % draws) * dimension;
    positions.set(chains[Math.floor(place / draws)].subarray(at, at + dimension), s * dimension);
  });
  return { positions, numPositions: places.length };
}

/** The sums of each factor, the outer one first. */
function factorsOf(
  { run, groups, recipe }: EffectsSource,
  { inner, outer }: Awaited<ReturnType<typeof sumEffects>>,
  weighed: Pick<FactorSums, "numWeights" | "correction">,
): FactorSums[] {
  const blocks = varianceBlocks(groups, recipe.target.scale, firstVarianceParameter(run.local.model));
  const maps = groups.factors.map(({ name }) => blockMap(blocks.filter(({ factor }) => factor === name)));
  const all = outer ? [outer, inner] : [inner];
  return groups.factors.map(({ numLevels }, f) => ({
    sums: all[f],
    numLevels,
    size: maps[f].rows,
    outerSize: f > 0 ? maps[0].rows : 0,
    ...weighed,
    map: maps[f],
  }));
}

function summaryOf({ groups }: EffectsSource, factor: FactorSums, f: number): Omit<GroupEffects, "known"> {
  const { numLevels, size } = factor;
  const { name, terms } = groups.factors[f];
  const mean = new Float64Array(numLevels * size);
  const sd = new Float64Array(numLevels * size);
  const read = levelReader(factor);
  for (let level = 0; level < numLevels; level++) {
    const own = read(level);
    mean.set(own.mean, level * size);
    for (let k = 0; k < size; k++) sd[level * size + k] = Math.sqrt(Math.max(0, own.covariance[k * (size + 1)]));
  }
  const names = terms.flatMap(({ effects }) => effects.map((effect) => effect.name));
  return { factor: name, names, numLevels, mean, sd };
}

function withLaws(source: EffectsSource, factors: readonly FactorSums[], parameters: LawParameters): GroupEffects[] {
  const [first, second] = factors;
  const summary = summaryOf(source, first, 0);
  const laws = levelLaws(first, parameters);
  const own = { ...summary, known: laws };
  if (!second) return [own];
  const levelOf = outerLevels(source.groups);
  const outer = { levelOf, mean: summary.mean, laws, size: first.size, map: first.map };
  return [own, { ...summaryOf(source, second, 1), known: levelLaws(second, parameters, outer) }];
}

/** The outer level in which each inner one lies. */
function outerLevels({ factors: [outer, inner] }: GroupDesign): Float64Array {
  const levelOf = new Float64Array(inner.numLevels);
  inner.levelOf.forEach((level, n) => {
    levelOf[level] = outer.levelOf[n];
  });
  return levelOf;
}

/** Draws on the scale of the data. */
function mappedDraws({ map, size }: FactorSums, values: Float64Array): Float64Array {
  const mapped = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += size)
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++) mapped[at + i] += map.data[i * size + k] * values[at + k];
  return mapped;
}
