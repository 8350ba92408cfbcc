import {
  add,
  diagonalMatrix,
  type Matrix,
  matrix,
  multiply,
  multiplyVector,
  scale,
  transpose,
} from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StateDependentNoise } from "../theory/stability.ts";
import type { Quadrature } from "./quadrature.ts";

/** What every sampler is given: the model, its mode, and about how wide the posterior is there. */
interface AroundMode {
  readonly workspace: Workspace;
  readonly model: Model;
  /** N */
  readonly numRows: number;
  /** θ*, M */
  readonly mode: Float64Array;
  /** M: the prior's part of the diagonal of N A. */
  readonly priorCurvatures: Float64Array;
  /** Passes over all rows that finding the mode took. */
  readonly modePasses: number;
  /**
   * Why the joint mode says nothing of the posterior, the end of a sentence: `mode` and `hessian` then are the posterior's own
   * mean and (N Cov)⁻¹, or where the search was given up, and no expansion of the loss. Left out where there is a mode.
   */
  readonly noMode?: string;
}

/** Where matrices of all pairs of parameters are held. */
export interface DenseApproximation extends AroundMode {
  readonly curvature: "dense";
  /** The same model over a random subsample (or over all rows, where they are few), for averages that need no more. */
  readonly sample: Model;
  /** A, M×M: Hessian of the mean loss of a row, prior shared out evenly, at the mode. */
  readonly hessian: Matrix;
  /** C, M×M: covariance of one row's gradient at the mode. */
  readonly noiseCovariance: Matrix;
  /** How C changes with the spread of the iterates. */
  readonly noise: StateDependentNoise;
  /** P = (N A)⁻¹ */
  readonly laplaceCovariance: Matrix;
  /** Lower triangular K with P = K Kᵀ. */
  readonly laplaceFactor: Matrix;
  /** Of groups, how well their effects are integrated out. */
  readonly quadrature?: Quadrature;
}

/** Where parameters are too many for that: P ≈ D⁻¹ + V Vᵀ, with memory O(M). */
export interface LowRankApproximation extends AroundMode {
  readonly curvature: "low-rank";
  /** D, M: the diagonal of N A, where the posterior reaches more curved places what it is there. */
  readonly curvatures: Float64Array;
  /** V_k, M each: none where nothing is known beside the diagonal. */
  readonly directions: readonly Float64Array[];
  /** C and A at the mode by their diagonals, where they were measured from the gradients of single rows. */
  readonly rowDiagonals?: Diagonals;
  /** The least and the largest eigenvalue of (D⁻¹ + V Vᵀ) N A, as far as they were found; left out where they were not looked for. */
  readonly eigenvalues?: Eigenvalues;
}

/** What is known of one row's gradient and curvature at one point with memory O(M). */
export interface Diagonals {
  /** M: C_kk, the variance over rows of one row's gradient. */
  readonly noise: Float64Array;
  /** M: A_kk by the empirical Fisher information, the mean square of a row's gradient, the prior's share included. */
  readonly curvature: Float64Array;
}

export interface Eigenvalues {
  readonly least: number;
  readonly largest: number;
}

/** @throws TypeError where nobody looked for them: of custom models, whose rows the samplers that need them do not have */
export function eigenvaluesOf({ eigenvalues }: LowRankApproximation): Eigenvalues {
  if (!eigenvalues) throw new TypeError("The spectrum of this model was not looked for.");
  return eigenvalues;
}

/** The posterior near its mode, with as much of its curvature as the number of parameters allows. */
export type LocalApproximation = DenseApproximation | LowRankApproximation;

/** N A without the prior's part, M×M. */
export function likelihoodCurvature({
  hessian,
  numRows,
  priorCurvatures,
}: Pick<DenseApproximation, "hessian" | "numRows" | "priorCurvatures">): Matrix {
  return add(scale(hessian, numRows), diagonalMatrix(priorCurvatures), 1, -1);
}

/** M: the sds of the normal approximation. */
export function posteriorSds(local: LocalApproximation): Float64Array {
  if (local.curvature === "dense")
    return local.mode.map((_, j) => Math.sqrt(local.laplaceCovariance.data[j * (local.mode.length + 1)]));
  const { curvatures, directions } = local;
  return curvatures.map((value, j) => Math.sqrt(directions.reduce((sum, v) => sum + v[j] ** 2, 1 / value)));
}

/** A draw of the normal approximation: chains start about as dispersed as the posterior. */
export function drawAroundMode(local: LocalApproximation, normal: () => number): Float64Array {
  const { mode } = local;
  if (local.curvature === "dense") {
    const offset = multiplyVector(local.laplaceFactor, Float64Array.from(mode, normal));
    return mode.map((value, j) => value + offset[j]);
  }
  const position = mode.map((value, j) => value + normal() / Math.sqrt(local.curvatures[j]));
  for (const direction of local.directions) {
    const size = normal();
    for (let j = 0; j < position.length; j++) position[j] += size * direction[j];
  }
  return position;
}

/** So many draws of a dense one, one after the other, count × M row-major: the same as by `drawAroundMode`, in one product. */
export function drawsAroundMode(
  { mode, laplaceFactor }: DenseApproximation,
  count: number,
  normal: () => number,
): Float64Array {
  const dimension = mode.length;
  const normals = matrix(count, dimension, Float64Array.from({ length: count * dimension }, normal));
  return multiply(normals, transpose(laplaceFactor)).data.map((offset, k) => mode[k % dimension] + offset);
}
