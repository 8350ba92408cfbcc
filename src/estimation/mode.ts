import { Weights } from "../../kernels/layout.ts";
import { cholesky, choleskySolve, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { add, diagonalMatrix, dot, type Matrix, matrix, scale } from "../linalg/matrix.ts";
import { addPriorGradientInto, type Model, priorCurvature, priorLoss } from "../models/model.ts";
import type { Workspace } from "./problem.ts";
import { sumRows } from "./row-sums.ts";

/** The mode θ* of the posterior and the curvature there. */
export interface Mode {
  /** θ*, M */
  readonly position: Float64Array;
  /** N A, M×M: Hessian of the whole loss, prior included. */
  readonly precision: Matrix;
  /** Passes over all rows. */
  readonly passes: number;
}

/** What the whole loss looks like at one point. */
interface Expansion {
  loss: number;
  gradient: Float64Array;
  hessian: Matrix;
}

/** Newton stops where the step left is this short: gᵀ (N A)⁻¹ g, a squared distance in posterior sds. */
const fullTolerance = 1e-10;
const maxIterations = 100;

/**
 * Finds the mode: Newton steps on small strided minibatches that grow eightfold bring θ near, so that the few passes
 * over all rows that follow (Newton with a line search) start within a few posterior sds and converge quadratically.
 */
export async function findMode(workspace: Workspace, model: Model): Promise<Mode> {
  const { numRows } = model.rows;
  let position: Float64Array<ArrayBufferLike> = await startingPoint(workspace, model);
  for (let size = Math.max(1000, 20 * model.dimension); size < numRows / 4; size *= 8) {
    const step = Math.floor(numRows / size);
    // A minibatch of n rows knows θ* to √(N/n) posterior sds; going on below a tenth of that is wasted.
    position = (await newton(workspace, model, position, step, (0.01 * numRows) / size)).position;
  }
  return newton(workspace, model, position, 1, fullTolerance);
}

async function startingPoint(workspace: Workspace, model: Model): Promise<Float64Array> {
  const position = new Float64Array(model.dimension);
  if (!model.hasAuxiliary) return position;
  // With β = 0 and τ = 0 the gaussian loss is ½ Σ y²: start from σ² = mean y².
  const { loss, count } = await sumRows(workspace, model, { position, weights: Weights.none });
  position[model.dimension - 1] = 0.5 * Math.log(Math.max(2 * (loss / count), 1e-12));
  return position;
}

async function newton(
  workspace: Workspace,
  model: Model,
  start: Float64Array,
  step: number,
  tolerance: number,
): Promise<Mode> {
  let position = start;
  let passes = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const here = await expand(workspace, model, position, step);
    passes++;
    const direction = newtonDirection(here, model);
    const decrement = -dot(direction, here.gradient);
    let length = 1;
    let next = moved(position, direction, length);
    if (decrement < tolerance) return { position: next, precision: here.hessian, passes };
    // Rounding of a sum over N rows hides decreases below about 1e-12 of the loss.
    const slack = 1e-12 * Math.abs(here.loss);
    for (let halving = 0; halving < 50; halving++) {
      if (decrement < 1e-4 && length === 1) break; // quadratic convergence: no room for the line search to help
      passes++;
      if ((await lossAt(workspace, model, next, step)) <= here.loss - 0.1 * length * decrement + slack) break;
      length *= 0.5;
      next = moved(position, direction, length);
    }
    position = next;
  }
  const here = await expand(workspace, model, position, step);
  return { position, precision: here.hessian, passes: passes + 1 };
}

function moved(position: Float64Array, direction: Float64Array, length: number): Float64Array {
  return position.map((value, j) => value + length * direction[j]);
}

async function expand(workspace: Workspace, model: Model, position: Float64Array, step: number): Promise<Expansion> {
  const sums = await sumRows(workspace, model, { position, weights: Weights.curvature, step });
  const factor = model.rows.numRows / sums.count;
  const gradient = sums.gradient.map((value) => factor * value);
  addPriorGradientInto(model, position, gradient);
  const hessian = add(scale(sums.gram, factor), diagonalMatrix(priorCurvature(model, position)));
  return { loss: factor * sums.loss + priorLoss(model, position), gradient, hessian };
}

async function lossAt(workspace: Workspace, model: Model, position: Float64Array, step: number): Promise<number> {
  const sums = await sumRows(workspace, model, { position, weights: Weights.none, step });
  return (model.rows.numRows / sums.count) * sums.loss + priorLoss(model, position);
}

function newtonDirection({ hessian, gradient }: Expansion, model: Model): Float64Array {
  const solve = (a: Matrix) => choleskySolve(cholesky(a), gradient).map((value) => -value);
  try {
    return solve(hessian);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError) || !model.hasAuxiliary) throw error;
    // Far from the mode the cross terms of β and τ can make the Hessian indefinite; without them it is positive.
    const last = model.dimension - 1;
    const blocks = matrix(model.dimension, model.dimension, Float64Array.from(hessian.data));
    for (let j = 0; j < last; j++)
      blocks.data[j * model.dimension + last] = blocks.data[last * model.dimension + j] = 0;
    return solve(blocks);
  }
}
