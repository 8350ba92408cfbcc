import { auxiliaries } from "../families/auxiliaries.ts";
import { invertLower, logDeterminant } from "../linalg/cholesky.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { negativeLogDensity, type ScalePrior } from "../priors/densities.ts";
import { defaultCorrelationShape, defaultSdPrior, effectsFactor } from "../priors/effects-law.ts";
import { lkjPriors, type PartialCorrelationPrior } from "../priors/partial-correlation.ts";
import type { CrossedModel } from "./model.ts";

/** The prior of σ where none is given. */
const defaultSigmaPrior: ScalePrior = auxiliaries.sigma.defaultPrior;

/** One term: q effects of each level, and where its parameters stand. */
export interface Term {
  readonly factor: number;
  /** Its first effect among those of the factor. */
  readonly firstEffect: number;
  /** q */
  readonly numEffects: number;
  readonly numLevels: number;
  /** Of its log τ (q), after which its z follow (q (q − 1)/2), row by row. */
  readonly at: number;
  /** Of each of these parameters. */
  readonly priors: readonly (ScalePrior | PartialCorrelationPrior)[];
}

/**
 * The variance parameters: for each term log τ and the canonical partial correlations' atanh z, at the end log σ where σ is
 * unknown.
 */
export interface VarianceLayout {
  readonly terms: readonly Term[];
  /** The number of parameters. */
  readonly size: number;
  /** Where log σ stands; −1 where there is none. */
  readonly sigmaAt: number;
  readonly sigmaPrior: ScalePrior;
  /** σ where it is fixed, or 1 in other families. */
  readonly fixedSigma: number;
}

export function varianceLayout({ factors, family, sigma = defaultSigmaPrior }: CrossedModel): VarianceLayout {
  const terms: Term[] = [];
  let size = 0;
  for (const [factor, { terms: own, numLevels }] of factors.entries()) {
    let firstEffect = 0;
    for (const { numEffects, scalePriors, lkj = defaultCorrelationShape } of own) {
      const ofSds = scalePriors ?? Array.from({ length: numEffects }, () => defaultSdPrior);
      const priors = [...ofSds, ...lkjPriors(numEffects, lkj)];
      terms.push({ factor, firstEffect, numEffects, numLevels, at: size, priors });
      firstEffect += numEffects;
      size += (numEffects * (numEffects + 1)) / 2;
    }
  }
  const hasSigma = family === "gaussian" && typeof sigma !== "number";
  return {
    terms,
    size: size + (hasSigma ? 1 : 0),
    sigmaAt: hasSigma ? size : -1,
    sigmaPrior: typeof sigma === "number" ? defaultSigmaPrior : sigma,
    fixedSigma: family === "gaussian" && typeof sigma === "number" ? sigma : 1,
  };
}

export function sigmaOf(layout: VarianceLayout, theta: ArrayLike<number>): number {
  return layout.sigmaAt < 0 ? layout.fixedSigma : Math.exp(theta[layout.sigmaAt]);
}

/** L with Σ = L Lᵀ. */
export function scaleFactor({ at, numEffects: q }: Term, theta: ArrayLike<number>): Matrix {
  return matrix(q, q, effectsFactor(theta, at, q));
}

/** Σ_t⁻¹ for every factor's level, block-diagonal over its terms: q_f × q_f each. */
export function effectPrecisions(model: CrossedModel, layout: VarianceLayout, theta: ArrayLike<number>): Matrix[] {
  const result = model.factors.map(({ effects }) => matrix(effects.length, effects.length));
  for (const term of layout.terms) {
    const { numEffects: q, firstEffect } = term;
    const inverse = invertLower(scaleFactor(term, theta)).data;
    const target = result[term.factor];
    for (let i = 0; i < q; i++)
      for (let j = 0; j < q; j++) {
        let sum = 0;
        for (let k = Math.max(i, j); k < q; k++) sum += inverse[k * q + i] * inverse[k * q + j];
        target.data[(firstEffect + i) * target.columns + firstEffect + j] = sum;
      }
  }
  return result;
}

/** Σ_t J_t log|Σ_t| */
export function logDeterminantOfEffects(layout: VarianceLayout, theta: ArrayLike<number>): number {
  return layout.terms.reduce((sum, term) => sum + term.numLevels * logDeterminant(scaleFactor(term, theta)), 0);
}

/** log p(θ) in these coordinates, up to a constant. */
export function logPrior(layout: VarianceLayout, theta: ArrayLike<number>): number {
  let sum = 0;
  for (const term of layout.terms) sum += logPriorOfTerm(term, theta);
  if (layout.sigmaAt >= 0) sum -= negativeLogDensity(layout.sigmaPrior, theta[layout.sigmaAt]).value;
  return sum;
}

export function logPriorOfTerm({ at, priors }: Term, theta: ArrayLike<number>): number {
  return priors.reduce((sum, prior, k) => sum - negativeLogDensity(prior, theta[at + k]).value, 0);
}

/** The slope of `logPrior`, added to `gradient`. */
export function addPriorSlope(layout: VarianceLayout, theta: ArrayLike<number>, gradient: Float64Array): void {
  for (const { at, priors } of layout.terms)
    priors.forEach((prior, k) => {
      gradient[at + k] -= negativeLogDensity(prior, theta[at + k]).slope;
    });
  const { sigmaAt, sigmaPrior } = layout;
  if (sigmaAt >= 0) gradient[sigmaAt] -= negativeLogDensity(sigmaPrior, theta[sigmaAt]).slope;
}

/**
 * log Π_j N(b_j; 0, Σ) for the sums of products B = Σ_j b_j b_jᵀ of a term's levels (q × q, row-major):
 * −J/2 log|Σ| − ½ tr(Σ⁻¹ B).
 */
export function logDensityOfEffects(term: Term, theta: ArrayLike<number>, products: ArrayLike<number>): number {
  const factor = scaleFactor(term, theta);
  const { data } = invertLower(factor);
  const q = term.numEffects;
  let trace = 0;
  for (let row = 0; row < q; row++)
    for (let i = 0; i <= row; i++)
      for (let j = 0; j <= row; j++) trace += data[row * q + i] * data[row * q + j] * products[i * q + j];
  return -0.5 * (term.numLevels * logDeterminant(factor) + trace);
}

/** Where searches begin: τ of some half of the target's sd, σ of most of it; on the logit or log scale τ of a half. */
export function firstGuess({ family, y }: CrossedModel, layout: VarianceLayout): Float64Array {
  const theta = new Float64Array(layout.size);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  const scale = family === "gaussian" ? Math.sqrt(variance) || 1 : 1.2;
  for (const { at, numEffects } of layout.terms) theta.fill(Math.log(0.4 * scale), at, at + numEffects);
  if (layout.sigmaAt >= 0) theta[layout.sigmaAt] = Math.log(0.8 * scale);
  return theta;
}
