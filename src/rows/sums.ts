import type { Weights } from "../../kernels/layout.ts";
import type { Matrix } from "../linalg/matrix.ts";

/** Sums over rows of the likelihood's loss and its derivatives (the prior is not in them). */
export interface RowSums {
  readonly count: number;
  /** Σ f */
  readonly loss: number;
  /** Σ ∇f, M */
  readonly gradient: Float64Array;
  /** The weighted Gram matrix of kernels/layout.ts, M×M; 0×0 for `Weights.none`, and where its diagonal alone is wanted. */
  readonly gram: Matrix;
  /** M: the diagonal of the Gram matrix, where it alone was wanted; else empty or left out. */
  readonly diagonal?: Float64Array;
}

export interface RowSumsRequest {
  /** θ, M */
  readonly position: ArrayLike<number>;
  readonly weights: Weights;
  /** θ̂, M, for `Weights.squaredResidual`. */
  readonly center?: ArrayLike<number>;
  /** Every `step`-th row only; 1 where left out. */
  readonly step?: number;
  /** Row numbers in place of all rows. */
  readonly rowList?: Uint32Array;
  /** Of the Gram matrix only the diagonal is wanted. */
  readonly isDiagonal?: boolean;
  /** Address of N f32 (with several outputs N P), for `Weights.given`. */
  readonly rowValues?: number;
}
