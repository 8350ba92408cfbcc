import type { Problem } from "../estimation/problem.ts";
import { weightSums } from "../estimation/visit-rows.ts";
import { informationRatio } from "../theory/optimal.ts";

/**
 * Tr(A⁻¹C)/D over what it is for a well-specified model: 1, or Σ w_n²/Σ w_n where the rows' weights say how often each
 * occurred.
 */
export function informationRatioOf({ model, hessian, noiseCovariance }: Problem): number {
  const { sum, squares } = weightSums(model);
  return informationRatio(hessian, noiseCovariance) / (squares / sum);
}
