import { invertPositiveDefinite, NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { add, diagonalMatrix, type Matrix } from "../../linalg/matrix.ts";

/** (Λ + ε Λ₀)⁻¹, Λ₀ the prior's curvature, with the least ε that rounding allows. */
export function inverseWithLittlePrior(likelihood: Matrix, priorCurvatures: Float64Array): Matrix {
  const prior = diagonalMatrix(priorCurvatures);
  for (const fraction of [0.01, 0.1]) {
    try {
      return invertPositiveDefinite(add(likelihood, prior, 1, fraction));
    } catch (error) {
      if (!(error instanceof NotPositiveDefiniteError)) throw error;
    }
  }
  return invertPositiveDefinite(add(likelihood, prior));
}
