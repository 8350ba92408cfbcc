import { cholesky, choleskySolve, invertPositiveDefinite, NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { add, diagonal, dot, type Matrix, matrix, scale } from "../../linalg/matrix.ts";
import { dataRowsOf, firstVarianceParameter } from "../../models/group-model.ts";
import { type Model, numCoefficients } from "../../models/model.ts";
import { addPriorGradientInto, priorHessian, priorLoss } from "../../models/prior-terms.ts";
import { densityOf } from "../../priors/densities.ts";
import { rowsAtHand } from "../../rows/row-subset.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import { type VisitedRow, visitRows } from "../../rows/visit-rows.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { requireFinite } from "../overflow.ts";
import { tellingPasses } from "../telling-passes.ts";

/** The mode θ* of the posterior and the curvature there. */
export interface Mode {
  /** θ*, M */
  readonly position: Float64Array;
  /** N A, M×M: Hessian of the whole loss, prior included. */
  readonly precision: Matrix;
  /** Passes over all rows. */
  readonly passes: number;
  /** Whether the gradient vanishes there: where the search was given up far from that, nothing can be expanded around it. */
  readonly converged: boolean;
  /** The posterior's sds, over which priors with a kink were averaged; undefined where there are none. */
  readonly spread?: Float64Array;
}

/** What the whole loss looks like at one point. */
interface Expansion {
  loss: number;
  gradient: Float64Array;
  hessian: Matrix;
}

/** Newton stops where the step left is this short: gᵀ (N A)⁻¹ g, a squared distance in posterior sds. */
const fullTolerance = 1e-10;
/** A hundredth of a posterior sd: where rounding keeps the search from more, it has arrived all the same. */
const looseTolerance = 1e-4;
const maxIterations = 100;
/** With quadrature no more: where nodes are too few for the effects' sds the gradient may point uphill, and others are chosen. */
const maxHalvings = { exact: 50, quadrature: 10 };

/**
 * Finds the mode: Newton steps on small strided minibatches that grow eightfold bring θ near, so that the few passes
 * over all rows that follow (Newton with a line search) start within a few posterior sds and converge quadratically.
 * Of rows in blocks the minibatches are of the sample in memory, and the last of them is all of it.
 * Priors with a kink are averaged over the posterior's spread (`PriorSpread`), which is found with the mode.
 * @param start where a mode of a model like it is; the search is then over all rows from the beginning
 */
export async function findMode(given: Workspace, model: Model, start?: Float64Array): Promise<Mode> {
  const { numRows } = model.rows;
  const workspace = tellingPasses(given, "finding the mode");
  let spread = initialSpread(model);
  let position = start ?? startingPoint(model);
  const near = rowsAtHand(model);
  const sizes = minibatchSizes(near.rows.numRows, model);
  for (const size of start ? [] : sizes) {
    const step = Math.floor(near.rows.numRows / size);
    // A minibatch of n rows knows θ* to √(N/n) posterior sds; going on below a tenth of that is wasted.
    const search = { of: near, step, tolerance: (0.01 * numRows) / size, spread };
    position = (await newton(workspace, model, position, search)).position;
  }
  let mode = await newton(workspace, model, position, { step: 1, tolerance: fullTolerance, spread });
  for (let round = 0; spread && round < maxRounds; round++) {
    const next = diagonal(invertPositiveDefinite(mode.precision)).map(Math.sqrt);
    const change = Math.max(...next.map((sd, j) => Math.abs(Math.log(sd / spread![j]))));
    spread = next;
    const { passes } = mode;
    mode = await newton(workspace, model, mode.position, { step: 1, tolerance: fullTolerance, spread });
    mode = { ...mode, passes: mode.passes + passes };
    if (change < 0.01) break;
  }
  return mode;
}

/** Rows of the minibatches, each eight times those before: up to a quarter of all rows, or to the whole of a sample of them. */
function minibatchSizes(most: number, model: Model): number[] {
  const sizes: number[] = [];
  const limit = model.blocks ? most : most / 4;
  for (let size = Math.max(1000, 20 * model.dimension); size < limit; size *= 8) sizes.push(size);
  return model.blocks ? [...sizes, most] : sizes;
}

const maxRounds = 12;

/** Where there are priors with a kink, their own sds: as little as the data may tell. */
function initialSpread({ dimension, shapedPriors }: Model): Float64Array | undefined {
  const sds = shapedPriors.flatMap(({ index, prior }) => {
    const kink = prior && densityOf(prior).kink;
    return kink ? [{ index, sd: kink.sd(prior) }] : [];
  });
  if (sds.length === 0) return undefined;
  const spread = new Float64Array(dimension).fill(1);
  for (const { index, sd } of sds) spread[index] = sd;
  return spread;
}

/** log τ of groups' effects: about where most are, from which those that are much smaller or larger are reached. */
const startingSd = -0.7;

/** Rows from which the first guess of a noise scale is made. */
const rowsForNoiseScale = 20_000;

/** No effect of any column, and auxiliary parameters that suit that. */
function startingPoint(model: Model): Float64Array {
  if (model.carried) return Float64Array.from(model.carried.center);
  const position = new Float64Array(model.dimension);
  model.auxiliaries.forEach(({ startingTau }, k) => {
    position[numCoefficients(model) + k] = startingTau(() => meanSquare(rowsAtHand(dataRowsOf(model)), position));
  });
  position.fill(startingSd, numCoefficients(model) + model.auxiliaries.length);
  for (const { index, correlationPrior } of model.shapedPriors) if (correlationPrior) position[index] = 0;
  return position;
}

/** Of the target about its offset, from some of the rows. */
function meanSquare(rows: Model, origin: Float64Array): number {
  let sum = 0;
  let count = 0;
  const step = Math.max(1, Math.floor(rows.rows.numRows / rowsForNoiseScale));
  const visit = ({ eta, y, weight }: VisitedRow) => {
    sum += weight * (y - eta[0]) ** 2;
    count += weight;
  };
  visitRows(rows, origin, visit, { step });
  return sum / count;
}

async function newton(
  workspace: Workspace,
  model: Model,
  start: Float64Array,
  search: Part & { readonly tolerance: number },
): Promise<Mode> {
  const { tolerance, spread } = search;
  // With few nodes a group's gradient is not quite its loss's derivative: the loss is smallest up to 0.02 sd from where the
  // gradient vanishes, and says nothing of a step that near.
  const quadraticBelow = hasQuadrature(model) ? 1e-2 : 1e-4;
  const halvings = hasQuadrature(model) ? maxHalvings.quadrature : maxHalvings.exact;
  let position = start;
  let passes = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const here = await expand(workspace, model, position, search);
    passes++;
    // Later on a search that runs off to where the loss has no bound overflows, too: that is another matter.
    if (iteration === 0) requireFinite(here.loss, here.gradient, here.hessian.data);
    const direction = newtonDirection(here, model);
    const decrement = -dot(direction, here.gradient);
    let length = longestStep(model, direction);
    let next = moved(position, direction, length);
    if (decrement < tolerance) return { position: next, precision: here.hessian, passes, converged: true, spread };
    // Rounding of a sum over N rows hides decreases below about 1e-12 of the loss.
    const slack = 1e-12 * Math.abs(here.loss);
    let isLower = decrement < quadraticBelow; // quadratic convergence: no room for the line search to help
    for (let halving = 0; halving < halvings && !isLower; halving++) {
      if (halving > 0) length *= 0.5;
      next = moved(position, direction, length);
      passes++;
      isLower = (await lossAt(workspace, model, next, search)) <= here.loss - 0.1 * length * decrement + slack;
    }
    if (!isLower) break;
    position = next;
  }
  const here = await expand(workspace, model, position, search);
  const converged = -dot(newtonDirection(here, model), here.gradient) < looseTolerance;
  return { position, precision: here.hessian, passes: passes + 1, converged, spread };
}

/** Whether groups' effects are integrated out by quadrature: gaussian rows have a closed form, whose derivatives are exact. */
const hasQuadrature = ({ groups, family }: Model) => groups !== undefined && family.name !== "gaussian";

/** Where the loss is flat in log τ, a quadratic says nothing of it farther away. */
const maxChangeOfVariance = 2;

/** The share of a step that changes no parameter of groups' variances by more than that. */
function longestStep(model: Model, direction: Float64Array): number {
  if (!hasQuadrature(model)) return 1;
  const changes = direction.subarray(firstVarianceParameter(model)).map(Math.abs);
  return Math.min(1, maxChangeOfVariance / Math.max(...changes));
}

function moved(position: Float64Array, direction: Float64Array, length: number): Float64Array {
  return position.map((value, j) => value + length * direction[j]);
}

interface Part {
  readonly step: number;
  readonly spread?: Float64Array;
  /** Where a minibatch is of these rows, which stand for all; the model's own where left out. */
  readonly of?: Model;
}

async function expand(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  { step, spread, of = model }: Part,
): Promise<Expansion> {
  const sums = await rowsOf(workspace, of).pass(position, { gram: "curvature", step });
  const factor = model.rows.numRows / sums.count;
  const gradient = sums.gradient.map((value) => factor * value);
  addPriorGradientInto(model, position, gradient, spread);
  const hessian = add(scale(sums.gram, factor), priorHessian(model, position, spread));
  return { loss: factor * sums.loss + priorLoss(model, position, spread), gradient, hessian };
}

async function lossAt(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  { step, spread, of = model }: Part,
): Promise<number> {
  const sums = await rowsOf(workspace, of).pass(position, { gram: "none", step });
  return (model.rows.numRows / sums.count) * sums.loss + priorLoss(model, position, spread);
}

/** −H⁻¹ g, or a direction of descent like it where H is not positive definite. */
export function newtonDirection(
  { hessian, gradient }: Pick<Expansion, "hessian" | "gradient">,
  model: Model,
): Float64Array {
  const solve = (a: Matrix) => choleskySolve(cholesky(a), gradient).map((value) => -value);
  // Far from the mode the Hessian may be indefinite: the cross terms of β and τ make it so, and rows of the student-t family
  // far from their predictor. Without those terms, and with as much more on the diagonal as it takes, it is positive.
  const size = model.dimension;
  let tried = hessian;
  for (let ridge = 0; ; ridge = ridge === 0 ? 1e-3 : 10 * ridge) {
    try {
      return solve(tried);
    } catch (error) {
      if (!(error instanceof NotPositiveDefiniteError) || ridge > 1e6) throw error;
    }
    tried = matrix(size, size, Float64Array.from(hessian.data));
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++)
        if (i !== j && Math.max(i, j) >= numCoefficients(model)) tried.data[i * size + j] = 0;
      tried.data[i * (size + 1)] += ridge * Math.abs(hessian.data[i * (size + 1)]);
    }
  }
}
