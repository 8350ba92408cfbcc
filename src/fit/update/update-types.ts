import type { Matrix } from "../../linalg/matrix.ts";
import type { UpdateSettings } from "../../options/update-options.ts";
import type { SymmetricTensor } from "../../theory/third-order.ts";
import type { RunControl } from "../input/load.ts";

/** What may be set for an update; the model is the fit's. */
export interface UpdateOptions extends UpdateSettings, RunControl {}

/** Errors of a law: of a mean in its sds, and of an sd relative to it. */
export interface LawError {
  readonly mean: number;
  readonly sd: number;
}

/** Sums over rows that were added at once, by which the same rows are known again: the loss at θ = 0 and its gradient there. */
export interface PartSums {
  readonly rows: number;
  readonly loss: number;
  readonly gradient: readonly number[];
}

/**
 * What an update needs of a fit whose rows are gone, in the coordinates that are sampled (standardised coefficients, logarithms of
 * auxiliary parameters): the posterior as a normal law N(center, factor factorᵀ), and how it bends.
 */
export interface Carried {
  /** D: by what each column was standardised. */
  readonly columns: readonly { readonly mean: number; readonly scale: number }[];
  /** M */
  readonly center: Float64Array;
  /** M×M, lower triangular */
  readonly factor: Matrix;
  /** The third derivatives of −log p in u, θ = center + factor u; left out of many parameters. */
  readonly thirds?: SymmetricTensor;
  /** M: the excess kurtosis of the draws along each axis of u, 0 where chance explains it; left out with the third derivatives. */
  readonly kurtosis?: Float64Array;
  /** `CarriedLaw` of models/model.ts */
  readonly noise: Matrix;
  readonly expectedNoise: Matrix;
  readonly parts: readonly PartSums[];
  /** What the updates so far have made wrong, and what chance in the draws that the law was made of. */
  readonly error: LawError;
  readonly chance: LawError;
}

/** Up to so many parameters are carried: three matrices of all pairs of them go into a saved fit. */
export const mostCarried = 500;
