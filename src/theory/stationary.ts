import { cholesky, invertLower } from "../linalg/cholesky.ts";
import { add, congruence, type Matrix, mapEntries, multiply, scale, transpose } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { momentumDivisor, momentumStabilityLimit } from "./momentum.ts";

/** What the stationary law of θ ← θ − H ĝ + ξ depends on, for a quadratic loss. All matrices are D×D and symmetric. */
export interface LinearSgd {
  /** H, positive definite. */
  readonly preconditioner: Matrix;
  /** A, positive definite: curvature of the mean loss of a row. */
  readonly hessian: Matrix;
  /** C: covariance of one row's gradient; a minibatch gradient has covariance C/S. */
  readonly noiseCovariance: Matrix;
  /** S */
  readonly batchSize: number;
  /** Q: covariance of the injected noise ξ; left out, none. */
  readonly injectedNoise?: Matrix;
  /** μ, where a step keeps 1 − μ of a velocity (momentum.ts); left out, 1: no momentum. */
  readonly momentum?: number;
}

/**
 * Covariance Σ of the iterates in continuous time: μ (H A Σ + Σ A H) = H C H / S + Q.
 * Source: Mandt, Hoffman & Blei (2017), eq. 13, H = ε I; with a preconditioner, section 4.1; with momentum, section 4.3.
 * @throws NotPositiveDefiniteError where H is not positive definite
 */
export function continuousStationaryCovariance(sgd: LinearSgd): Matrix {
  const { momentum = 1 } = sgd;
  return solveInEigenbasis(sgd, (left, right) => momentum * (left + right));
}

/**
 * Covariance Σ of the iterates at a finite step, exact for a quadratic loss:
 * Σ = (I − HA) Σ (I − HA)ᵀ + H C H / S + Q; with momentum, the θ part of the law in momentum.ts. Not in the paper, whose
 * eq. 13 is the limit of short steps; for the discrete law see Wang, Ding & Huggins (2026).
 * @throws RangeError where an eigenvalue of HA is not below 2 (2 − μ): the iterates have no stationary law
 */
export function discreteStationaryCovariance(sgd: LinearSgd, eigenbasis?: StepEigenbasis): Matrix {
  const { momentum = 1 } = sgd;
  const limit = momentumStabilityLimit(momentum);
  const divisor = (left: number, right: number) => {
    if (Math.max(left, right) >= limit) {
      throw new RangeError(`the step is unstable: an eigenvalue of HA is not below ${limit}`);
    }
    return momentumDivisor(left, right, momentum);
  };
  return solveInEigenbasis(sgd, divisor, eigenbasis);
}

/**
 * Eigenvalues of HA, ascending: each direction contracts by 1 − λ a step, Cov(θ_{t+k}, θ_t) = (I − HA)^k Σ.
 * @throws NotPositiveDefiniteError where H is not positive definite
 */
export function contractionRates(preconditioner: Matrix, hessian: Matrix): Float64Array {
  return symmetricEigen(congruence(transpose(cholesky(preconditioner)), hessian)).values;
}

/** HA = V diag(rates) V⁻¹: the basis in which every direction contracts on its own. */
export interface StepEigenbasis {
  /** Eigenvalues of HA, ascending. */
  readonly rates: Float64Array;
  /** V = K U, where H = K Kᵀ and Kᵀ A K = U diag(rates) Uᵀ. */
  readonly basis: Matrix;
  /** V⁻¹ = Uᵀ K⁻¹ */
  readonly inverse: Matrix;
}

/** @throws NotPositiveDefiniteError where H is not positive definite */
export function stepEigenbasis(preconditioner: Matrix, hessian: Matrix): StepEigenbasis {
  const k = cholesky(preconditioner);
  const { values, vectors } = symmetricEigen(congruence(transpose(k), hessian));
  return {
    rates: values,
    basis: multiply(k, vectors),
    inverse: multiply(transpose(vectors), invertLower(k)),
  };
}

/** In the basis of HA the covariance equation divides entry (i, j) of its right-hand side by a function of λ_i and λ_j. */
function solveInEigenbasis(
  { preconditioner, hessian, noiseCovariance, injectedNoise, batchSize }: LinearSgd,
  divisor: (left: number, right: number) => number,
  { rates, basis, inverse } = stepEigenbasis(preconditioner, hessian),
): Matrix {
  // V⁻¹ H C H V⁻ᵀ = Vᵀ C V, because V Vᵀ = H.
  let right = congruence(transpose(basis), scale(noiseCovariance, 1 / batchSize));
  if (injectedNoise) right = add(right, congruence(inverse, injectedNoise));
  return congruence(
    basis,
    mapEntries(right, (value, i, j) => value / divisor(rates[i], rates[j])),
  );
}
