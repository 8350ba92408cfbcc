import type { Engine } from "../../engine/engine.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { CrossedModel } from "../model.ts";
import { type CrossedPosterior, type CrossedSettings, EffectStore, type KeptEffects, keptDraws } from "../posterior.ts";
import { firstGuess, varianceLayout } from "../variances.ts";
import { EffectDraws } from "./effect-draws.ts";
import { effectMoments, Mixture } from "./effect-moments.ts";
import { GaussianMarginal, type MarginalPoint } from "./gaussian-marginal.ts";
import { findVarianceLaw, type VarianceLaw, VarianceWalk } from "./variance-law.ts";

/** Random streams of a chain (src/rng/xoshiro.ts). */
const purposes = { design: 5, variances: 6, fixed: 7, kept: 8 } as const;
const [burnIn, sweepsPerDraw] = [20, 2];

/**
 * Gaussian rows: draws of θ from its marginal posterior, and of β from its exact conditional law, whose mean and covariance at
 * the points of the design are interpolated with the same weights as the density. The effects are never drawn: their means and
 * variances are those of the mixture over θ. Nothing where the density of θ cannot be interpolated with few points.
 */
export async function gaussianPosterior(
  engine: Engine,
  model: CrossedModel,
  { chains, draws, seed, signal, onProgress, checkpoint, effectDraws = 0 }: CrossedSettings,
): Promise<CrossedPosterior | undefined> {
  const layout = varianceLayout(model);
  const mark = engine.memory.mark();
  try {
    const marginal = new GaussianMarginal(engine, model, layout);
    const law = await findVarianceLaw(marginal, firstGuess(model, layout), {
      ...{ random: createRandom(seed, 0, purposes.design), signal, checkpoint },
      onPoint: (count) => onProgress?.("the variances' density", count / (count + 12)),
    });
    if (!law) return undefined;
    const mixture = new Mixture(law.points.length);
    const result = Array.from({ length: chains }, (_, chain) => {
      onProgress?.("drawing", chain / chains);
      return drawChain(marginal, law, mixture, { draws, seed, chain });
    });
    const effects = await effectMoments(marginal, law, mixture, signal);
    const kept = await keepEffects(marginal, law, result, { count: effectDraws, seed, signal });
    return {
      ...{ layout, draws: result, effects, kept },
      error: { kind: "interpolated", ...law.error, points: law.points.length },
    };
  } finally {
    engine.memory.release(mark);
  }
}

interface ChainSettings {
  readonly draws: number;
  readonly seed: number;
  readonly chain: number;
}

/** draws × (D + the variance parameters). */
function drawChain(
  marginal: GaussianMarginal,
  law: VarianceLaw,
  mixture: Mixture,
  { draws, seed, chain }: ChainSettings,
): Float64Array {
  const { numFixed } = marginal.model;
  const width = numFixed + marginal.layout.size;
  const values = new Float64Array(draws * width);
  const normal = createRandom(seed, chain, purposes.fixed);
  const random = createRandom(seed, chain, purposes.variances);
  const walk = new VarianceWalk(law, law.mode.theta, law.coordinates, random);
  walk.sweep(burnIn);
  const standard = new Float64Array(numFixed);
  for (let draw = 0; draw < draws; draw++) {
    const theta = walk.sweep(sweepsPerDraw).slice();
    const weights = law.surrogate.weightsAt(law.coordinates.placeOf(theta));
    mixture.add(theta, weights);
    for (let d = 0; d < numFixed; d++) standard[d] = normal.normal();
    const row = values.subarray(draw * width, (draw + 1) * width);
    for (const [k, point] of law.points.entries()) addFixed(row, marginal, point, weights[k], standard);
    row.set(theta, numFixed);
  }
  return values;
}

/** β's mean at a point and its root times z, times the point's weight. */
function addFixed(
  row: Float64Array,
  { model: { numFixed }, structure: { fixedAt } }: GaussianMarginal,
  { mean, fixedRoot }: MarginalPoint,
  weight: number,
  standard: Float64Array,
): void {
  for (let d = 0; d < numFixed; d++) {
    let sum = mean[fixedAt + d];
    for (let e = d; e < numFixed; e++) sum += fixedRoot.data[d * numFixed + e] * standard[e];
    row[d] += weight * sum;
  }
}

/** Draws of all effects at some of the draws, whose β is replaced by that drawn jointly with them. */
async function keepEffects(
  marginal: GaussianMarginal,
  { mode }: VarianceLaw,
  draws: readonly Float64Array[],
  { count, seed, signal }: { count: number; seed: number; signal?: AbortSignal },
): Promise<KeptEffects> {
  const { model, layout, structure } = marginal;
  const width = model.numFixed + layout.size;
  const perChain = draws[0].length / width;
  const store = new EffectStore(model, structure, keptDraws(count, perChain * draws.length));
  if (store.draws.length === 0) return store;
  await marginal.at(mode.theta, signal);
  const effects = new EffectDraws(marginal);
  const random = createRandom(seed, 0, purposes.kept);
  for (const draw of store.draws) {
    signal?.throwIfAborted();
    const from = (draw % perChain) * width;
    const row = draws[Math.floor(draw / perChain)].subarray(from, from + width);
    const unknowns = await effects.drawAt(row.slice(model.numFixed), random);
    row.set(unknowns.subarray(structure.fixedAt));
    store.offer(draw, unknowns);
  }
  return store;
}
