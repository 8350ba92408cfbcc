import { families } from "../families/families.ts";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import type { CrossedFamily, CrossedModel } from "./model.ts";
import { effectPrecisions, scaleFactor, tauOf, type VarianceLayout, varianceLayout } from "./variances.ts";

/** What `simulateCrossed` is told. */
export interface CrossedSimulation {
  readonly family: CrossedFamily;
  readonly numRows: number;
  readonly levels: readonly number[];
  /** By factor the effects and the terms' sizes; default one intercept. */
  readonly effects?: readonly (readonly number[])[];
  readonly terms?: readonly (readonly number[])[];
  readonly beta?: readonly number[];
  /** Of the standard deviations, correlations and the family's own parameters, as log τ, z and logarithms. */
  readonly theta: readonly number[];
  readonly seed?: number;
  readonly weighted?: boolean;
  readonly auxiliaries?: CrossedModel["auxiliaries"];
}

/** Rows with known parameters; column 0 of x is 1, the others are standard normal. */
export function simulateCrossed(told: CrossedSimulation) {
  const { family, numRows, levels, beta = [0.3, -0.5], seed = 1, weighted = false } = told;
  const random = createRandom(seed, 0, 2);
  const stride = beta.length;
  const model: CrossedModel = {
    ...{ family, numRows, stride, numFixed: stride, auxiliaries: told.auxiliaries },
    x: Float32Array.from({ length: numRows * stride }, (_, at) => (at % stride === 0 ? 1 : random.normal())),
    y: new Float64Array(numRows),
    weights: weighted ? Float64Array.from({ length: numRows }, () => 1 + Math.floor(3 * random.uniform())) : undefined,
    factors: levels.map((numLevels, factor) => {
      const effects = Int32Array.from(told.effects?.[factor] ?? [-1]);
      const terms = (told.terms?.[factor] ?? [effects.length]).map((numEffects) => ({ numEffects }));
      // Unbalanced: low levels come up more often.
      const levelOf = Uint32Array.from({ length: numRows }, () => Math.floor(numLevels * random.uniform() ** 1.5));
      return { numLevels, levelOf, effects, terms };
    }),
    priorMean: new Float64Array(stride),
    priorPrecision: new Float64Array(stride).fill(0.1),
  };
  const layout = varianceLayout(model);
  const theta = Float64Array.from(told.theta);
  const effects = drawEffects(model, layout, theta, () => random.normal());
  for (let row = 0; row < numRows; row++) {
    let eta = 0;
    for (let d = 0; d < stride; d++) eta += beta[d] * model.x[row * stride + d];
    for (const [factor, { levelOf, effects: columns }] of model.factors.entries())
      for (const [c, column] of columns.entries())
        eta += effects[factor][levelOf[row] * columns.length + c] * (column < 0 ? 1 : model.x[row * stride + column]);
    const own = Float64Array.from(tauOf(layout, theta), Math.exp);
    model.y[row] = families[family].predictive.draw(random, Float64Array.of(eta), own);
  }
  return { model, layout, theta, beta, effects };
}

function drawEffects(model: CrossedModel, layout: VarianceLayout, theta: Float64Array, normal: () => number) {
  const effects = model.factors.map(({ numLevels, effects: columns }) => new Float64Array(numLevels * columns.length));
  for (const term of layout.terms) {
    const { data, rows } = scaleFactor(term, theta);
    const width = model.factors[term.factor].effects.length;
    for (let level = 0; level < term.numLevels; level++) {
      const z = Array.from({ length: rows }, normal);
      for (let a = 0; a < rows; a++)
        for (let b = 0; b <= a; b++)
          effects[term.factor][level * width + term.firstEffect + a] += data[a * rows + b] * z[b];
    }
  }
  return effects;
}

/** C = [Z X] densely, the unknowns in the order factor by factor of the model and β last, and Λ; for small models. */
export function denseOracle(model: CrossedModel, theta: Float64Array) {
  const layout = varianceLayout(model);
  const sizes = model.factors.map(({ numLevels, effects }) => numLevels * effects.length);
  const numEffects = sizes.reduce((sum, size) => sum + size, 0);
  const size = numEffects + model.numFixed;
  const design = matrix(model.numRows, size);
  const prior = matrix(size, size);
  const precisions = effectPrecisions(model, layout, theta);
  let from = 0;
  for (const [factor, { levelOf, effects, numLevels }] of model.factors.entries()) {
    const q = effects.length;
    for (let row = 0; row < model.numRows; row++)
      for (let c = 0; c < q; c++)
        design.data[row * size + from + levelOf[row] * q + c] =
          effects[c] < 0 ? 1 : model.x[row * model.stride + effects[c]];
    for (let level = 0; level < numLevels; level++)
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          prior.data[(from + level * q + a) * size + from + level * q + b] = precisions[factor].data[a * q + b];
    from += sizes[factor];
  }
  for (let d = 0; d < model.numFixed; d++) {
    prior.data[(numEffects + d) * (size + 1)] = model.priorPrecision[d];
    for (let row = 0; row < model.numRows; row++)
      design.data[row * size + numEffects + d] = model.x[row * model.stride + d];
  }
  return { layout, design, prior, size, numEffects, covariance: invertPositiveDefinite(prior) };
}

/** The covariance of y − offset, V = C Λ⁻¹ Cᵀ + σ² W⁻¹. */
export function marginalCovariance(model: CrossedModel, theta: Float64Array, sigma: number): Matrix {
  const { design, covariance, size } = denseOracle(model, theta);
  const n = model.numRows;
  const result = matrix(n, n);
  for (let i = 0; i < n; i++) {
    const left = new Float64Array(size);
    for (let a = 0; a < size; a++) {
      const value = design.data[i * size + a];
      if (value !== 0) for (let b = 0; b < size; b++) left[b] += value * covariance.data[a * size + b];
    }
    for (let j = 0; j < n; j++) {
      let sum = i === j ? sigma ** 2 / (model.weights?.[i] ?? 1) : 0;
      for (let b = 0; b < size; b++) sum += left[b] * design.data[j * size + b];
      result.data[i * n + j] = sum;
    }
  }
  return result;
}

/** Columns of all chains' draws. */
export function columnsOf(draws: readonly Float64Array[], width: number): number[][] {
  return Array.from({ length: width }, (_, column) =>
    draws.flatMap((chain) => [...chain].filter((__, at) => at % width === column)),
  );
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at];
  return sum / values.length;
}

export function sd(values: ArrayLike<number>): number {
  const center = mean(values);
  return Math.sqrt(mean(Array.from(values, (value) => (value - center) ** 2)));
}

/** The Monte Carlo sd of a mean, from the means of 20 stretches. */
export function errorOf(values: readonly number[]): number {
  const length = Math.floor(values.length / 20);
  const means = Array.from({ length: 20 }, (_, k) => mean(values.slice(k * length, (k + 1) * length)));
  return sd(means) / Math.sqrt(19);
}
