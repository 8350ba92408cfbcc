import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { diagonal, dot } from "../../linalg/matrix.ts";
import { weightSums } from "../../rows/visit-rows.ts";
import { informationRatio } from "../../theory/optimal.ts";

/**
 * White's (1982) information-matrix ratio Tr(A⁻¹C)/D, divided by its value for a well-specified model. There C is the
 * data's part of A, so the value is 1 − Tr(Λ₀P)/D, with Λ₀ the prior's part of P⁻¹ = N A, times Σ w_n²/Σ w_n if rows have
 * weights that say how often each occurred.
 */
export function informationRatioOf({
  model,
  hessian,
  noiseCovariance,
  laplaceCovariance,
  priorCurvatures,
}: DenseApproximation): number {
  const { sum, squares } = weightSums(model);
  const ofPrior = dot(diagonal(laplaceCovariance), priorCurvatures) / hessian.rows;
  return informationRatio(hessian, noiseCovariance) / ((1 - ofPrior) * (squares / sum));
}
