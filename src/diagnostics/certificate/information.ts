import { type DenseApproximation, likelihoodCurvature } from "../../estimation/local-approximation.ts";
import { add, diagonal, dot, type Matrix, scale, traceOfProduct } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { weightSums } from "../../rows/visit-rows.ts";
import { informationRatio } from "../../theory/optimal.ts";

/**
 * White's (1982) information-matrix ratio Tr(A⁻¹C)/D, divided by its value for a well-specified model. There C is the
 * data's part of A, so the value is 1 − Tr(Λ₀P)/D, with Λ₀ the prior's part of P⁻¹ = N A, times Σ w_n²/Σ w_n if rows have
 * weights that say how often each occurred. Of rows that an update added, both are sums with those of the rows before.
 */
export function informationRatioOf({
  model,
  numRows,
  hessian,
  noiseCovariance,
  laplaceCovariance,
  priorCurvatures,
}: DenseApproximation): number {
  if (model.carried) {
    const { carried } = model;
    const { noise, expectedNoise } = noiseOfRows({ model, numRows, hessian, noiseCovariance, priorCurvatures });
    const [all, expected] = [add(carried.noise, noise), add(carried.expectedNoise, expectedNoise)];
    return traceOfProduct(laplaceCovariance, all) / traceOfProduct(laplaceCovariance, expected);
  }
  const ofPrior = dot(diagonal(laplaceCovariance), priorCurvatures) / hessian.rows;
  return informationRatio(hessian, noiseCovariance) / ((1 - ofPrior) * spreadOfWeights(model));
}

/** N C, and what it would be where the rows vary as the model says: the data's part of N A, times Σ w_n²/Σ w_n. */
export function noiseOfRows({
  model,
  numRows,
  hessian,
  noiseCovariance,
  priorCurvatures,
}: Pick<DenseApproximation, "model" | "numRows" | "hessian" | "noiseCovariance" | "priorCurvatures">): {
  readonly noise: Matrix;
  readonly expectedNoise: Matrix;
} {
  const ofRows = likelihoodCurvature({ hessian, numRows, priorCurvatures });
  const information = model.carried ? add(ofRows, model.carried.precision, 1, -1) : ofRows;
  return { noise: scale(noiseCovariance, numRows), expectedNoise: scale(information, spreadOfWeights(model)) };
}

/** Σ w_n²/Σ w_n, by which the noise of weighted rows exceeds their curvature; trials vary as the model says by themselves. */
function spreadOfWeights(model: Model): number {
  if (model.areTrials) return 1;
  const { sum, squares } = weightSums(model);
  return squares / sum;
}
