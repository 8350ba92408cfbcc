import type { Engine } from "../engine/engine.ts";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { matrix } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { EffectDraws } from "./effect-draws.ts";
import { GaussianMarginal, type MarginalPoint } from "./gaussian-marginal.ts";
import type { CrossedModel } from "./model.ts";
import {
  type CrossedPosterior,
  type CrossedSettings,
  type EffectMoments,
  EffectStore,
  type KeptEffects,
  keptDraws,
} from "./posterior.ts";
import { drawVariances, findVarianceLaw, type VarianceLaw } from "./variance-law.ts";
import { effectPrecisions, sigmaOf, varianceLayout } from "./variances.ts";

/** Random streams of a chain (src/rng/xoshiro.ts). */
const purposes = { design: 5, variances: 6, fixed: 7, effects: 8, kept: 9 } as const;
/** θ's over which the effects' variances are averaged in closed form, and those among them with the whole inverse. */
const averagedOver = 64;
/** Unknowns of the rest up to which the whole inverse is cheap. */
const cheapRest = 400;

/**
 * Gaussian rows: draws of θ from its marginal posterior, and of β from its exact conditional law, whose mean and covariance at
 * the points of the design are interpolated with the same weights as the density. The effects are never drawn: their means and
 * variances are those of the mixture over θ.
 */
export async function gaussianPosterior(
  engine: Engine,
  model: CrossedModel,
  { chains, draws, seed, signal, onProgress, effectDraws = 0 }: CrossedSettings,
): Promise<CrossedPosterior> {
  const layout = varianceLayout(model);
  const mark = engine.memory.mark();
  try {
    const marginal = new GaussianMarginal(engine, model, layout);
    const law = await findVarianceLaw(marginal, firstGuess(marginal), {
      ...{ random: createRandom(seed, 0, purposes.design), signal },
      onPoint: (count) => onProgress?.("the variances' density", count / (count + 12)),
    });
    const mixture = new Mixture(law.points.length);
    const result = Array.from({ length: chains }, (_, chain) => {
      onProgress?.("drawing", chain / chains);
      return drawChain(marginal, law, mixture, { draws, seed, chain });
    });
    const effects = await effectMoments(marginal, law, mixture, seed, signal);
    const kept = await keepEffects(engine, marginal, law, result, { count: effectDraws, seed, signal });
    return {
      ...{ layout, draws: result, effects, kept },
      error: { kind: "interpolated", ...law.error, points: law.points.length },
    };
  } finally {
    engine.memory.release(mark);
  }
}

/** Sums of ω and ω ωᵀ over all draws, with which functions known at the design's points are averaged over θ. */
class Mixture {
  readonly sums: Float64Array;
  readonly products: Float64Array;
  readonly thetas: Float64Array[] = [];
  count = 0;

  constructor(readonly size: number) {
    this.sums = new Float64Array(size);
    this.products = new Float64Array(size * size);
  }

  add(theta: Float64Array, weights: Float64Array): void {
    this.count++;
    this.thetas.push(theta);
    for (let k = 0; k < this.size; k++) {
      this.sums[k] += weights[k];
      for (let l = 0; l < this.size; l++) this.products[k * this.size + l] += weights[k] * weights[l];
    }
  }

  /** Mean and variance over θ of the function with these values at the points. */
  momentsOf(values: Float64Array): { readonly mean: number; readonly variance: number } {
    // Differences from the first value, so that no digits cancel.
    const base = values[0];
    let mean = 0;
    let squares = 0;
    for (let k = 0; k < this.size; k++) {
      const value = values[k] - base;
      mean += this.sums[k] * value;
      for (let l = 0; l < this.size; l++) squares += this.products[k * this.size + l] * value * (values[l] - base);
    }
    mean /= this.count;
    return { mean: base + mean, variance: Math.max(0, squares / this.count - mean * mean) };
  }
}

interface ChainSettings {
  readonly draws: number;
  readonly seed: number;
  readonly chain: number;
}

/** draws × (D + the variance parameters). */
function drawChain(
  { model, structure, layout }: GaussianMarginal,
  law: VarianceLaw,
  mixture: Mixture,
  { draws, seed, chain }: ChainSettings,
): Float64Array {
  const { numFixed } = model;
  const width = numFixed + layout.size;
  const result = new Float64Array(draws * width);
  const normal = createRandom(seed, chain, purposes.fixed);
  const thetas = drawVariances(law, law.mode.theta, law.coordinates, createRandom(seed, chain, purposes.variances));
  const standard = new Float64Array(numFixed);
  for (let draw = 0; draw < draws; draw++) {
    const theta = thetas.next().value as Float64Array;
    const weights = law.surrogate.weightsAt(law.coordinates.placeOf(theta));
    mixture.add(theta, weights);
    for (let d = 0; d < numFixed; d++) standard[d] = normal.normal();
    const row = result.subarray(draw * width, (draw + 1) * width);
    for (const [k, { mean, fixedRoot }] of law.points.entries()) {
      for (let d = 0; d < numFixed; d++) {
        let sum = mean[structure.fixedAt + d];
        for (let e = d; e < numFixed; e++) sum += fixedRoot.data[d * numFixed + e] * standard[e];
        row[d] += weights[k] * sum;
      }
    }
    row.set(theta, numFixed);
  }
  return result;
}

/** Draws of all effects at some of the draws, whose β is replaced by that drawn jointly with them. */
async function keepEffects(
  engine: Engine,
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
  const effects = new EffectDraws(engine, marginal);
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

async function effectMoments(
  marginal: GaussianMarginal,
  { points, mode }: VarianceLaw,
  mixture: Mixture,
  seed: number,
  signal?: AbortSignal,
): Promise<EffectMoments[]> {
  const { model, structure } = marginal;
  const variances = await meanVariances(marginal, mode, mixture, seed, signal);
  const values = new Float64Array(points.length);
  return model.factors.map(({ numLevels, effects }, factor) => {
    const size = numLevels * effects.length;
    const [mean, sd] = [new Float64Array(size), new Float64Array(size)];
    for (let at = 0; at < size; at++) {
      for (const [k, point] of points.entries()) values[k] = point.mean[structure.offsets[factor] + at];
      const moments = mixture.momentsOf(values);
      mean[at] = moments.mean;
      sd[at] = Math.sqrt(moments.variance + variances[factor][at]);
    }
    return { mean, sd };
  });
}

/**
 * E[Var(b | θ, y)] over θ, by factor. The whole inverse is known at few θ, one where it is expensive; from there each variance moves
 * with θ as the level's own does with all else held fixed, (CᵀWC_jj/σ² + Σ⁻¹)⁻¹, which is in closed form.
 */
async function meanVariances(
  marginal: GaussianMarginal,
  mode: MarginalPoint & { readonly covariances: readonly Float64Array[] },
  { thetas }: Mixture,
  seed: number,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const random = createRandom(seed, 0, purposes.effects);
  const chosen = Array.from({ length: averagedOver }, () => thetas[Math.floor(random.uniform() * thetas.length)]);
  const rest = marginal.structure.numUnknowns - marginal.structure.restAt;
  const inverted = rest <= cheapRest ? 24 : 0;
  const known: { readonly theta: Float64Array; readonly covariances: readonly Float64Array[] }[] = [];
  for (const theta of chosen.slice(0, inverted)) known.push(await marginal.slopeAt(theta, signal));
  if (known.length === 0) known.push(mode);
  const ratios = marginal.model.factors.map(({ numLevels, effects }) => new Float64Array(numLevels * effects.length));
  for (const { theta, covariances } of known) {
    const own = ownVariances(marginal, theta);
    for (const [factor, ratio] of ratios.entries()) {
      const q = marginal.model.factors[factor].effects.length;
      for (let at = 0; at < ratio.length; at++)
        ratio[at] += covariances[factor][at * q + (at % q)] / own[factor][at] / known.length;
    }
  }
  const result = ratios.map((ratio) => new Float64Array(ratio.length));
  for (const theta of chosen) {
    const own = ownVariances(marginal, theta);
    for (const [factor, sums] of result.entries())
      for (let at = 0; at < sums.length; at++) sums[at] += (own[factor][at] * ratios[factor][at]) / chosen.length;
  }
  return result;
}

/** The diagonal of (CᵀWC_jj/σ² + Σ⁻¹)⁻¹ for each level, by factor. */
function ownVariances({ model, layout, equations }: GaussianMarginal, theta: Float64Array): Float64Array[] {
  const scale = sigmaOf(layout, theta) ** -2;
  const precisions = effectPrecisions(model, layout, theta);
  return model.factors.map(({ numLevels, effects }, factor) => {
    const q = effects.length;
    const own = equations.own[factor];
    const result = new Float64Array(numLevels * q);
    const block = matrix(q, q);
    for (let level = 0; level < numLevels; level++) {
      for (let at = 0; at < q * q; at++) block.data[at] = scale * own[level * q * q + at] + precisions[factor].data[at];
      if (q === 1) result[level] = 1 / block.data[0];
      else {
        const inverse = invertPositiveDefinite(block).data;
        for (let a = 0; a < q; a++) result[level * q + a] = inverse[a * (q + 1)];
      }
    }
    return result;
  });
}

/** τ of a half, σ of the target's sd: the search for the mode takes a few steps from there. */
function firstGuess({ model, layout }: GaussianMarginal): Float64Array {
  const theta = new Float64Array(layout.size);
  const mean = model.y.reduce((sum, value) => sum + value, 0) / model.numRows;
  const variance = model.y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / model.numRows;
  const scale = Math.sqrt(variance) || 1;
  for (const { at, numEffects } of layout.terms) theta.fill(Math.log(0.4 * scale), at, at + numEffects);
  if (layout.sigmaAt >= 0) theta[layout.sigmaAt] = Math.log(0.8 * scale);
  return theta;
}
