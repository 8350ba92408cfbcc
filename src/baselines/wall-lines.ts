import { Weights } from "../../kernels/layout.ts";
import { antitheticPoints } from "../estimation/laplace-points.ts";
import type { Problem } from "../estimation/problem.ts";
import { sumRows } from "../estimation/row-sums.ts";
import { invertPositiveDefinite, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { add, congruence, diagonalMatrix, identity, type Matrix, matrix, multiply, scale } from "../linalg/matrix.ts";
import { numCoefficients } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";

/**
 * A basis, M×M: its columns are directions through the mode along which walls are met one at a time. A wall is where the
 * likelihood ends, as for a level that never has some class; to the other side there is the prior alone, far away.
 *
 * The first direction belongs to the parameter that the likelihood leaves to the prior most. It moves by 1, and the others as they
 * must for what the likelihood knows to stay as it is; the second belongs to the parameter that the likelihood then knows
 * least of, the first held fixed, and so on. This is the Cholesky factorisation with pivots of the inverse of what the
 * likelihood knows (and very little of the prior), its columns scaled. Where a row has a linear predictor for each class, walls are
 * where differences of two classes' predictors end, so parameters are first replaced by such differences.
 */
export async function wallLines(problem: Problem): Promise<Matrix> {
  const likelihood = curvature(problem);
  const {
    basis,
    inverse: inverseOfBasis,
    priorVariances,
  } = contrasts(problem, inverse(await knowledge(problem), problem.priorCurvatures));
  const covariance = inverse(likelihood, problem.priorCurvatures);
  return multiply(basis, pivotedDirections(congruence(inverseOfBasis, covariance), priorVariances));
}

function curvature({ hessian, numRows, priorCurvatures }: Problem) {
  return add(scale(hessian, numRows), diagonalMatrix(priorCurvatures), 1, -1);
}

/** Antithetic pairs: one point of each is beyond a wall that the other is not. */
const numPairs = 2;

/**
 * Λ, M×M: the likelihood's curvature at the mode and, of classes, what it would be beyond the walls. At the mode a wall may not
 * be felt; beyond, a row's gradient is across it, and Σ ∇f ∇fᵀ is an estimate of the curvature.
 */
async function knowledge({ workspace, model, mode, hessian, numRows, priorCurvatures, laplaceFactor }: Problem) {
  let sum = add(scale(hessian, numRows), diagonalMatrix(priorCurvatures), 1, -1);
  // Gradients of counts and of numbers have no bound.
  if (model.family.name !== "bernoulli" && model.family.name !== "categorical") return sum;
  const random = createRandom(1, 0, 15);
  for (const position of antitheticPoints(mode, laplaceFactor, numPairs, () => random.normal())) {
    const { gram } = await sumRows(workspace, model, { position, weights: Weights.squaredGradient });
    sum = add(sum, gram, 1, 0.5 / numPairs);
  }
  return sum;
}

/** (Λ + ε Λ₀)⁻¹, Λ₀ the prior's curvature, with the least ε that rounding allows. */
function inverse(likelihood: Matrix, priorCurvatures: Float64Array): Matrix {
  const prior = diagonalMatrix(priorCurvatures);
  for (const share of [0.01, 0.1]) {
    try {
      return invertPositiveDefinite(add(likelihood, prior, 1, share));
    } catch (error) {
      if (!(error instanceof NotPositiveDefiniteError)) throw error;
    }
  }
  return invertPositiveDefinite(add(likelihood, prior));
}

/** θ = basis φ, and the prior's variances of φ. */
interface Contrasts {
  readonly basis: Matrix;
  readonly inverse: Matrix;
  readonly priorVariances: Float64Array;
}

/**
 * φ_c = θ_c − θ_r for the classes c ≠ r of a column, and φ_r = θ_r, minus the contrast with the reference class. For each
 * column r is the class, that of reference among them, for which the contrasts are known best: Σ_c log Var is least.
 */
function contrasts({ model, priorCurvatures }: Problem, covariance: Matrix): Contrasts {
  const size = covariance.rows;
  const [basis, inverse] = [identity(size), identity(size)];
  // A prior without curvature at the mode leaves all to the data.
  const priorVariances = priorCurvatures.map((curvature) => 1 / Math.max(curvature, 1e-12));
  const { outputs, hasReference } = model;
  const numColumns = numCoefficients(model) / outputs;
  const at = (i: number, j: number) => covariance.data[i * size + j];
  for (let column = 0; column < numColumns && outputs > 1; column++) {
    const classes = Array.from({ length: outputs }, (_, k) => k * numColumns + column);
    const ofContrast = (c: number, r: number) => (c === r ? at(r, r) : at(c, c) + at(r, r) - 2 * at(c, r));
    const uncertainty = (r: number) => classes.reduce((sum, c) => sum + Math.log(ofContrast(c, r)), 0);
    const ofReference = hasReference ? classes.reduce((sum, c) => sum + Math.log(at(c, c)), 0) : Infinity;
    const best = classes.reduce((best, r) => (uncertainty(r) < uncertainty(best) ? r : best));
    if (ofReference <= uncertainty(best)) continue;
    for (const c of classes) {
      if (c === best) continue;
      basis.data[c * size + best] = 1;
      inverse.data[c * size + best] = -1;
      priorVariances[c] += priorVariances[best];
    }
  }
  return { basis, inverse, priorVariances };
}

/** Column k is what moves with the k-th pivot, which itself moves by 1; pivots are those of the largest share of the prior's variance. */
function pivotedDirections(covariance: Matrix, priorVariances: Float64Array): Matrix {
  const size = covariance.rows;
  const left = covariance.data.slice();
  const directions = matrix(size, size);
  const parameters = new Set(priorVariances.keys());
  while (parameters.size > 0) {
    const share = (j: number) => left[j * size + j] / priorVariances[j];
    const pivot = [...parameters].reduce((best, j) => (share(j) > share(best) ? j : best));
    parameters.delete(pivot);
    directions.data[pivot * size + pivot] = 1;
    const variance = left[pivot * size + pivot];
    for (const i of parameters) directions.data[i * size + pivot] = left[i * size + pivot] / variance;
    for (const i of parameters) {
      const factor = directions.data[i * size + pivot];
      for (const j of parameters) left[i * size + j] -= factor * left[pivot * size + j];
    }
  }
  return directions;
}
