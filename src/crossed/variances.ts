import type { Auxiliary } from "../families/auxiliaries.ts";
import { families, hasScale } from "../families/families.ts";
import { invertLower, logDeterminant } from "../linalg/cholesky.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { negativeLogDensity, type ScalePrior } from "../priors/densities.ts";
import { defaultCorrelationShape, defaultSdPrior, effectsFactor } from "../priors/effects-law.ts";
import { lkjPriors, type PartialCorrelationPrior } from "../priors/partial-correlation.ts";
import type { CrossedModel } from "./model.ts";

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

/** A parameter of the family itself. */
export interface AuxiliaryPlace {
  readonly auxiliary: Auxiliary;
  /** Where its logarithm stands; −1 where it is fixed. */
  readonly at: number;
  readonly prior: ScalePrior;
  /** Its logarithm where it is fixed. */
  readonly fixedTau: number;
}

/**
 * The variance parameters: for each term log τ and the canonical partial correlations' atanh z, at the end the logarithms of the family's
 * own parameters that are unknown.
 */
export interface VarianceLayout {
  readonly terms: readonly Term[];
  /** The number of parameters. */
  readonly size: number;
  /** In the family's order. */
  readonly auxiliaries: readonly AuxiliaryPlace[];
  /** Where log σ stands; −1 where there is none. */
  readonly sigmaAt: number;
}

export function varianceLayout({ factors, family, auxiliaries: told = {} }: CrossedModel): VarianceLayout {
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
  const auxiliaries = families[family].auxiliaries.map((auxiliary): AuxiliaryPlace => {
    const value = told[auxiliary.name as keyof typeof told] ?? auxiliary.defaultPrior;
    const isFixed = typeof value === "number";
    return {
      auxiliary,
      at: isFixed ? -1 : size++,
      prior: isFixed ? auxiliary.defaultPrior : value,
      fixedTau: isFixed ? Math.log(value) : 0,
    };
  });
  const sigmaAt = auxiliaries.find(({ auxiliary }) => auxiliary.name === "sigma")?.at ?? -1;
  return { terms, size, auxiliaries, sigmaAt };
}

/** τ of the family's own parameters, in its order. */
export function tauOf({ auxiliaries }: VarianceLayout, theta: ArrayLike<number>): number[] {
  return auxiliaries.map(({ at, fixedTau }) => (at < 0 ? fixedTau : theta[at]));
}

/** σ, or 1 in families without it. */
export function sigmaOf(layout: VarianceLayout, theta: ArrayLike<number>): number {
  const index = layout.auxiliaries.findIndex(({ auxiliary }) => auxiliary.name === "sigma");
  return index < 0 ? 1 : Math.exp(tauOf(layout, theta)[index]);
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
  for (const place of layout.auxiliaries) sum += logPriorOfAuxiliary(place, theta);
  return sum;
}

export function logPriorOfAuxiliary({ at, prior }: AuxiliaryPlace, theta: ArrayLike<number>): number {
  return at < 0 ? 0 : -negativeLogDensity(prior, theta[at]).value;
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
  for (const { at, prior } of layout.auxiliaries)
    if (at >= 0) gradient[at] -= negativeLogDensity(prior, theta[at]).slope;
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

/**
 * Where searches begin: τ of some half of the target's sd, σ of most of it; on the logit or log scale τ of a half. The family's
 * other parameters begin as they do without effects.
 */
export function firstGuess({ family, y }: CrossedModel, layout: VarianceLayout): Float64Array {
  const theta = new Float64Array(layout.size);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / y.length;
  const scale = hasScale(family) ? Math.sqrt(variance) || 1 : 1.2;
  for (const { at, numEffects } of layout.terms) theta.fill(Math.log(0.4 * scale), at, at + numEffects);
  for (const { auxiliary, at } of layout.auxiliaries)
    if (at >= 0) theta[at] = auxiliary.isScale ? Math.log(0.8 * scale) : auxiliary.startingTau(() => variance);
  return theta;
}
