import type { GramRequest, RowChoice } from "../engine/bindings/pass-record.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";

/** Sums over rows of the likelihood's loss and its derivatives (the prior is not in them). */
export interface RowSums {
  readonly count: number;
  /** Σ f */
  readonly loss: number;
  /** Σ ∇f, M; of `squared-residual` the sum of the rows' residuals. */
  readonly gradient: Float64Array;
  /** The Gram matrix, M×M; 0×0 for `none`, and where its diagonal alone is wanted. */
  readonly gram: Matrix;
  /** M: the diagonal of the Gram matrix, where it alone was wanted; else empty. */
  readonly diagonal: Float64Array;
}

/** What is summed beside loss and gradient (engine/bindings/words.ts, GramKind), and over which rows. */
export type PassRequest = GramRequest & RowChoice;

/** Loss and gradient over all rows; the loss is Infinity where the density is 0. */
export type LossSums = Pick<RowSums, "loss" | "gradient">;

/** A normal law of θ around a position: its covariance P, and K lower triangular with P = K Kᵀ. */
export interface LawAround {
  readonly factor: Matrix;
  readonly covariance: Matrix;
}

/** Rows that were drawn, and 1/(N p_n) of each where they were not drawn uniformly. */
export interface RowBatch {
  readonly rows: Uint32Array;
  readonly weights?: Float32Array;
}

/** A pool of rows that stands for all of those that memory is too small for. */
export interface PoolRequest {
  /** About how many rows it has. */
  readonly size: number;
  readonly seed: number;
}

/** What can be asked of rows beyond their sums and gradients. */
export interface RowTraits {
  /** Whether rows stand in the engine's memory, so that kernels run chains over them. */
  readonly areInMemory: boolean;
  /** Whether there is `byInfluence`, whose rows are in memory. */
  readonly areDrawnByInfluence: boolean;
  /** Whether a row's loss is a function of its linear predictors, which `visitRows` sees; groups have theirs integrated over. */
  readonly haveLinearPredictors: boolean;
  /** Whether the density may be 0 somewhere, beyond a bound of some parameter. */
  readonly mayBeBounded: boolean;
}

/**
 * All that reads the rows of a model goes through this (docs/rows.md). Rows are numbered 0 … N − 1. The sums are the same to
 * 1e-12, relatively, and the draws the same, however the rows are cut into parts and on however many threads they are read.
 * Every promise rejects with the signal's reason where the workspace's signal is aborted.
 */
export interface Rows {
  readonly traits: RowTraits;
  /** One pass. @throws ZeroDensityError where the density is 0 at θ */
  pass(position: ArrayLike<number>, request: PassRequest): Promise<RowSums>;
  /**
   * Sums at up to `capacity` positions together, as often as asked; what it keeps in memory is the caller's to release. In
   * single precision (`GramRequest`) where there is such.
   */
  passes(capacity: number, isSingle?: boolean): (positions: readonly ArrayLike<number>[]) => Promise<LossSums[]>;
  /** The mean of the batch's gradients, each times its weight; M. */
  evaluate(batch: RowBatch, position: Float64Array): Promise<Float64Array>;
  /** Calls `visit` with the gradient of each row, times the row's own weight, in turn; it is valid until `visit` returns. */
  visitGradients(rows: Uint32Array, position: Float64Array, visit: (gradient: Float64Array) => void): Promise<void>;
  /** Rows drawn with replacement: uniformly, or as `byInfluence` says. */
  draw(count: number, random: Pick<Xoshiro, "uniform">): RowBatch;
  /**
   * The model with its rows drawn by influence: p_n = (1 − u) q_n/Σq + u/N, q_n the typical size of the row's control-variate
   * term over the law around θ̂ (kernels/layout/pass.ts, Influence). Absent where influences are not known. Of rows that are not in
   * memory a pool is drawn like that, once, and from it rows uniformly.
   */
  byInfluence?(center: ArrayLike<number>, law: LawAround, uniformFraction: number, pool: PoolRequest): Promise<Model>;
}
