import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { diagonal, dot } from "../../linalg/matrix.ts";
import { weightSums } from "../../rows/visit-rows.ts";
import { informationRatio } from "../../theory/optimal.ts";

/**
 * Tr(A⁻¹C)/D over what it is for a well-specified model, whose C is the data's part of A: 1 − Tr(Λ₀P)/D, Λ₀ the prior's
 * part of P⁻¹ = N A, times Σ w_n²/Σ w_n where the rows' weights say how often each occurred.
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
