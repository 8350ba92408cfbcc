// The prior's part of the loss of the whole data, −log prior(θ) up to a constant, and its derivatives.
import { add, diagonalMatrix, dot, type Matrix, multiplyVector } from "../linalg/matrix.ts";
import { densityOf } from "../priors/densities.ts";
import type { Derivatives } from "../priors/density.ts";
import { lawOf, type ShapedPrior } from "../priors/shaped-prior.ts";
import { type CarriedLaw, type Model, numCoefficients } from "./model.ts";

/**
 * M sds over which priors with a kink are averaged; 0 for no averaging. Averaged over N(x, s²), a laplace prior has a
 * curvature, which is the effect of its kink on a posterior of that width.
 */
export type PriorSpread = ArrayLike<number>;

/** −log prior(θ), up to a constant. */
export function priorLoss(model: Model, position: ArrayLike<number>, spread?: PriorSpread): number {
  const { priorPrecision, priorMean } = model;
  const count = numCoefficients(model);
  let sum = 0;
  for (let j = 0; j < count; j++) sum += 0.5 * priorPrecision[j] * (position[j] - priorMean[j]) ** 2;
  for (const shaped of model.shapedPriors) sum += termsOf(shaped, position[shaped.index], spread?.[shaped.index]).value;
  if (model.carried) sum += 0.5 * dot(offsetFrom(model.carried, position), carriedSlope(model.carried, position));
  return sum;
}

const offsetFrom = ({ center }: CarriedLaw, position: ArrayLike<number>) =>
  center.map((value, j) => position[j] - value);
const carriedSlope = (carried: CarriedLaw, position: ArrayLike<number>) =>
  multiplyVector(carried.precision, offsetFrom(carried, position));

/** Adds ∇(−log prior)(θ) to `gradient`. */
export function addPriorGradientInto(
  model: Model,
  position: ArrayLike<number>,
  gradient: Float64Array,
  spread?: PriorSpread,
): void {
  const { priorPrecision, priorMean } = model;
  const count = numCoefficients(model);
  for (let j = 0; j < count; j++) gradient[j] += priorPrecision[j] * (position[j] - priorMean[j]);
  for (const shaped of model.shapedPriors)
    gradient[shaped.index] += termsOf(shaped, position[shaped.index], spread?.[shaped.index]).slope;
  if (model.carried)
    carriedSlope(model.carried, position).forEach((slope, j) => {
      gradient[j] += slope;
    });
}

/** The diagonal of ∇²(−log prior)(θ), in which what is carried has no part. Where a student-t prior is concave it is set to 0. */
export function priorCurvature(model: Model, position: ArrayLike<number>, spread?: PriorSpread): Float64Array {
  const diagonal = Float64Array.from(model.priorPrecision);
  for (const shaped of model.shapedPriors)
    diagonal[shaped.index] = termsOf(shaped, position[shaped.index], spread?.[shaped.index]).curvature;
  return diagonal;
}

/** ∇²(−log prior)(θ), M×M. */
export function priorHessian(model: Model, position: ArrayLike<number>, spread?: PriorSpread): Matrix {
  const own = diagonalMatrix(priorCurvature(model, position, spread));
  return model.carried ? add(own, model.carried.precision) : own;
}

/** The same priors, each with the linear function that approximates its gradient around θ̂. */
export function referencesAt(model: Model, position: ArrayLike<number>, spread?: PriorSpread): ShapedPrior[] {
  return model.shapedPriors.map((shaped) => ({
    ...shaped,
    reference: termsOf(shaped, position[shaped.index], spread?.[shaped.index]),
  }));
}

/** Adds the differences between the gradients of priors that are not normal and their linear approximations. */
export function addPriorResidualInto(
  model: Model,
  center: ArrayLike<number>,
  position: ArrayLike<number>,
  residual: Float64Array,
): void {
  for (const shaped of model.shapedPriors) {
    const { index, reference } = shaped;
    if (!reference) continue;
    const linear = reference.slope + reference.curvature * (position[index] - center[index]);
    residual[index] += termsOf(shaped, position[index]).slope - linear;
  }
}

function termsOf(shaped: ShapedPrior, x: number, spread = 0): Derivatives {
  const own = lawOf(shaped);
  const { at, kink } = densityOf(own);
  if (kink && spread > 0) return kink.averagedAt(own, x, spread);
  const terms = at(own, x);
  return { ...terms, curvature: Math.max(0, terms.curvature) };
}
