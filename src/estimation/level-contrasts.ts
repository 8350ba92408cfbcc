import { basisOfLevels } from "../design/columns/level-basis.ts";
import {
  congruence,
  diagonal,
  diagonalMatrix,
  dot,
  identity,
  type Matrix,
  multiply,
  multiplyVector,
} from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";

/** θ = basis φ, and the prior's variances of φ. */
export interface Contrasts {
  readonly basis: Matrix;
  readonly inverse: Matrix;
  readonly priorVariances: Float64Array;
}

/**
 * Coefficients of single levels (design/columns/level-basis.ts), as the likelihood of a level that has one class only ends where its own rows' predictor
 * does, whatever the others': in the coefficients of treatment coding the reference level's wall lies across all of them. The reference that the
 * likelihood knows least of, against the prior, takes the intercept's place.
 * @param likelihood M×M, its curvature at the mode
 */
export function levelContrasts(
  { levels }: Pick<Model, "levels">,
  likelihood: Matrix,
  priorCurvatures: Float64Array,
): Contrasts {
  const size = likelihood.rows;
  if (!levels) return { basis: identity(size), inverse: identity(size), priorVariances: variancesOf(priorCurvatures) };
  const own = basisOfLevels(levels);
  let [basis, inverse] = [extended(own.basis, size), extended(own.inverse, size)];
  const known = (reference: Float64Array) => {
    const direction = multiplyVector(basis, extendedVector(reference, size));
    const prior = direction.reduce((sum, value, j) => sum + priorCurvatures[j] * value ** 2, 0);
    return dot(direction, multiplyVector(likelihood, direction)) / prior;
  };
  const [first, ...others] = levels.references;
  if (first) {
    const least = others.reduce((best, one) => (known(one) < known(best) ? one : best), first);
    const [shear, back] = [identity(size), identity(size)];
    least.forEach((value, k) => {
      if (k === levels.intercept) return;
      shear.data[k * size + levels.intercept] = value;
      back.data[k * size + levels.intercept] = -value;
    });
    [basis, inverse] = [multiply(basis, shear), multiply(back, inverse)];
  }
  const priorVariances = diagonal(congruence(inverse, diagonalMatrix(variancesOf(priorCurvatures))));
  return { basis, inverse, priorVariances };
}

/** The parameters after the coefficients stay as they are. */
function extended({ rows, data }: Matrix, size: number): Matrix {
  const result = identity(size);
  for (let i = 0; i < rows; i++) result.data.set(data.subarray(i * rows, (i + 1) * rows), i * size);
  return result;
}

function extendedVector(vector: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size);
  result.set(vector);
  return result;
}

const minCurvature = 1e-12;

/** A prior without curvature at the mode leaves all to the data. */
export function variancesOf(priorCurvatures: Float64Array): Float64Array {
  return priorCurvatures.map((curvature) => 1 / Math.max(curvature, minCurvature));
}
