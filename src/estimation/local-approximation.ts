import type { Matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StateDependentNoise } from "../theory/stability.ts";

/** The model, and what was measured of it at the mode. */
export interface DenseApproximation {
  readonly workspace: Workspace;
  readonly model: Model;
  /** The same model over a random subsample (or over all rows, where they are few), for averages that need no more. */
  readonly sample: Model;
  /** N */
  readonly numRows: number;
  /** θ*, M */
  readonly mode: Float64Array;
  /** A, M×M: Hessian of the mean loss of a row, prior shared out evenly, at the mode. */
  readonly hessian: Matrix;
  /** M: the prior's part of the diagonal of N A. */
  readonly priorCurvatures: Float64Array;
  /** C, M×M: covariance of one row's gradient at the mode. */
  readonly noiseCovariance: Matrix;
  /** How C changes with the spread of the iterates. */
  readonly noise: StateDependentNoise;
  /** P = (N A)⁻¹ */
  readonly laplaceCovariance: Matrix;
  /** Lower triangular K with P = K Kᵀ. */
  readonly laplaceFactor: Matrix;
  /** Passes over all rows that finding the mode took. */
  readonly modePasses: number;
  /**
   * Why the joint mode says nothing of the posterior, the end of a sentence: `mode` and `hessian` then are the posterior's own
   * mean and (N Cov)⁻¹, or where the search was given up, and no expansion of the loss. Left out where there is a mode.
   */
  readonly noMode?: string;
}
