import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { congruence, type Matrix, mapEntries, scale } from "../linalg/matrix.ts";
import { type LinearSgd, stepEigenbasis } from "./stationary.ts";

/** The linear part of θ ← θ − H ĝ, which alone decides how iterates are correlated: Cov(θ_{t+k}, θ_t) = (I − HA)^k Σ. */
type Contraction = Pick<LinearSgd, "preconditioner" | "hessian">;

/**
 * Covariance of the mean of T successive iterates, exact at a finite step for a quadratic loss:
 * D_T = (1/T²) [T Σ + R Σ + Σ Rᵀ], R = Σ_{k=1}^{T−1} (T − k) M^k = M K (T I − (I − M^T) K), M = I − HA, K = (HA)⁻¹.
 * Not in the paper, whose eq. 50 is the limit of short steps; compare Wang, Ding & Huggins (2026).
 * @param stationaryCovariance Σ, with whatever noise the iterates have
 * @param steps T, a whole number
 */
export function averagedCovariance(
  { preconditioner, hessian }: Contraction,
  stationaryCovariance: Matrix,
  steps: number,
): Matrix {
  return weighEigendirections(preconditioner, hessian, stationaryCovariance, (rate) => ({
    own: 1 / steps,
    lagged: laggedSum(rate, steps) / steps ** 2,
  }));
}

/**
 * The same in continuous time: D_T = (1/T²) ∫∫ Cov(θ_s, θ_t) ds dt
 * = ((HA)⁻¹ Σ + Σ (AH)⁻¹)/T + ((HA)⁻² (e^{−HAT} − I) Σ + its transpose)/T², T in steps.
 * Source: Mandt, Hoffman & Blei (2017), appendix G, eq. 50, where H = ε I. With Σ = (ε/2S) I (well specified: C = A) it is
 * (1/(ST)) A⁻¹ + (1/(ε S T²)) U Λ⁻² (e^{−εTΛ} − I) Uᵀ, section 6.
 */
export function continuousAveragedCovariance(
  { preconditioner, hessian }: Contraction,
  stationaryCovariance: Matrix,
  steps: number,
): Matrix {
  return weighEigendirections(preconditioner, hessian, stationaryCovariance, (rate) => ({
    own: 0,
    lagged: averageOfDecay(rate * steps),
  }));
}

/** V [Σ̃_ij (own + lagged_i + lagged_j)] Vᵀ, Σ̃ = V⁻¹ Σ V⁻ᵀ, HA = V diag(λ) V⁻¹. */
function weighEigendirections(
  preconditioner: Matrix,
  hessian: Matrix,
  stationaryCovariance: Matrix,
  weights: (rate: number) => { own: number; lagged: number },
): Matrix {
  const { rates, basis, inverse } = stepEigenbasis(preconditioner, hessian);
  const weighed = Array.from(rates, weights);
  const inner = mapEntries(
    congruence(inverse, stationaryCovariance),
    (value, i, j) => value * (weighed[i].own + weighed[i].lagged + weighed[j].lagged),
  );
  return congruence(basis, inner);
}

/**
 * Σ_{k=1}^{T−1} (T − k) ρ^k = ρ (Tλ − 1 + ρ^T)/λ², ρ = 1 − λ. Where Tλ is small the numerator cancels to
 * Σ_{k≥2} C(T,k) (−λ)^k, which is summed term by term.
 */
function laggedSum(rate: number, steps: number): number {
  if (rate * steps < 0.5) {
    let term = (steps * (steps - 1)) / 2;
    let sum = 0;
    for (let k = 3; sum + term !== sum; k++) {
      sum += term;
      term *= (-rate * (steps - k + 1)) / k;
    }
    return (1 - rate) * sum;
  }
  const power = rate < 1 ? Math.exp(steps * Math.log1p(-rate)) : (1 - rate) ** steps;
  return ((1 - rate) * (rate * steps - 1 + power)) / rate ** 2;
}

/** ∫₀¹ (1 − s) e^{−xs} ds = (x − 1 + e^{−x})/x², x ≥ 0, by its series Σ (−x)^k/(k + 2)! where x is small. */
function averageOfDecay(x: number): number {
  if (x >= 0.5) return (x + Math.expm1(-x)) / x ** 2;
  let term = 0.5;
  let sum = 0;
  for (let k = 3; sum + term !== sum; k++) {
    sum += term;
    term *= -x / k;
  }
  return sum;
}

/**
 * (1/(T S)) A⁻¹ C A⁻¹: covariance of the mean of T iterates to leading order in 1/T, whatever the step size and the
 * preconditioner: no estimator that sees T S rows is better (Polyak & Juditsky 1992).
 * Source: Mandt, Hoffman & Blei (2017), section 6.1.
 */
export function polyakCovariance(
  { hessian, noiseCovariance, batchSize }: Pick<LinearSgd, "hessian" | "noiseCovariance" | "batchSize">,
  steps: number,
): Matrix {
  return scale(congruence(invertPositiveDefinite(hessian), noiseCovariance), 1 / (steps * batchSize));
}

/**
 * A⁻¹ C A⁻¹ / N: what windows of one pass, T = N/S, have as covariance in the limit; the covariance of the estimate over
 * repeated data sets, which is right even for a wrong model (Huber 1967; White 1982). It is P = (N A)⁻¹ where C = A
 * (assumption A5).
 * Source: Mandt, Hoffman & Blei (2017), section 6.2.
 */
export function sandwichCovariance(hessian: Matrix, noiseCovariance: Matrix, numRows: number): Matrix {
  return scale(congruence(invertPositiveDefinite(hessian), noiseCovariance), 1 / numRows);
}

/**
 * Relative error that a window of finite length makes in the variance of the slowest direction, in continuous time:
 * (e^{−λT} − 1)/(λT), from 0 (long windows) to −1. With λ = ε λ_min and T = N/S it is
 * (S/(ε N λ_min)) (e^{−ε N λ_min/S} − 1), the paper's bound.
 * Source: Mandt, Hoffman & Blei (2017), section 6.2 and appendix G.
 * @param rate λ, the smallest eigenvalue of HA
 */
export function finiteWindowError(rate: number, steps: number): number {
  return Math.expm1(-rate * steps) / (rate * steps);
}
