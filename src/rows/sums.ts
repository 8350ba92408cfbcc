import type { GramRequest, RowChoice } from "../engine/bindings/pass-record.ts";
import type { Matrix } from "../linalg/matrix.ts";

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

/** What is summed: beside loss and gradient a Gram matrix (engine/bindings/words.ts, GramKind), and over which rows. */
export type RowSumsRequest = GramRequest &
  RowChoice & {
    /** θ, M */
    readonly position: ArrayLike<number>;
  };
