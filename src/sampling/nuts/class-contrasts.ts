import { antitheticPoints } from "../../estimation/laplace-points.ts";
import { type Contrasts, variancesOf } from "../../estimation/level-contrasts.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { add, identity, type Matrix } from "../../linalg/matrix.ts";
import { numCoefficients } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import { inverseWithLittlePrior } from "./little-prior.ts";

/**
 * φ_c = θ_c − θ_r for the classes c ≠ r of a column, and φ_r = θ_r, minus the contrast with the reference class. For each
 * column r is the class, that of reference among them, with which the contrasts are known best: the one that its rows have, as
 * the likelihood of a level that only ever has class r ends where another class' predictor comes near to that of r.
 * @param likelihood M×M, its curvature at the mode
 */
export async function classContrasts(local: DenseApproximation, likelihood: Matrix): Promise<Contrasts> {
  const { model, priorCurvatures } = local;
  const { numPredictors, hasReference } = model;
  const size = likelihood.rows;
  const [basis, inverse] = [identity(size), identity(size)];
  const priorVariances = variancesOf(priorCurvatures);
  const covariance = inverseWithLittlePrior(await addSeparationDirections(local, likelihood), priorCurvatures);
  const at = (i: number, j: number) => covariance.data[i * size + j];
  const numColumns = numCoefficients(model) / numPredictors;
  for (let column = 0; column < numColumns; column++) {
    const classes = Array.from({ length: numPredictors }, (_, k) => k * numColumns + column);
    /** Σ_c log Var φ_c: least where the contrasts are known best. */
    const uncertainty = (r: number) =>
      classes.reduce((sum, c) => sum + Math.log(c === r ? at(r, r) : at(c, c) + at(r, r) - 2 * at(c, r)), 0);
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

/** Of each pair of antithetic points one is beyond a wall that the other is not. */
const contrastPairs = 2;

/**
 * What the likelihood knows with walls that are not felt at the mode: beyond one a row's gradient is across it, so that the
 * mean of Σ ∇f ∇fᵀ over the normal approximation is added. A class' gradient has a bound.
 */
async function addSeparationDirections(
  { workspace, model, mode, laplaceFactor }: DenseApproximation,
  likelihood: Matrix,
): Promise<Matrix> {
  const random = createRandom(1, 0, 15);
  let sum = likelihood;
  for (const position of antitheticPoints(mode, laplaceFactor, contrastPairs, () => random.normal())) {
    const { gram } = await rowsOf(workspace, model).pass(position, { gram: "squared-gradient" });
    sum = add(sum, gram, 1, 0.5 / contrastPairs);
  }
  return sum;
}
