import { cholesky } from "../linalg/cholesky.ts";
import { add, identity, type Matrix, multiply, traceOfProduct } from "../linalg/matrix.ts";

/** Covariance of one row's control-variate term, by what it depends on. */
export interface ControlVariateNoise {
  /** N² C̄_cv: covariance of N times the weighted residual of one row drawn by its probability, averaged over N(θ̂, P). */
  readonly totalCovariance: Matrix;
  /** P = (N A)⁻¹ */
  readonly laplaceCovariance: Matrix;
}

/**
 * Lower triangular factor R of the injected noise that makes P the stationary covariance of
 * θ ← θ − h (θ − θ̂) − h P (N r̂) + R z, z ~ N(0, I) (a quadratic loss leaves no residual r̂ on average):
 * P = (1 − h)² P + h² P (N² C̄_cv) P / S + R Rᵀ, so R Rᵀ = (2h − h²) P − h² P (N² C̄_cv) P / S.
 * With P = K Kᵀ this is K ((2h − h²) I − h² W / S) Kᵀ, W = Kᵀ (N² C̄_cv) K: taken so, it stays positive definite in f64
 * however unequal the eigenvalues of P are (collinear columns), and R is K times the factor of the bracket.
 * Not in the paper; its section 6.2, footnote, names the loophole. Control variates: Baker, Fearnhead, Fox & Nemeth (2019).
 * @param laplaceFactor K, lower triangular
 * @param whitenedNoise W
 * @param damping h, in (0, 1]
 * @throws NotPositiveDefiniteError where the batch makes more noise than P allows
 */
export function injectedNoiseFactor(
  laplaceFactor: Matrix,
  whitenedNoise: Matrix,
  damping: number,
  batchSize: number,
): Matrix {
  const unit = identity(laplaceFactor.rows, 2 * damping - damping ** 2);
  return multiply(laplaceFactor, cholesky(add(unit, whitenedNoise, 1, -(damping ** 2) / batchSize)));
}

/**
 * s = Tr(P⁻¹ H C̄_cv H / S) / (D (2h − h²)): the share of the injected variance that the minibatch makes.
 * With H = h P N this is h Tr(P N² C̄_cv) / (S D (2 − h)).
 */
export function minibatchShare(noise: ControlVariateNoise, damping: number, batchSize: number): number {
  const size = noise.laplaceCovariance.rows;
  return (
    (damping * traceOfProduct(noise.laplaceCovariance, noise.totalCovariance)) / (batchSize * size * (2 - damping))
  );
}

/** Integrated autocorrelation time, in steps, of a direction that contracts by 1 − λ a step: (2 − λ)/λ. Not in the paper. */
export function autocorrelationTime(contraction: number): number {
  return (2 - contraction) / contraction;
}
