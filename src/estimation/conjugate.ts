import {
  congruence,
  diagonal,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyVector,
  scaleRowsAndColumns,
  transpose,
} from "../linalg/matrix.ts";
import { gradedEigen, symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { hasNormalPriors, type Model, numObservations } from "../models/model.ts";
import { negativeLogDensity } from "../priors/densities.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { weightSums } from "../rows/visit-rows.ts";
import type { Workspace } from "../rows/workspace.ts";
import { requireFinite } from "./overflow.ts";

/**
 * The exact posterior of a linear model with normal priors: given τ = log σ the coefficients are normal, and the law of τ
 * alone is known up to a constant. In γ = Uᵀ Λ^½ (β − β₀), β₀ any point, with Λ^-½ XᵀX Λ^-½ = U Γ Uᵀ, b = Uᵀ Λ^-½ Xᵀ(y − X β₀) and
 * d = Uᵀ Λ^½ (m − β₀),
 *
 *   γ_i | τ ~ N(c_i, 1/q_i),  q_i = 1 + Γ_i e^(−2τ),  c_i = (b_i e^(−2τ) + d_i) / q_i,
 *   log p(τ | y) = −N τ − ½ Σ log q_i − ½ e^(−2τ) (|y − X β₀|² − Σ (b_i² e^(−2τ) + 2 b_i d_i − Γ_i d_i²) / q_i) + log prior(τ) + constant;
 *
 * with row weights X and y are scaled by their roots, and N is their sum.
 *
 * Source: any text on Bayesian linear regression, such as Gelman et al., Bayesian Data Analysis, chapter 14.
 */
export interface ConjugatePosterior {
  /** Points of a grid over τ (one point where σ is fixed) and their probabilities. */
  readonly tau: Float64Array;
  readonly probability: Float64Array;
  /** Γ, b and d, D each */
  readonly eigenvalues: Float64Array;
  readonly projections: Float64Array;
  readonly offsets: Float64Array;
  /** β = β₀ + basis γ: D, and D×D. */
  readonly center: Float64Array;
  readonly basis: Matrix;
  /** Mean and covariance of (β, τ), M and M×M. */
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

const gridPoints = 2001;
/**
 * Where columns explain all but this share of the squares around β₀, what is left is a small difference of large sums, of which
 * those of X are known to single precision: they are taken anew around the mean that was found.
 */
const smallestLeft = 1e-4;
const maxCenters = 4;

/** The exact posterior, from one pass over the rows, or a few where hardly any noise is left. The model must be gaussian. */
export async function conjugatePosterior(workspace: Workspace, model: Model): Promise<ConjugatePosterior> {
  let center = Float64Array.from(model.priorMean);
  for (let round = 1; ; round++) {
    const { posterior, left } = await expandAround(workspace, model, center);
    if (round === maxCenters || !(left < smallestLeft)) return posterior;
    center = Float64Array.from(posterior.mean);
  }
}

/** @param left the share of the squares around β₀ that the columns leave where τ is most probable */
async function expandAround(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
): Promise<{ posterior: ConjugatePosterior; left: number }> {
  const size = model.rows.numColumns;
  // At τ = 0 (σ = 1) the curvature is XᵀX and the gradient is −Xᵀ(y − X β₀).
  const atUnit = Float64Array.from(position, (value, j) => (j < size ? value : 0));
  const sums = await rowsOf(workspace, unitScale(model)).pass(atUnit, { gram: "curvature" });
  requireFinite(sums.loss, sums.gradient, sums.gram.data);
  const residualSquares = 2 * sums.loss;
  const roots = model.priorPrecision.subarray(0, size).map((precision) => 1 / Math.sqrt(precision));
  const gram = matrix(size, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) gram.data[i * size + j] = sums.gram.data[i * sums.gram.columns + j];
  const { eigenvalues, vectors } = distinguishedDirections(scaleRowsAndColumns(gram, roots, roots));
  const transposed = transpose(vectors);
  const scaled = roots.map((root, j) => -root * sums.gradient[j]);
  const projections = multiplyVector(transposed, scaled).map((b, i) => (eigenvalues[i] > 0 ? b : 0));
  const offsets = multiplyVector(
    transposed,
    roots.map((root, j) => (model.priorMean[j] - position[j]) / root),
  );
  const ones = new Float64Array(size).fill(1);
  const basis = scaleRowsAndColumns(vectors, roots, ones);
  const given = { eigenvalues, projections, offsets, residualSquares, weight: weightSums(model).sum };
  const grid =
    model.auxiliaries.length > 0
      ? gridOverTau(model, given)
      : { tau: Float64Array.of(model.fixedTau[0]), probability: Float64Array.of(1) };
  const parts = { ...grid, eigenvalues, projections, offsets, center: position.slice(0, size), basis };
  const top = grid.probability.indexOf(Math.max(...grid.probability));
  const left = squaresLeft(Math.exp(-2 * grid.tau[top]), given) / residualSquares;
  return { posterior: { ...parts, ...momentsOf(model, parts) }, left };
}

/** Entries on the diagonal that differ by more than this need an eigendecomposition that keeps the small ones' digits. */
const graded = 1e6;

/** Eigenvectors of a Gram matrix of f32 rows, and its eigenvalues: 0 where rounding alone makes them, of which the data say nothing. */
function distinguishedDirections(gram: Matrix): { eigenvalues: Float64Array; vectors: Matrix } {
  const squares = diagonal(gram);
  const positive = squares.filter((value) => value > 0);
  const isGraded = Math.max(...positive) > graded * Math.min(...positive);
  const { values, vectors } = (isGraded ? gradedEigen : symmetricEigen)(gram);
  const eigenvalues = values.map((value, k) => {
    const rounding =
      1e-7 * squares.reduce((sum, square, j) => sum + square * vectors.data[j * gram.columns + k] ** 2, 0);
    return value > rounding ? value : 0;
  });
  return { eigenvalues, vectors };
}

function unitScale(model: Model): Model {
  if (model.auxiliaries.length > 0 || model.fixedTau[0] === 0) return model;
  throw new RangeError("the conjugate posterior is worked out for σ learned, or fixed at 1");
}

interface Sufficient {
  readonly eigenvalues: Float64Array;
  readonly projections: Float64Array;
  readonly offsets: Float64Array;
  readonly residualSquares: number;
  /** Σ w_n, N where rows have no weights. */
  readonly weight: number;
}

/** |y − X β₀|² − Σ (b_i² p + 2 b_i d_i − Γ_i d_i²) / q_i, p = e^(−2τ) */
function squaresLeft(precision: number, { eigenvalues, projections, offsets, residualSquares }: Sufficient): number {
  let explained = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    const [gamma, b, d] = [eigenvalues[i], projections[i], offsets[i]];
    explained += (b * b * precision + 2 * b * d - gamma * d * d) / (1 + gamma * precision);
  }
  return Math.max(0, residualSquares - explained);
}

function logDensity(model: Model, tau: number, given: Sufficient): number {
  const precision = Math.exp(-2 * tau);
  let logQ = 0;
  for (const eigenvalue of given.eigenvalues) logQ += Math.log(1 + eigenvalue * precision);
  const left = squaresLeft(precision, given);
  const prior = model.auxiliaries.length > 0 ? negativeLogDensity(model.shapedPriors[0].scalePrior!, tau).value : 0;
  return -given.weight * tau - 0.5 * logQ - 0.5 * precision * left - prior;
}

/** A grid that ends where the density has fallen by e^−40, found by narrowing a wide one. */
function gridOverTau(model: Model, given: Sufficient): { tau: Float64Array; probability: Float64Array } {
  const middle = 0.5 * Math.log(given.residualSquares / given.weight + 1e-12);
  let low = middle - 18;
  let high = middle + 8;
  for (;;) {
    const step = (high - low) / (gridPoints - 1);
    const tau = Float64Array.from({ length: gridPoints }, (_, k) => low + k * step);
    const logs = tau.map((value) => logDensity(model, value, given));
    const top = Math.max(...logs);
    requireFinite(top);
    const first = logs.findIndex((value) => value > top - 40);
    const last = logs.findLastIndex((value) => value > top - 40);
    if (last - first > gridPoints / 4) {
      const weights = logs.map((value) => Math.exp(value - top));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return { tau, probability: weights.map((weight) => weight / total) };
    }
    low = tau[Math.max(0, first - 1)];
    high = tau[Math.min(gridPoints - 1, last + 1)];
  }
}

function momentsOf(
  model: Model,
  {
    tau,
    probability,
    eigenvalues,
    projections,
    offsets,
    center,
    basis,
  }: Omit<ConjugatePosterior, "mean" | "covariance">,
): { mean: Float64Array; covariance: Matrix } {
  const size = eigenvalues.length;
  const extended = size + 1;
  const mean = new Float64Array(extended);
  const spread = new Float64Array(size);
  const deviations: Float64Array[] = [];
  const weights: number[] = [];
  // Shifted by the values at the grid's middle, so that no digits are lost to cancellation.
  const origin = conditionalMean(tau[tau.length >> 1], { eigenvalues, projections, offsets });
  for (let k = 0; k < tau.length; k++) {
    const weight = probability[k];
    if (weight === 0) continue;
    const precision = Math.exp(-2 * tau[k]);
    const conditional = conditionalMean(tau[k], { eigenvalues, projections, offsets });
    const values = new Float64Array(extended);
    for (let i = 0; i < size; i++) {
      values[i] = conditional[i] - origin[i];
      spread[i] += weight / (1 + eigenvalues[i] * precision);
    }
    values[size] = tau[k] - tau[tau.length >> 1];
    for (let i = 0; i < extended; i++) mean[i] += weight * values[i];
    deviations.push(values);
    weights.push(weight);
  }
  const weighted = deviations.map((values, k) => values.map((value) => weights[k] * value));
  const second = multiply(transpose(matrixFromRows(weighted)), matrixFromRows(deviations));
  for (let i = 0; i < extended; i++)
    for (let j = 0; j <= i; j++) {
      let entry = second.data[i * extended + j] - mean[i] * mean[j];
      if (i === j && i < size) entry += spread[i];
      second.data[i * extended + j] = second.data[j * extended + i] = entry;
    }
  const dimension = model.dimension;
  const map = matrix(dimension, extended);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) map.data[i * extended + j] = basis.data[i * size + j];
  if (model.auxiliaries.length > 0) map.data[size * extended + size] = 1;
  const shifted = multiplyVector(
    map,
    mean.map((value, i) => value + (i < size ? origin[i] : tau[tau.length >> 1])),
  );
  return { mean: shifted.map((value, j) => value + (j < size ? center[j] : 0)), covariance: congruence(map, second) };
}

/** c_i at one τ. */
export function conditionalMean(
  tau: number,
  { eigenvalues, projections, offsets }: Pick<ConjugatePosterior, "eigenvalues" | "projections" | "offsets">,
): Float64Array {
  const precision = Math.exp(-2 * tau);
  return projections.map((b, i) => (b * precision + offsets[i]) / (1 + eigenvalues[i] * precision));
}

/** Whether the joint mode of (β, σ) says too little of the posterior: with few rows a column it runs to σ = 0. */
export function needsConjugate(model: Model): boolean {
  return (
    model.family.name === "gaussian" &&
    !model.groups &&
    model.auxiliaries.length > 0 &&
    hasNormalPriors(model) &&
    numObservations(model) < 10 * model.dimension
  );
}
