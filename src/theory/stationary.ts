import { cholesky, invertLower } from "../linalg/cholesky.ts";
import { add, congruence, type Matrix, matrix, multiply, scale, transpose } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";

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
}

/**
 * Covariance Σ of the iterates in continuous time: H A Σ + Σ A H = H C H / S + Q.
 * Source: Mandt, Hoffman & Blei (2017), eq. 13; with a preconditioner, section 4.2.
 */
export function continuousStationaryCovariance(sgd: LinearSgd): Matrix {
  return solveInEigenbasis(sgd, (left, right) => left + right);
}

/**
 * Covariance Σ of the iterates at a finite step, exact for a quadratic loss:
 * Σ = (I − HA) Σ (I − HA)ᵀ + H C H / S + Q.
 * @throws RangeError where ρ(I − HA) ≥ 1: the iterates have no stationary law
 */
export function discreteStationaryCovariance(sgd: LinearSgd): Matrix {
  return solveInEigenbasis(sgd, (left, right) => {
    if (Math.max(left, right) >= 2) throw new RangeError("the step is unstable: an eigenvalue of HA is not below 2");
    return 1 - (1 - left) * (1 - right);
  });
}

/** Eigenvalues of HA, ascending: each direction contracts by 1 − λ a step. */
export function contractionRates(preconditioner: Matrix, hessian: Matrix): Float64Array {
  return symmetricEigen(congruence(transpose(cholesky(preconditioner)), hessian)).values;
}

/**
 * With H = K Kᵀ and Kᵀ A K = U Λ Uᵀ, the map I − HA is diagonal in the basis K U; there the covariance equation divides
 * entry (i, j) of its right-hand side by a number that depends on λ_i and λ_j alone.
 */
function solveInEigenbasis(sgd: LinearSgd, divisor: (left: number, right: number) => number): Matrix {
  const size = sgd.hessian.rows;
  const k = cholesky(sgd.preconditioner);
  const { values, vectors } = symmetricEigen(congruence(transpose(k), sgd.hessian));
  const basis = multiply(k, vectors);
  let right = congruence(transpose(basis), scale(sgd.noiseCovariance, 1 / sgd.batchSize));
  if (sgd.injectedNoise) {
    const inverseBasis = multiply(transpose(vectors), invertLower(k));
    right = add(right, congruence(inverseBasis, sgd.injectedNoise));
  }
  const solution = matrix(size, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      solution.data[i * size + j] = right.data[i * size + j] / divisor(values[i], values[j]);
  return congruence(basis, solution);
}
