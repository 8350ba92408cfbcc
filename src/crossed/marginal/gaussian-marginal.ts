import type { Engine } from "../../engine/engine.ts";
import { invertLower } from "../../linalg/cholesky.ts";
import { dot, type Matrix } from "../../linalg/matrix.ts";
import type { CrossedModel } from "../model.ts";
import { levelCovariances } from "../precision/level-covariances.ts";
import { type NormalEquations, normalEquations, transposedProduct } from "../precision/normal-equations.ts";
import { PrecisionFactor } from "../precision/precision-factor.ts";
import type { PrecisionParts } from "../precision/rest-matrix.ts";
import { type CrossedStructure, crossedStructure } from "../structure.ts";
import {
  addPriorSlope,
  effectPrecisions,
  logDensityOfEffects,
  logDeterminantOfEffects,
  logPrior,
  sigmaOf,
  type VarianceLayout,
} from "../variances.ts";

/** What is known at one θ of the variance parameters: the law of all unknowns is N(mean, A⁻¹) there. */
export interface MarginalPoint {
  readonly theta: Float64Array;
  /** log p(y | θ) + log p(θ), up to a constant */
  readonly logDensity: number;
  /** Of all effects and β. */
  readonly mean: Float64Array;
  /** K with β's covariance K Kᵀ, D × D, upper triangular. */
  readonly fixedRoot: Matrix;
}

export interface SlopedPoint extends MarginalPoint {
  /** ∂/∂θ of `logDensity` */
  readonly slope: Float64Array;
  /** By factor of the model, q × q for each level. */
  readonly covariances: readonly Float64Array[];
}

/**
 * Gaussian rows, effects and β integrated out exactly:
 * log p(y | θ) = −n log σ − ½ (yᵀWy/σ² + mᵀPm − rᵀA⁻¹r) − ½ log|A| − ½ Σ_t J_t log|Σ_t|,
 * r = CᵀWy/σ² + P m, A = CᵀWC/σ² + Λ, n the sum of weights, m and P the mean and precision of β's prior.
 */
export class GaussianMarginal {
  readonly structure: CrossedStructure;
  readonly factor: PrecisionFactor;
  readonly equations: NormalEquations;
  /** CᵀWy and yᵀWy, y less its offset, and n. */
  readonly #right: Float64Array;
  readonly #squares: number;
  readonly #count: number;

  constructor(
    engine: Engine,
    readonly model: CrossedModel,
    readonly layout: VarianceLayout,
  ) {
    this.structure = crossedStructure(model);
    this.factor = new PrecisionFactor(engine, model, this.structure);
    const { weights, offset, y } = model;
    this.equations = normalEquations(model, this.structure, weights);
    const target = offset ? y.map((value, row) => value - offset[row]) : y;
    const weighted = weights ? target.map((value, row) => value * weights[row]) : target;
    this.#right = transposedProduct(model, this.structure, weighted);
    this.#squares = dot(weighted, target);
    this.#count = weights ? weights.reduce((sum, weight) => sum + weight, 0) : model.numRows;
  }

  /** @throws NotPositiveDefiniteError where θ is so far out that A cannot be factorised */
  async at(theta: Float64Array, signal?: AbortSignal): Promise<MarginalPoint> {
    const { layout, factor, model } = this;
    const sigma = sigmaOf(layout, theta);
    await factor.factorise(this.partsAt(theta), signal);
    const mean = this.rightSide(sigma);
    const { priorMean, priorPrecision, numFixed } = model;
    let squares = this.#squares / sigma ** 2;
    for (let d = 0; d < numFixed; d++) squares += priorPrecision[d] * priorMean[d] ** 2;
    await factor.solveLower(mean);
    squares -= dot(mean, mean);
    await factor.solveUpper(mean);
    const logDensity =
      -this.#count * Math.log(sigma) -
      0.5 * (squares + factor.logDeterminant() + logDeterminantOfEffects(layout, theta)) +
      logPrior(layout, theta);
    const inverse = invertLower(factor.fixedCorner());
    const fixedRoot = { ...inverse, data: transposed(inverse) };
    return { theta: theta.slice(), logDensity, mean, fixedRoot };
  }

  /** `at` and its slope, from E[b bᵀ | y, θ]; A⁻¹ costs twice as much again. */
  async slopeAt(theta: Float64Array, signal?: AbortSignal): Promise<SlopedPoint> {
    const point = await this.at(theta, signal);
    const { layout, model, structure } = this;
    const covariances = await levelCovariances(this.factor, model, structure, this.partsAt(theta), signal);
    const slope = new Float64Array(layout.size);
    addPriorSlope(layout, theta, slope);
    const products = layout.terms.map((term) => this.#expectedProducts(term.factor, point.mean, covariances));
    for (const [index, term] of layout.terms.entries()) {
      const own = blockOf(
        products[index],
        model.factors[term.factor].effects.length,
        term.firstEffect,
        term.numEffects,
      );
      const count = (term.numEffects * (term.numEffects + 1)) / 2;
      const moved = theta.slice();
      for (let at = term.at; at < term.at + count; at++) {
        const step = 1e-4;
        const value = (shift: number) => {
          moved[at] = theta[at] + shift;
          return logDensityOfEffects(term, moved, own);
        };
        slope[at] += (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step);
        moved[at] = theta[at];
      }
    }
    if (layout.sigmaAt >= 0) slope[layout.sigmaAt] += this.#slopeInSigma(point, products);
    return { ...point, slope, covariances };
  }

  /** Of A at θ. */
  partsAt(theta: Float64Array): PrecisionParts {
    const scale = 1 / sigmaOf(this.layout, theta) ** 2;
    return { equations: this.equations, scale, precisions: effectPrecisions(this.model, this.layout, theta) };
  }

  /** r */
  rightSide(sigma: number): Float64Array {
    const { priorMean, priorPrecision, numFixed } = this.model;
    const right = this.#right.map((value) => value / sigma ** 2);
    for (let d = 0; d < numFixed; d++) right[this.structure.fixedAt + d] += priorPrecision[d] * priorMean[d];
    return right;
  }

  /** Σ_j E[b_j b_jᵀ] of a factor, q × q. */
  #expectedProducts(factor: number, mean: Float64Array, covariances: readonly Float64Array[]): Float64Array {
    const { numLevels, effects } = this.model.factors[factor];
    const q = effects.length;
    const from = this.structure.offsets[factor];
    const products = new Float64Array(q * q);
    for (let level = 0; level < numLevels; level++)
      for (let a = 0; a < q; a++)
        for (let b = 0; b < q; b++)
          products[a * q + b] +=
            covariances[factor][(level * q + a) * q + b] + mean[from + level * q + a] * mean[from + level * q + b];
    return products;
  }

  /** −n + E|y − offset − C u|²_W / σ²; the trace of CᵀWC A⁻¹/σ² is what Λ leaves of the number of unknowns. */
  #slopeInSigma({ theta, mean, fixedRoot }: MarginalPoint, products: readonly Float64Array[]): number {
    const { layout, model, structure } = this;
    const { priorMean, priorPrecision, numFixed } = model;
    const sigma = sigmaOf(layout, theta);
    const precisions = effectPrecisions(model, layout, theta);
    let squares = this.#squares / sigma ** 2 + structure.numUnknowns;
    for (let at = 0; at < mean.length; at++) squares -= (mean[at] * this.#right[at]) / sigma ** 2;
    // ûᵀ A û = ûᵀ r, of which the data's part was taken off once.
    for (const [index, term] of layout.terms.entries()) {
      const { data, columns } = precisions[term.factor];
      for (let a = term.firstEffect; a < term.firstEffect + term.numEffects; a++)
        for (let b = 0; b < columns; b++) squares -= data[a * columns + b] * products[index][a * columns + b];
    }
    for (let d = 0; d < numFixed; d++) {
      const value = mean[structure.fixedAt + d];
      let variance = 0;
      for (let k = 0; k < numFixed; k++) variance += fixedRoot.data[d * numFixed + k] ** 2;
      squares -= priorPrecision[d] * (variance + value * (value - priorMean[d]));
    }
    return squares - this.#count;
  }
}

function transposed({ data, rows }: Matrix): Float64Array {
  return data.map((_, at) => data[(at % rows) * rows + Math.floor(at / rows)]);
}

function blockOf(products: Float64Array, q: number, from: number, size: number): Float64Array {
  return Float64Array.from(
    { length: size * size },
    (_, at) => products[(from + Math.floor(at / size)) * q + from + (at % size)],
  );
}
