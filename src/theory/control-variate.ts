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
 *
 *   θ ← θ − h (θ − θ̂) − h P (N r̂) + ½ R (z_t + z_{t+1}),  z ~ N(0, I)
 *
 * (for a quadratic loss r̂ is 0 on average). Noise averaged over two steps, R Rᵀ = 2h Q, has the stationary
 * covariance Q at any h, and white noise of the minibatch h² P (N² C̄_cv) P / S adds that over 2h − h², so
 * Q = P − h P (N² C̄_cv) P / (S (2 − h)). With P = K Kᵀ, R is K times the factor of 2h I − 2h² W / (S (2 − h)),
 * W = Kᵀ (N² C̄_cv) K. Computed this way, it stays positive definite in f64 however unequal the eigenvalues of P are
 * (collinear columns).
 * If the loss is not quadratic, averaging leaves an error of second order in h, whereas fresh noise, with R Rᵀ = (2h −
 * h²) P − …, leaves one of first order: Leimkuhler & Matthews, Rational construction of stochastic numerical methods
 * for molecular sampling (2013). Control variates (SGLD-CV): Baker, Fearnhead, Fox & Nemeth (2019). Neither is in the
 * paper, which mentions the possibility in a footnote of section 6.2.
 * @param laplaceFactor K, lower triangular
 * @param whitenedNoise W
 * @param damping h, in (0, 1]
 * @throws NotPositiveDefiniteError where the batch makes more noise than P allows
 */
export function averagedNoiseFactor(
  laplaceFactor: Matrix,
  whitenedNoise: Matrix,
  damping: number,
  batchSize: number,
): Matrix {
  const unit = identity(laplaceFactor.rows, 2 * damping);
  const minibatch = (2 * damping ** 2) / (batchSize * (2 - damping));
  return multiply(laplaceFactor, cholesky(add(unit, whitenedNoise, 1, -minibatch)));
}

/**
 * s = Tr(P⁻¹ H C̄_cv H / S) / (D (2h − h²)): the fraction of the injected variance that the minibatch makes.
 * With H = h P N this is h Tr(P N² C̄_cv) / (S D (2 − h)).
 */
export function minibatchFraction(noise: ControlVariateNoise, damping: number, batchSize: number): number {
  const size = noise.laplaceCovariance.rows;
  return (
    (damping * traceOfProduct(noise.laplaceCovariance, noise.totalCovariance)) / (batchSize * size * (2 - damping))
  );
}

/** Integrated autocorrelation time, in steps, of a direction that contracts by 1 − λ a step: (2 − λ)/λ. Not in the paper. */
export function autocorrelationTime(contraction: number): number {
  return (2 - contraction) / contraction;
}

/**
 * The same if the noise is averaged over two steps: the correlations 1 − λ/2, (1 − λ/2)(1 − λ), … sum to 1/λ − ½, and 1 +
 * 2 (1/λ − ½) = 2/λ.
 */
export function averagedAutocorrelationTime(contraction: number): number {
  return 2 / contraction;
}
