import type { Design } from "../design/design-types.ts";
import {
  add,
  congruence,
  diagonal,
  diagonalMatrix,
  type Matrix,
  matrix,
  multiplyVector,
  scale,
} from "../linalg/matrix.ts";
import { type Model, numCoefficients } from "../models/model.ts";
import { addPriorGradientInto, priorCurvature, priorLoss } from "../models/prior-terms.ts";
import type { ShapedPrior } from "../priors/shaped-prior.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { DenseApproximation } from "./local-approximation.ts";
import { newtonDirection } from "./mode/mode.ts";

/** What the coefficients' priors change: against the same priors ten times as wide. */
export interface PriorPull {
  /** D × numPredictors: how far the mode of each column's coefficient moves without them, in posterior sds. */
  readonly shifts: Float64Array;
  /** The nats by which the data would fit better; 0 where no coefficient moves by enough to look. */
  readonly cost: number;
  /**
   * Tr(Λ₀ P), Λ₀ the priors' precision: coefficients' worth of posterior that the prior makes. Where the prior suits the
   * coefficients, the cost is about half of it.
   */
  readonly expected: number;
}

const wider = 10;
/** Below this no coefficient moves by enough to matter, in posterior sds. */
const smallShift = 0.1;

/** One Newton step from the mode towards that under wider priors; where it is long, as far along it as the loss falls. */
export async function priorPull(local: DenseApproximation, { basis }: Pick<Design, "basis">): Promise<PriorPull> {
  const { model, mode, hessian, numRows, laplaceCovariance } = local;
  const wide = withWiderPriors(model);
  // At the mode the gradient of the whole loss is 0, so what is left is the difference between the priors.
  const gradient = new Float64Array(mode.length);
  addPriorGradientInto(model, mode, gradient);
  gradient.forEach((value, j) => {
    gradient[j] = -value;
  });
  addPriorGradientInto(wide, mode, gradient);
  const curvatures = priorCurvature(model, mode);
  const change = priorCurvature(wide, mode).map((value, j) => value - curvatures[j]);
  const precision = add(scale(hessian, numRows), diagonalMatrix(change));
  const step = newtonDirection({ gradient, hessian: precision }, model);
  const count = numCoefficients(model);
  const expected = diagonal(laplaceCovariance)
    .subarray(0, count)
    .reduce((sum, variance, j) => sum + variance * curvatures[j], 0);
  const shifts = inColumns(local, step, basis?.matrix);
  const isSmall = shifts.every((value) => Math.abs(value) <= smallShift);
  return { shifts, expected, cost: isSmall ? 0 : await costOf(local, wide, step) };
}

/** Steps of the columns' own coefficients over their posterior sds. */
function inColumns(
  { model, laplaceCovariance }: DenseApproximation,
  step: Float64Array,
  basis: Matrix | undefined,
): Float64Array {
  const count = numCoefficients(model);
  const size = model.rows.numColumns;
  if (!basis)
    return step.subarray(0, count).map((value, j) => value / Math.sqrt(laplaceCovariance.data[j * step.length + j]));
  const shifts = new Float64Array(count);
  for (let first = 0; first < count; first += size) {
    const block = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        block.data[i * size + j] = laplaceCovariance.data[(first + i) * step.length + first + j];
    const sds = diagonal(congruence(basis, block)).map(Math.sqrt);
    shifts.set(
      multiplyVector(basis, step.subarray(first, first + size)).map((value, j) => value / sds[j]),
      first,
    );
  }
  return shifts;
}

const maxPriorHalvings = 4;

/** By how much the data's loss falls along the step, where the loss under wider priors falls. */
async function costOf(
  { workspace, model, mode }: DenseApproximation,
  wide: Model,
  step: Float64Array,
): Promise<number> {
  const lossAt = async (position: Float64Array) =>
    (await rowsOf(workspace, model).pass(position, { gram: "none" })).loss;
  const before = await lossAt(mode);
  const wholeBefore = before + priorLoss(wide, mode);
  let length = 1;
  for (let halving = 0; halving <= maxPriorHalvings; halving++, length *= 0.5) {
    const position = mode.map((value, j) => value + length * step[j]);
    const after = await lossAt(position);
    if (after + priorLoss(wide, position) <= wholeBefore) return Math.max(0, before - after);
  }
  return 0;
}

/** The same likelihood with the coefficients' priors ten times as wide, for the functions of prior-terms.ts alone. */
function withWiderPriors(model: Model): Model {
  const priorPrecision = model.priorPrecision.map((value) => value / wider ** 2);
  const widened = ({ prior, ...shaped }: ShapedPrior): ShapedPrior => ({
    ...shaped,
    ...(prior && { prior: { ...prior, scale: wider * prior.scale } }),
  });
  return { ...model, priorPrecision, shapedPriors: model.shapedPriors.map(widened) };
}
