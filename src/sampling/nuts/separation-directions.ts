import { levelContrasts } from "../../estimation/level-contrasts.ts";
import { type DenseApproximation, likelihoodCurvature } from "../../estimation/local-approximation.ts";
import { congruence, type Matrix, matrix, multiply } from "../../linalg/matrix.ts";
import { classContrasts } from "./class-contrasts.ts";
import { inverseWithLittlePrior } from "./little-prior.ts";

/**
 * A basis, M×M: its columns are directions through the mode along which walls are met one at a time. A wall is where the
 * likelihood ends, as for a level that never has some class; to the other side there is the prior alone, far away.
 *
 * The first direction belongs to the parameter that the likelihood leaves to the prior most. It moves by 1, and the others as they
 * must for what the likelihood knows to stay as it is; the second belongs to the parameter that the likelihood then knows
 * least of, the first held fixed, and so on. This is the Cholesky factorisation with pivots of the inverse of the likelihood's
 * curvature at the mode (and very little of the prior's), its columns scaled. Before that coefficients are replaced by those of single levels
 * (estimation/level-contrasts.ts), and those of classes by contrasts (class-contrasts.ts).
 */
export async function separationDirections(local: DenseApproximation): Promise<Matrix> {
  const { priorCurvatures } = local;
  const likelihood = likelihoodCurvature(local);
  const contrasts =
    local.model.numPredictors === 1
      ? levelContrasts(local.model, likelihood, priorCurvatures)
      : await classContrasts(local, likelihood);
  const covariance = inverseWithLittlePrior(likelihood, priorCurvatures);
  const directions = pivotedDirections(congruence(contrasts.inverse, covariance), contrasts.priorVariances);
  return multiply(contrasts.basis, directions);
}

/** Column j is what moves with parameter j by 1. The next pivot is the parameter with the largest share of the prior's variance. */
function pivotedDirections(covariance: Matrix, priorVariances: Float64Array): Matrix {
  const size = covariance.rows;
  // The lower triangle counts.
  const left = covariance.data.slice();
  const directions = matrix(size, size);
  let parameters = [...priorVariances.keys()];
  const column = new Float64Array(size);
  while (parameters.length > 0) {
    const fraction = (j: number) => left[j * size + j] / priorVariances[j];
    const pivot = parameters.reduce((best, j) => (fraction(j) > fraction(best) ? j : best));
    parameters = parameters.filter((j) => j !== pivot);
    directions.data[pivot * size + pivot] = 1;
    const variance = left[pivot * size + pivot];
    for (const j of parameters) column[j] = j < pivot ? left[pivot * size + j] : left[j * size + pivot];
    for (let a = 0; a < parameters.length; a++) {
      const i = parameters[a];
      const factor = column[i] / variance;
      directions.data[i * size + pivot] = factor;
      for (let b = 0; b <= a; b++) left[i * size + parameters[b]] -= factor * column[parameters[b]];
    }
  }
  return directions;
}
