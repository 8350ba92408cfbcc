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

/**
 * What KL(q̂‖f̂) is on average where q = f is one normal law of dimension M and q̂, f̂ are made of the moments of n_q and
 * n_f effective draws: M (M + 3)/4 · (1/n_q + 1/n_f), for n ≫ M. In coordinates in which the law is N(0, I) the means
 * differ by N(0, (1/n_q + 1/n_f) I), which makes ½ M (1/n_q + 1/n_f); the covariances are I + Δ with E Tr Δ² = M (M + 1)/n,
 * and KL is ¼ Tr(Δ_q − Δ_f)² to second order, which makes ¼ M (M + 1)(1/n_q + 1/n_f).
 * Not in the paper.
 */
export function klByChance(dimension: number, ...effectiveDraws: readonly number[]): number {
  return (dimension * (dimension + 3) * effectiveDraws.reduce((sum, draws) => sum + 1 / draws, 0)) / 4;
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
