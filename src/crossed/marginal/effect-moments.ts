import { invertPositiveDefinite } from "../../linalg/cholesky.ts";
import { matrix } from "../../linalg/matrix.ts";
import type { EffectMoments } from "../posterior.ts";
import { effectPrecisions, sigmaOf } from "../variances.ts";
import type { GaussianMarginal } from "./gaussian-marginal.ts";
import type { VarianceLaw } from "./variance-law.ts";

/** θ's over which the effects' variances are averaged in closed form where the inverse is expensive. */
const averagedOver = 64;
/** Unknowns of the rest up to which the whole inverse is cheap. */
const cheapRest = 400;

/** Sums of ω and ω ωᵀ over all draws, with which functions known at the design's points are averaged over θ. */
export class Mixture {
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

/** Mean and sd of every effect over the mixture of normal laws at all θ. */
export async function effectMoments(
  marginal: GaussianMarginal,
  law: VarianceLaw,
  mixture: Mixture,
  signal?: AbortSignal,
): Promise<EffectMoments[]> {
  const { model, structure } = marginal;
  const { points } = law;
  const variances = await meanVariances(marginal, law, mixture, signal);
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
 * E[Var(b | θ, y)] over θ, by factor. Where the inverse is cheap it is had at all points of the design, and averaged with their weights.
 * Elsewhere it is had at the mode, and each variance moves with θ as the level's own does with all else held fixed,
 * (CᵀWC_jj/σ² + Σ⁻¹)⁻¹: with many levels θ is known so well that this is a matter of percents.
 */
async function meanVariances(
  marginal: GaussianMarginal,
  { points, mode }: VarianceLaw,
  mixture: Mixture,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const { model, structure } = marginal;
  if (structure.numUnknowns - structure.restAt <= cheapRest) {
    const known: (readonly Float64Array[])[] = [];
    for (const { theta } of points) known.push((await marginal.slopeAt(theta, signal)).covariances);
    const values = new Float64Array(points.length);
    return model.factors.map(({ numLevels, effects: { length: q } }, factor) =>
      new Float64Array(numLevels * q).map((_, at) => {
        for (const [k, covariances] of known.entries()) values[k] = covariances[factor][at * q + (at % q)];
        return Math.max(0, mixture.momentsOf(values).mean);
      }),
    );
  }
  const own = ownVariances(marginal, mode.theta);
  const every = Math.ceil(mixture.thetas.length / averagedOver);
  const chosen = mixture.thetas.filter((_, index) => index % every === 0);
  const result = own.map((values) => new Float64Array(values.length));
  for (const theta of chosen)
    for (const [factor, values] of ownVariances(marginal, theta).entries()) {
      const q = model.factors[factor].effects.length;
      for (const [at, value] of values.entries())
        result[factor][at] += (value / own[factor][at] / chosen.length) * mode.covariances[factor][at * q + (at % q)];
    }
  return result;
}

/** The diagonal of (CᵀWC_jj/σ² + Σ⁻¹)⁻¹ for each level, by factor. */
function ownVariances({ model, layout, equations }: GaussianMarginal, theta: Float64Array): Float64Array[] {
  const scale = 1 / sigmaOf(layout, theta) ** 2;
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
