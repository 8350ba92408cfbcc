import { mean } from "../src/diagnostics/statistics/autocovariance.ts";
import { effectiveSampleSize, mcseOfMean, mcseOfSd } from "../src/diagnostics/statistics/effective-sample-size.ts";
import type { DenseApproximation } from "../src/estimation/local-approximation.ts";
import { invertLower, invertPositiveDefinite } from "../src/linalg/cholesky.ts";
import { diagonal, type Matrix, matrix, multiplyVector } from "../src/linalg/matrix.ts";
import { gaussianKl } from "../src/theory/divergence.ts";

/** Draws of all chains, each an array of draws × M, row-major. */
export interface Draws {
  readonly chains: readonly Float64Array[];
  /** M */
  readonly dimension: number;
}

/** The normal law with the draws' mean and covariance, and how well the draws determine it. */
export interface MeasuredLaw {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
  /** KL from the draws' normal law to N(θ*, P), nats. */
  readonly kl: number;
  /** Monte Carlo standard error of `kl`, to first order. */
  readonly klError: number;
  /** The average of `kl` for the same number of draws from the posterior itself; see `klFloor`. */
  readonly klFloor: number;
  /** Smallest effective sample size of a coordinate, and of its square. */
  readonly ess: number;
  readonly essOfSquares: number;
  /** M: relative Monte Carlo standard error of each sd. */
  readonly sdError: Float64Array;
}

export function lawOf(draws: Draws, local: DenseApproximation): MeasuredLaw {
  const { mode, laplaceCovariance, laplaceFactor } = local;
  const coordinates = byCoordinate(draws);
  const { mean, covariance } = momentsOf(draws);
  const target = { mean: mode, covariance: laplaceCovariance };
  // Whitened by the posterior: u = K⁻¹ (θ − θ*), P = K Kᵀ, so that the posterior has covariance I.
  const whitened = transformed(draws, invertLower(laplaceFactor), mode);
  const sizes = byCoordinate(whitened).map(sampleSizes);
  const own = coordinates.map(sampleSizes);
  return {
    mean,
    covariance,
    kl: gaussianKl({ mean, covariance }, target),
    klError: mcseOfMean(divergenceTerms(whitened)),
    klFloor: klFloor(sizes),
    ess: Math.min(...own.map((size) => size.ofMean)),
    essOfSquares: Math.min(...own.map((size) => size.ofSquares)),
    sdError: Float64Array.from(
      coordinates,
      (chains, j) => mcseOfSd(chains) / Math.sqrt(covariance.data[j * mode.length + j]),
    ),
  };
}

interface SampleSizes {
  readonly variance: number;
  readonly ofMean: number;
  readonly ofSquares: number;
}

function sampleSizes(chains: readonly Float64Array[]): SampleSizes {
  const all = chains.reduce((sum, chain) => sum + chain.length, 0);
  const center = chains.reduce((sum, chain) => sum + mean(chain) * chain.length, 0) / all;
  const squares = chains.map((chain) => chain.map((value) => (value - center) ** 2));
  const variance = squares.reduce((sum, chain) => sum + mean(chain) * chain.length, 0) / all;
  return { variance, ofMean: effectiveSampleSize(chains), ofSquares: effectiveSampleSize(squares) };
}

/**
 * With m̂ = m + δ and Σ̂ = Σ^½ (I + E) Σ^½ the divergence of N(m̂, Σ̂) exceeds that of N(m, Σ) on average by
 * ½ E δᵀ P⁻¹ δ + ¼ E Tr E² to second order: ½ Σ_k s_k²/n_k + M(M + 1)/(4 n₂), with s_k² and n_k the variance and the
 * effective sample size of the posterior-whitened coordinate k and n₂ the harmonic mean of the squares' sample sizes.
 * For n independent draws of the posterior that is M(M + 3)/(4n).
 */
function klFloor(sizes: readonly SampleSizes[]): number {
  const dimension = sizes.length;
  const ofMeans = sizes.reduce((sum, { variance, ofMean }) => sum + variance / ofMean, 0) / 2;
  const harmonic = dimension / sizes.reduce((sum, { ofSquares }) => sum + 1 / ofSquares, 0);
  return ofMeans + (dimension * (dimension + 1)) / (4 * harmonic);
}

/**
 * One number per draw, whose mean changes the divergence to first order: ½ uᵀ (I − Σ_u⁻¹) u, since ∂KL/∂Σ = ½ (P⁻¹ −
 * Σ⁻¹).
 */
function divergenceTerms(whitened: Draws): Float64Array[] {
  const { dimension } = whitened;
  const { mean, covariance } = momentsOf(whitened);
  const inverse = invertPositiveDefinite(covariance);
  return whitened.chains.map((values) => {
    const terms = new Float64Array(values.length / dimension);
    const u = new Float64Array(dimension);
    for (let draw = 0; draw < terms.length; draw++) {
      for (let j = 0; j < dimension; j++) u[j] = values[draw * dimension + j] - mean[j];
      const scaled = multiplyVector(inverse, u);
      for (let j = 0; j < dimension; j++) terms[draw] += 0.5 * u[j] * (u[j] - scaled[j]);
    }
    return terms;
  });
}

/** Mean and covariance over all draws, divisor the number of draws. */
export function momentsOf({ chains, dimension }: Draws): { mean: Float64Array; covariance: Matrix } {
  const mean = new Float64Array(dimension);
  let count = 0;
  for (const values of chains) {
    count += values.length / dimension;
    for (let k = 0; k < values.length; k++) mean[k % dimension] += values[k];
  }
  for (let j = 0; j < dimension; j++) mean[j] /= count;
  const covariance = matrix(dimension, dimension);
  const d = new Float64Array(dimension);
  for (const values of chains) {
    for (let start = 0; start < values.length; start += dimension) {
      for (let j = 0; j < dimension; j++) d[j] = values[start + j] - mean[j];
      for (let i = 0; i < dimension; i++)
        for (let j = 0; j <= i; j++) covariance.data[i * dimension + j] += (d[i] * d[j]) / count;
    }
  }
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < i; j++) covariance.data[j * dimension + i] = covariance.data[i * dimension + j];
  return { mean, covariance };
}

/** F (θ − center) of every draw. */
export function transformed({ chains, dimension }: Draws, factor: Matrix, center: ArrayLike<number>): Draws {
  const size = factor.rows;
  return {
    dimension: size,
    chains: chains.map((values) => {
      const result = new Float64Array((values.length / dimension) * size);
      const d = new Float64Array(dimension);
      for (let draw = 0; draw * dimension < values.length; draw++) {
        for (let j = 0; j < dimension; j++) d[j] = values[draw * dimension + j] - center[j];
        result.set(multiplyVector(factor, d), draw * size);
      }
      return result;
    }),
  };
}

/** M arrays of chains. */
export function byCoordinate({ chains, dimension }: Draws): Float64Array[][] {
  return Array.from({ length: dimension }, (_, j) =>
    chains.map((values) =>
      Float64Array.from({ length: values.length / dimension }, (_, n) => values[n * dimension + j]),
    ),
  );
}

export function sdsOf(covariance: Matrix): Float64Array {
  return diagonal(covariance).map(Math.sqrt);
}

/** max_k |measured sd / predicted sd − 1| in standard errors of the measured sd. */
export function worstSdDeviation(law: MeasuredLaw, predictedSd: ArrayLike<number>): number {
  const sds = sdsOf(law.covariance);
  return Math.max(...Array.from(sds, (sd, j) => Math.abs(sd / predictedSd[j] - 1) / law.sdError[j]));
}
