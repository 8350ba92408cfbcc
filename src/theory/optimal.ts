import { cholesky, invertPositiveDefinite, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import {
  add,
  congruence,
  diagonal,
  diagonalMatrix,
  type Matrix,
  scale,
  scaleRowsAndColumns,
  trace,
  transpose,
} from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";

/** What the optimal settings depend on. A and C are D×D, per row as in `LinearSgd`. */
export interface NoiseAndCurvature {
  /** A */
  readonly hessian: Matrix;
  /** C */
  readonly noiseCovariance: Matrix;
  /** N */
  readonly numRows: number;
  /** S */
  readonly batchSize: number;
}

/**
 * Scalar rate ε* = 2 S D / (N Tr C), which minimises KL(q‖f).
 * Source: Mandt, Hoffman & Blei (2017), Theorem 1.
 */
export function scalarLearningRate({ noiseCovariance, numRows, batchSize }: NoiseAndCurvature): number {
  return (2 * batchSize * noiseCovariance.rows) / (numRows * trace(noiseCovariance));
}

/**
 * Full preconditioner H* = (2S/N) C⁻¹; then Σ = P exactly in continuous time.
 * Source: Mandt, Hoffman & Blei (2017), Theorem 2 and Corollary 4.
 * @throws NotPositiveDefiniteError where C is singular: use `fullExactPreconditioner` with injected noise
 */
export function fullPreconditioner({ noiseCovariance, numRows, batchSize }: NoiseAndCurvature): Matrix {
  return scale(invertPositiveDefinite(noiseCovariance), (2 * batchSize) / numRows);
}

/**
 * Diagonal preconditioner H*_kk = 2S / (N C_kk).
 * Source: Mandt, Hoffman & Blei (2017), Corollary 3. Erratum: the derivation takes |ΣH⁻¹| to be independent of H, which
 * holds for multiples of one H, and for diagonal H where A and C are diagonal too. Otherwise the minimum of KL is close
 * by but elsewhere (on the wine data, in continuous time, KL is 2.0984 here and 2.0959 at the minimum).
 * @throws NotPositiveDefiniteError where a C_kk is 0
 */
export function diagonalPreconditioner({ noiseCovariance, numRows, batchSize }: NoiseAndCurvature): Matrix {
  return diagonalMatrix(positiveDiagonal(noiseCovariance).map((c) => (2 * batchSize) / (numRows * c)));
}

/**
 * Square-root diagonal preconditioner, as in AdaGrad: H = ε* G⁻¹, G = diag(C)^½, ε* = 2 D S / (N Tr(C G⁻¹)).
 * Source: Mandt, Hoffman & Blei (2017), Theorem 7 (appendix F).
 * @throws NotPositiveDefiniteError where a C_kk is 0
 */
export function sqrtDiagonalPreconditioner({ noiseCovariance, numRows, batchSize }: NoiseAndCurvature): Matrix {
  const roots = positiveDiagonal(noiseCovariance).map(Math.sqrt);
  // Tr(C G⁻¹) = Σ C_kk / √C_kk.
  const rate = (2 * roots.length * batchSize) / (numRows * roots.reduce((sum, root) => sum + root, 0));
  return diagonalMatrix(roots.map((root) => rate / root));
}

/**
 * Full preconditioner, exact at a finite step: H* = 2 (A + (N/S) C + N E Eᵀ)⁻¹ makes Σ = P the solution of the discrete
 * covariance equation with injected noise Q = H E Eᵀ H, for any step size. With C averaged over N(θ*, P) in place of C
 * it corrects for state-dependent noise too. Not in the paper: insert Σ = P = (N A)⁻¹ into
 * Σ = (I − HA) Σ (I − HA)ᵀ + H C H / S + Q; every term is a multiple of H or H(·)H.
 */
export function fullExactPreconditioner(
  { hessian, noiseCovariance, numRows, batchSize }: NoiseAndCurvature,
  injectedNoise?: Matrix,
): Matrix {
  let inverse = add(hessian, noiseCovariance, 1, numRows / batchSize);
  if (injectedNoise) inverse = add(inverse, injectedNoise, 1, numRows);
  return scale(invertPositiveDefinite(inverse), 2);
}

/**
 * The α in E Eᵀ = α A / N that keeps every eigenvalue of the finite-step exact HA at most 1, so that a direction without
 * gradient noise (C is singular with fewer rows than columns, or collinear columns) is explored by injected noise instead
 * of oscillating for ever. 0 where the gradient noise suffices. Not in the paper.
 */
export function injectedNoiseFraction({ hessian, noiseCovariance, numRows, batchSize }: NoiseAndCurvature): number {
  const scales = positiveDiagonal(hessian).map((a) => 1 / Math.sqrt(a));
  const whitener = cholesky(invertPositiveDefinite(scaleRowsAndColumns(hessian, scales, scales)));
  const scaledNoise = scaleRowsAndColumns(noiseCovariance, scales, scales);
  const noiseOverCurvature =
    symmetricEigen(congruence(transpose(whitener), scaledNoise)).values[0] * (numRows / batchSize);
  return noiseOverCurvature >= 1 ? 0 : 1 - Math.max(0, noiseOverCurvature);
}

/**
 * H* exact at a finite step, with the noise Q = H E Eᵀ H that has to be injected where the gradient noise does not reach
 * every direction (E Eᵀ = α A / N, α by `injectedNoiseFraction`); without Q if it does.
 * @param given with C averaged over the posterior
 */
export function fullExactStep(given: NoiseAndCurvature): { step: Matrix; injectedNoise?: Matrix } {
  const fraction = injectedNoiseFraction(given);
  const excess = scale(given.hessian, fraction / given.numRows);
  const step = fullExactPreconditioner(given, excess);
  return fraction > 0 ? { step, injectedNoise: congruence(step, excess) } : { step };
}

/**
 * Minimiser of the reverse divergence KL(f‖q), ε* = 2S/(N D) Tr(C⁻¹).
 * Source: Mandt, Hoffman & Blei (2017), appendix C. Erratum: this closed form holds only where A and C commute.
 * @throws NotPositiveDefiniteError where C is singular
 */
export function reverseKlLearningRate({ noiseCovariance, numRows, batchSize }: NoiseAndCurvature): number {
  const size = noiseCovariance.rows;
  return ((2 * batchSize) / (numRows * size)) * trace(invertPositiveDefinite(noiseCovariance));
}

/**
 * White's (1982) information-matrix ratio Tr(A⁻¹ C)/D: 1 for a well-specified model, other values if the model is
 * misspecified. It measures assumption A5, C = A, of
 * Mandt, Hoffman & Blei (2017), section 6.2; the ratio itself is not in the paper.
 */
export function informationRatio(hessian: Matrix, noiseCovariance: Matrix): number {
  const inverse = invertPositiveDefinite(hessian);
  let sum = 0;
  for (let i = 0; i < inverse.data.length; i++) sum += inverse.data[i] * noiseCovariance.data[i];
  return sum / hessian.rows;
}

function positiveDiagonal(a: Matrix): Float64Array {
  const values = diagonal(a);
  const row = values.findIndex((value) => !(value > 0));
  if (row >= 0) throw new NotPositiveDefiniteError(row);
  return values;
}
