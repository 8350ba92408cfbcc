import { add, type Matrix, multiplyVector } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { influencesOf } from "../rows/block-pools.ts";
import { type PrepareGradients, prepareGradients } from "../rows/full-gradients.ts";
import { KernelRows } from "../rows/kernel-rows.ts";
import { weightedRows } from "../rows/row-subset.ts";
import type { RowSums } from "../rows/rows.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { DenseApproximation } from "./local-approximation.ts";

/**
 * Losses over few rows that stand for all: a quadratic control variate that all rows make, and what is left of some rows.
 * With f_n a row's loss, q_n its expansion of second order around the mode and w_s = 1/π_s,
 *   U(θ) = Σ_n q_n(θ) + Σ_{s drawn} w_s (f_s − q_s)(θ) − log prior(θ),
 * row n drawn with the probability π_n = min(1, c i_n) + 0.1 m/N (at most 1), i_n its influence (kernels/layout/pass.ts). Rows that
 * matter most are drawn for certain. U is unbiased at every θ, its gradient too, and exact where all remainders are small.
 * The draw is systematic, in the order of the rows, which leaves less to chance than independent draws.
 * Source: control variates and importance sampling as for gradients (samplers/control-variate.ts); coresets, Huggins, Campbell &
 * Broderick (2016).
 */
export interface Coresets {
  /** Another coreset of about `size` rows, in memory until the caller releases it. */
  draw(size: number, random: Xoshiro): Promise<Coreset>;
}

export interface Coreset {
  readonly numRows: number;
  /** U and its gradient. */
  readonly prepareLoss: PrepareGradients;
}

/** The share of the rows drawn that goes to all rows alike. */
const uniformFraction = 0.1;

/** Measures what all rows make of a coreset; two passes. The influences stay in memory until the caller releases it. */
export async function prepareCoresets(local: DenseApproximation): Promise<Coresets> {
  const { workspace, model, mode } = local;
  const drawRows = model.blocks ? await rowsOfBlocks(local) : await rowsInMemory(local);
  const ofAll = await expansion(local, model);
  return {
    async draw(size, random) {
      const rows = await drawRows(size, random);
      const ofRows = await expansion(local, rows);
      const slope = ofAll.gradient.map((value, j) => value - ofRows.gradient[j]);
      const curvature = add(ofAll.gram, ofRows.gram, 1, -1);
      return {
        numRows: rows.rows.numRows,
        prepareLoss: (...asked) => {
          // A checkpoint has the states of chains; of their gradients there would be millions.
          const evaluate = prepareGradients({ ...workspace, checkpoint: undefined }, rows, ...asked);
          return async (positions) => {
            const found = await evaluate(positions);
            return found.map((each, k) => addQuadratic(each, mode, positions[k], slope, curvature));
          };
        },
      };
    },
  };
}

/** A model over about so many rows, each with its weight times w_s. */
type DrawRows = (size: number, random: Xoshiro) => Promise<Model>;

async function rowsInMemory({ workspace, model, numRows, mode, ...local }: DenseApproximation): Promise<DrawRows> {
  const address = model.memory.allocate(4 * numRows);
  const law = { factor: local.laplaceFactor, covariance: local.laplaceCovariance };
  await new KernelRows(workspace, model).influence(mode, law, { influence: address });
  return async (size, random) => {
    const influences = model.memory.f32(address, numRows);
    const probability = inclusion(influences, Math.min(size, numRows));
    const { numbers, factors } = drawSystematically(numRows, probability, random);
    return weightedRows(model, numbers, factors);
  };
}

/** Of rows on disk: c is m over Σ i, so that where some rows are certain a few less are drawn. */
async function rowsOfBlocks({ workspace, model, numRows, mode, ...local }: DenseApproximation): Promise<DrawRows> {
  const law = { factor: local.laplaceFactor, covariance: local.laplaceCovariance };
  const { total, draw } = await influencesOf(workspace, model, { center: mode, law });
  return (size, random) => {
    const uniform = (uniformFraction * size) / numRows;
    const factor = total > 0 ? ((1 - uniformFraction) * size) / total : 0;
    return draw({ factor, offset: uniform, most: 1 }, random.uint32());
  };
}

/** Σ ∇f and Σ ∇²f at the mode. */
function expansion({ workspace, mode }: DenseApproximation, model: Model): Promise<RowSums> {
  return rowsOf(workspace, model).pass(mode, { gram: "curvature" });
}

function addQuadratic(
  { loss, gradient }: { readonly loss: number; readonly gradient: Float64Array },
  mode: ArrayLike<number>,
  position: ArrayLike<number>,
  slope: Float64Array,
  curvature: Matrix,
) {
  const offset = slope.map((_, j) => position[j] - mode[j]);
  const bend = multiplyVector(curvature, offset);
  let sum = loss;
  for (let j = 0; j < slope.length; j++) {
    sum += (slope[j] + 0.5 * bend[j]) * offset[j];
    gradient[j] += slope[j] + bend[j];
  }
  return { loss: sum, gradient };
}

/** π_n, with the factor c for which about `size` rows are drawn. */
function inclusion(influences: Float32Array, size: number): (n: number) => number {
  if (size >= influences.length) return () => 1;
  const uniform = (uniformFraction * size) / influences.length;
  const rest = size - uniform * influences.length;
  const byInfluence = (n: number, c: number) => {
    const wanted = c * influences[n];
    // Influences that overflow, or are not numbers, are certain.
    return wanted >= 1 || Number.isNaN(wanted) ? 1 : wanted;
  };
  const probability = (c: number) => (n: number) => Math.min(1, byInfluence(n, c) + uniform);
  const expected = (c: number) => {
    let sum = 0;
    for (let n = 0; n < influences.length; n++) sum += byInfluence(n, c);
    return sum;
  };
  let [low, high] = [Number.MIN_VALUE, 1];
  // Where fewer rows than that have any influence, all of them are drawn for certain.
  for (let k = 0; k < maxFactors && expected(high) < rest; k++) [low, high] = [high, 8 * high];
  // Where the certain rows alone are enough, the factor falls to the smallest numbers, of which none lies in between.
  for (let k = 0; k < maxHalvings && high - low > 1e-4 * high; k++) {
    const middle = 0.5 * (low + high);
    if (expected(middle) < rest) low = middle;
    else high = middle;
  }
  return probability(high);
}

const maxFactors = 100;
const maxHalvings = 1000;

/** Row n is drawn where the sum of the probabilities up to it passes the next of the numbers start, start + 1, … */
function drawSystematically(numRows: number, probability: (n: number) => number, random: Xoshiro) {
  const numbers: number[] = [];
  const factors: number[] = [];
  let next = random.uniform();
  let sum = 0;
  for (let n = 0; n < numRows; n++) {
    const own = probability(n);
    sum += own;
    // Rounding of the sum must not leave out a row that is certain.
    if (own < 1 && sum <= next) continue;
    numbers.push(n);
    factors.push(1 / own);
    next += 1;
  }
  return { numbers, factors };
}
