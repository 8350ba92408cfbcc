import { cholesky, invertPositiveDefinite, logDeterminant, solveLower } from "../linalg/cholesky.ts";
import { dot, type Matrix, scale, traceOfProduct } from "../linalg/matrix.ts";

/** A multivariate normal law: mean (D) and covariance (D×D). */
export interface Gaussian {
  readonly mean: ArrayLike<number>;
  readonly covariance: Matrix;
}

/**
 * KL(q‖f) = ½ (Tr(Σ_f⁻¹ Σ_q) + (m_f − m_q)ᵀ Σ_f⁻¹ (m_f − m_q) − D + log|Σ_f| − log|Σ_q|), in nats.
 * @throws NotPositiveDefiniteError where a covariance is singular
 */
export function gaussianKl(q: Gaussian, f: Gaussian): number {
  const factorOfF = cholesky(f.covariance);
  const difference = Float64Array.from(q.mean, (value, i) => f.mean[i] - value);
  const whitened = solveLower(factorOfF, difference);
  const spread = traceOfProduct(invertPositiveDefinite(f.covariance), q.covariance);
  const logRatio = logDeterminant(factorOfF) - logDeterminant(cholesky(q.covariance));
  // Negative by rounding only.
  return Math.max(0, 0.5 * (spread + dot(whitened, whitened) - q.covariance.rows + logRatio));
}

/**
 * KL between the stationary law N(θ*, Σ) and the posterior N(θ*, (N A)⁻¹):
 * ½ (N Tr(A Σ) − log|N A| − log|Σ| − D).
 * Source: Mandt, Hoffman & Blei (2017), section 4.1.
 */
export function klToPosterior(stationaryCovariance: Matrix, hessian: Matrix, numRows: number): number {
  const precision = scale(hessian, numRows);
  const logDeterminants = logDeterminant(cholesky(precision)) + logDeterminant(cholesky(stationaryCovariance));
  return 0.5 * (traceOfProduct(precision, stationaryCovariance) - logDeterminants - hessian.rows);
}

/** Effective draws behind a law's mean and behind its covariance; Infinity if there is no Monte Carlo error. */
export interface EffectiveDraws {
  readonly mean: number;
  readonly covariance: number;
}

/**
 * The average of KL(q̂‖f̂) if q = f is one normal law of dimension M, and each of q̂ and f̂ has its mean estimated from n
 * and its covariance from k effective draws: the sum of M/(2n) + M (M + 1)/(4k) over the two, M (M + 3)/(4n) each where k
 * = n ≫ M.
 * In coordinates in which the law is N(0, I) the means differ by N(0, (1/n_q + 1/n_f) I) and contribute half its square;
 * the
 * covariances are I + Δ with E Tr Δ² = M (M + 1)/k, and KL is ¼ Tr(Δ_q − Δ_f)² to second order. Not in the paper.
 */
export function klByChance(dimension: number, ...laws: readonly EffectiveDraws[]): number {
  const expected = ({ mean, covariance }: EffectiveDraws) =>
    dimension / (2 * mean) + (dimension * (dimension + 1)) / (4 * covariance);
  return laws.reduce((sum, law) => sum + expected(law), 0);
}

/** max_k |√(Σ_kk / P_kk) − 1|: the largest relative error of a standard deviation. Not in the paper. */
export function largestSdError(covariance: Matrix, target: Matrix): number {
  let largest = 0;
  for (let k = 0; k < target.rows; k++) {
    const index = k * target.rows + k;
    largest = Math.max(largest, Math.abs(Math.sqrt(covariance.data[index] / target.data[index]) - 1));
  }
  return largest;
}
