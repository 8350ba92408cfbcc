import type { Weights } from "../../kernels/layout.ts";
import type { Matrix } from "../linalg/matrix.ts";

/** Sums over rows of the likelihood's loss and its derivatives (the prior is not in them). */
export interface RowSums {
  readonly count: number;
  /** Σ f */
  readonly loss: number;
  /** Σ ∇f, M */
  readonly gradient: Float64Array;
  /** The weighted Gram matrix of kernels/layout.ts, M×M; 0×0 for `Weights.none`. */
  readonly gram: Matrix;
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
  /** Address of N f32 (with several outputs N P), for `Weights.given`. */
  readonly rowValues?: number;
}
