import { cholesky, invertPositiveDefinite, logDeterminant } from "../linalg/cholesky.ts";
import {
  add,
  congruence,
  diagonal,
  diagonalMatrix,
  type Matrix,
  scale,
  trace,
  traceOfProduct,
} from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { fullExactPreconditioner, type NoiseAndCurvature } from "./optimal.ts";
import { continuousStationaryCovariance, type LinearSgd } from "./stationary.ts";

/** What the law of stochastic gradient Fisher scoring, θ ← θ − ε H ĝ + √ε H E z with z ~ N(0, I), depends on. */
export interface FisherScoring extends NoiseAndCurvature {
  /** ε */
  readonly learningRate: number;
  /** E Eᵀ, D×D. With 0, and ε = 1, Fisher scoring is constant SGD. */
  readonly injectedNoise: Matrix;
}

/** W = (ε/S) C + E Eᵀ: the noise of a step, minibatch and injected, before H. */
export function totalNoise({ noiseCovariance, batchSize, learningRate, injectedNoise }: FisherScoring): Matrix {
  return add(noiseCovariance, injectedNoise, learningRate / batchSize, 1);
}

/**
 * Fisher scoring as stochastic gradient descent with the preconditioner εH and injected noise Q = ε H E Eᵀ H. In
 * continuous time its law solves H A Σ + Σ A H = H ((ε/S) C + E Eᵀ) H; at a finite step see `discreteStationaryCovariance`.
 * Source: Mandt, Hoffman & Blei (2017), section 5.2.
 */
export function fisherScoringAsSgd(given: FisherScoring, preconditioner: Matrix): LinearSgd {
  const { hessian, noiseCovariance, batchSize, learningRate, injectedNoise } = given;
  return {
    preconditioner: scale(preconditioner, learningRate),
    hessian,
    noiseCovariance,
    batchSize,
    injectedNoise: scale(congruence(preconditioner, injectedNoise), learningRate),
  };
}

/**
 * H* = (2/N) ((ε/S) C + E Eᵀ)⁻¹; then Σ = P exactly in continuous time.
 * Source: Mandt, Hoffman & Blei (2017), Theorem 5, which sets S = 1.
 * @throws NotPositiveDefiniteError where the noise is missing in some direction: inject more (`boundedStepNoise`)
 */
export function fullFisherPreconditioner(given: FisherScoring): Matrix {
  return scale(invertPositiveDefinite(totalNoise(given)), 2 / given.numRows);
}

/**
 * H*_kk = (2/N) / ((ε/S) C_kk + (E Eᵀ)_kk).
 * Source: Mandt, Hoffman & Blei (2017), Corollary 6. As for `diagonalPreconditioner`, this minimises KL only if A, C and
 * E Eᵀ are diagonal too; otherwise |ΣH⁻¹| depends on H, which the derivation neglects, and the minimum lies elsewhere.
 */
export function diagonalFisherPreconditioner(given: FisherScoring): Matrix {
  return diagonalMatrix(diagonal(totalNoise(given)).map((noise) => 2 / (given.numRows * noise)));
}

/**
 * h* = 2 D / (N Σ_k ((ε/S) C_kk + (E Eᵀ)_kk)).
 * Source: Mandt, Hoffman & Blei (2017), Corollary 6.
 */
export function scalarFisherStep(given: FisherScoring): number {
  return (2 * given.hessian.rows) / (given.numRows * trace(totalNoise(given)));
}

/**
 * Exact at a finite step: ε H* = 2 (A + N (C/S + E Eᵀ/ε))⁻¹ makes Σ = P the solution of the discrete equation. Not in the
 * paper; `fullExactPreconditioner` with the injected noise of this update.
 */
export function exactFisherPreconditioner(given: FisherScoring): Matrix {
  const { injectedNoise, learningRate } = given;
  return scale(fullExactPreconditioner(given, scale(injectedNoise, 1 / learningRate)), 1 / learningRate);
}

/**
 * The noise that must be injected in addition to W so that no eigenvalue of H* = (2/N) W⁻¹ exceeds h_max:
 * U diag(max(0, 2/(h_max N) − ω)) Uᵀ with W = U diag(ω) Uᵀ. For a diagonal W this is the paper's rule,
 * (E Eᵀ)_kk = 2/(h_max N) − W_kk wherever that is positive.
 * Source: Mandt, Hoffman & Blei (2017), section 5.2; for a full W not in the paper.
 * @param noise W, positive semi-definite; it may be singular
 * @param largestStep h_max
 */
export function boundedStepNoise(noise: Matrix, numRows: number, largestStep: number): Matrix {
  const floor = 2 / (largestStep * numRows);
  const { values, vectors } = symmetricEigen(noise);
  return congruence(vectors, diagonalMatrix(values.map((value) => Math.max(0, floor - value))));
}

/**
 * KL(q‖f) in continuous time: (N/4) Tr(H ((ε/S) C + E Eᵀ)) − D/2 − ½ log|N A| − ½ log|T| − ½ log|H|, T = Σ H⁻¹.
 * Source: Mandt, Hoffman & Blei (2017), appendix E. Errata: the main text before Corollary 6 and eq. 20 give the
 * logarithms the opposite sign; and T is taken to be independent of H, which is true only among multiples of one H. Here
 * T is that of the given H, so the value is exact for every H.
 */
export function fisherScoringKl(given: FisherScoring, preconditioner: Matrix): number {
  const { hessian, numRows } = given;
  const covariance = continuousStationaryCovariance(fisherScoringAsSgd(given, preconditioner));
  const logOfH = logDeterminant(cholesky(preconditioner));
  const logOfT = logDeterminant(cholesky(covariance)) - logOfH;
  const logOfPrecision = logDeterminant(cholesky(scale(hessian, numRows)));
  const spread = (numRows / 4) * traceOfProduct(preconditioner, totalNoise(given));
  return spread - 0.5 * (hessian.rows + logOfPrecision + logOfT + logOfH);
}
