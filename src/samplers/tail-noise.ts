import { Weights } from "../../kernels/layout.ts";
import { covarianceOf } from "../estimation/noise-covariance.ts";
import type { Problem } from "../estimation/problem.ts";
import { sumRows } from "../estimation/row-sums.ts";
import { diagonal, dot, type Matrix, multiplyVector, traceOfProduct } from "../linalg/matrix.ts";
import { type Model, numCoefficients } from "../models/model.ts";
import { addPriorResidualInto } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { drawRows } from "./row-influence.ts";

/** Where the loss has risen by this much a chain comes once in millions of steps. */
const reach = 16;
const farthest = 12;
/** A batch's noise may undo this share of what the pull back to the mode does, as far out as the chain comes. */
const largestShare = 0.1;
/** Coefficients that are walked along, those with the most noise; auxiliary parameters come on top. */
const mostCoefficients = 6;
/** Parameters with less noise than this near the mode, relative to their variance, have little anywhere within reach. */
const negligible = 0.05;
/** Multiply-adds that the rows of one point may take. */
const workPerPoint = 2e7;
const listedRows = { fewest: 1000, most: 16_000 };

/**
 * Rows a unit of damping, S/h, below which chains are thrown out of the posterior's tails rather than pulled back.
 *
 * The control variates' residual is of second order near the mode, but far out it grows like the distance x from it: what the
 * linear expansions of the rows drawn have wrong. On the flat side of a skewed posterior (the logarithm of a dispersion, the
 * coefficient of a rare level) the gradient meanwhile stays bounded. With B(x) the whitened gradient and T(x) the trace of the
 * whitened covariance of N times one row's weighted residual, a step changes |x|² by −2h x·B + h² T/S on average, beside what is
 * injected on purpose. Batches are to keep the second term below a tenth of the first up to where the loss has risen by 16:
 * beyond, the law of the chain has a power of |x| for a tail (a Kesten process), whose rare excursions spoil sds, and may not end.
 * The walk is along each parameter that has much noise near the mode, to both sides, the others at their conditional means.
 *
 * Source: noise that grows with the distance, and the tails it makes: Kesten (1973); Gürbüzbalaban, Simsekli & Zhu, The heavy-tail
 * phenomenon in SGD (2021).
 * @param weighted the model with its rows drawn by influence
 * @param whitened W = Kᵀ (N² C̄_cv) K, averaged over N(θ̂, P)
 */
export async function tailNoise(problem: Problem, weighted: Model, whitened: Matrix, seed: number): Promise<number> {
  const { model, numRows } = problem;
  const affordable = Math.floor(workPerPoint / model.dimension ** 2);
  const count = Math.min(listedRows.most, Math.max(listedRows.fewest, affordable), 4 * numRows);
  const rowList = drawRows(weighted, count, createRandom(seed, 1, 5));
  let most = 0;
  for (const j of noisyParameters(problem, whitened))
    for (const side of [-1, 1]) most = Math.max(most, await alongParameter(problem, weighted, rowList, j, side));
  return most;
}

/** Places in θ whose variance one row's noise near the mode is largest against. */
function noisyParameters({ model, laplaceFactor, laplaceCovariance }: Problem, whitened: Matrix): number[] {
  const size = laplaceFactor.rows;
  const ratios = diagonal(laplaceCovariance).map((variance, j) => {
    const line = laplaceFactor.data.subarray(j * size, (j + 1) * size);
    return dot(line, multiplyVector(whitened, line)) / variance;
  });
  const noisy = [...ratios.keys()].filter((j) => ratios[j] > negligible).sort((a, b) => ratios[b] - ratios[a]);
  const first = numCoefficients(model);
  return [...noisy.filter((j) => j >= first), ...noisy.filter((j) => j < first).slice(0, mostCoefficients)];
}

/** max over the walk of T / (2 · 0.1 x·B) */
async function alongParameter(
  { workspace, model, numRows, mode, laplaceCovariance }: Problem,
  weighted: Model,
  rowList: Uint32Array,
  j: number,
  side: number,
): Promise<number> {
  const size = mode.length;
  const sd = Math.sqrt(laplaceCovariance.data[j * (size + 1)]);
  // One sd along the conditional means of the others, P e_j/√P_jj; whitened it is a unit vector, line j of K over √P_jj.
  const direction = laplaceCovariance.data.subarray(j * size, (j + 1) * size).map((value) => value / sd);
  let most = 0;
  let risen = 0;
  let before = 0;
  for (let distance = 1; distance <= farthest && risen < reach; distance++) {
    const position = mode.map((value, i) => value + side * distance * direction[i]);
    const request = { position, center: mode, weights: Weights.squaredResidual, rowList };
    const sums = await sumRows(workspace, weighted, request);
    const residual = sums.gradient.map((value) => (value * numRows) / sums.count);
    addPriorResidualInto(model, mode, position, residual);
    const covariance = covarianceOf(sums);
    const noise = numRows ** 2 * traceOfProduct(laplaceCovariance, covariance);
    // The rows drawn know the pull to its standard error, in which it may be that much more.
    const error = numRows * Math.sqrt(Math.max(0, dot(direction, multiplyVector(covariance, direction))) / sums.count);
    const pull = distance + side * dot(direction, residual) + error;
    risen += 0.5 * (before + pull);
    before = pull;
    // Losses that overflow have risen beyond reach.
    if (!Number.isFinite(noise) || !Number.isFinite(pull)) break;
    if (pull > 0) most = Math.max(most, noise / (2 * largestShare * distance * pull));
  }
  return most;
}
