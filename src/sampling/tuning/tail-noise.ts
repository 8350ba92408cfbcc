import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { covarianceOf } from "../../estimation/noise-covariance.ts";
import {
  diagonal,
  dot,
  type Matrix,
  multiply,
  multiplyVector,
  traceOfProduct,
  transpose,
} from "../../linalg/matrix.ts";
import { type Model, numCoefficients } from "../../models/model.ts";
import { addPriorResidualInto } from "../../models/prior-terms.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import { workPerGroup } from "../../rows/work.ts";

/** Where the loss has risen by this much a chain comes once in millions of steps. */
const reach = 16;
const farthest = 12;
/** Sds between the points of a walk. */
const stride = 2;
/** A batch's noise may undo this share of what the pull back to the mode does, as far out as the chain comes. */
const largestFraction = 0.1;
/** Coefficients that are walked along, those with the most noise; auxiliary parameters come on top. */
const maxCoefficients = 6;
/** Parameters with less noise than this near the mode, relative to their variance, have little anywhere within reach. */
const negligible = 0.05;
/** Multiply-adds that the rows of one point may take. */
const workPerPoint = 2e7;
const listedRows = { fewest: 1000, most: 10_000 };
const fewestGroups = 100;

/**
 * Rows a unit of damping, S/h, below which chains are thrown out of the posterior's tails rather than pulled back.
 *
 * The control variates' residual is of second order near the mode, but far out it grows like the distance x from it: what the
 * linear expansions of the rows drawn have wrong. On the flat side of a skewed posterior (the logarithm of a dispersion, the
 * coefficient of a rare level) the gradient meanwhile stays bounded. With B(x) the whitened gradient and T(x) the trace of the
 * whitened covariance of N times one row's weighted residual, a step changes |x|² by −2h x·B + h² T/S on average, beside what is
 * injected on purpose. Batches are to keep the second term below a tenth of the first up to where the loss has risen by 16:
 * beyond, the law of the chain has a power of |x| for a tail (a Kesten process), whose rare excursions spoil sds, and may not end.
 * The walk is along each parameter that has much noise near the mode, to both sides, the others at their conditional means, and for
 * auxiliary parameters beside them, too: far above its mode a noise scale lets the coefficients spread.
 *
 * Source: noise that grows with the distance, and the tails it makes: Kesten (1973); Gürbüzbalaban, Simsekli & Zhu, The heavy-tail
 * phenomenon in SGD (2021).
 * @param weighted the model with its rows drawn by influence
 * @param whitened W = Kᵀ (N² C̄_cv) K, averaged over N(θ̂, P)
 */
export async function tailNoise(
  local: DenseApproximation,
  weighted: Model,
  whitened: Matrix,
  seed: number,
): Promise<number> {
  const { model, workspace } = local;
  const ofGroup = model.groups ? 2 * workPerGroup(model) : 0;
  const affordable = Math.floor(workPerPoint / (model.dimension ** 2 + ofGroup));
  const count = Math.min(listedRows.most, Math.max(model.groups ? fewestGroups : listedRows.fewest, affordable));
  const { rows: rowList } = rowsOf(workspace, weighted).draw(count, createRandom(seed, 1, 5));
  let most = 0;
  for (const line of linesOf(local, whitened, seed))
    most = Math.max(most, await alongLine(local, weighted, rowList, line));
  return most;
}

/** Points axis × distance + rest, whitened, for each of the rests. */
interface Line {
  readonly axis: Float64Array;
  readonly rests: readonly Float64Array[];
}

/** Sds of the other parameters beside an auxiliary one: as wide as they are where the noise scale is far above its mode. */
const restSds = 1.7;

/** To both sides along each noisy parameter; along auxiliary ones with the others away from their conditional means, too. */
function* linesOf(local: DenseApproximation, whitened: Matrix, seed: number): Generator<Line> {
  const { model, laplaceFactor, laplaceCovariance } = local;
  const size = laplaceFactor.rows;
  const random = createRandom(seed, 2, 5);
  for (const j of noisyParameters(local, whitened)) {
    // One sd of it along the conditional means of the others is line j of K over √P_jj: a unit vector.
    const sd = Math.sqrt(laplaceCovariance.data[j * (size + 1)]);
    const ahead = laplaceFactor.data.slice(j * size, (j + 1) * size).map((value) => value / sd);
    const spread = ahead.map(() => restSds * random.normal());
    const along = dot(spread, ahead);
    const rest = spread.map((value, i) => value - along * ahead[i]);
    for (const side of [-1, 1]) {
      const axis = ahead.map((value) => side * value);
      yield { axis, rests: [new Float64Array(size)] };
      if (j >= numCoefficients(model)) yield { axis, rests: [rest, rest.map((value) => -value)] };
    }
  }
}

/** Places in θ whose variance one row's noise near the mode is largest against. */
function noisyParameters({ model, laplaceFactor, laplaceCovariance }: DenseApproximation, whitened: Matrix): number[] {
  const size = laplaceFactor.rows;
  const images = multiply(laplaceFactor, transpose(whitened)).data;
  const ratios = diagonal(laplaceCovariance).map((variance, j) => {
    const [from, to] = [j * size, (j + 1) * size];
    return dot(laplaceFactor.data.subarray(from, to), images.subarray(from, to)) / variance;
  });
  const noisy = [...ratios.keys()].filter((j) => ratios[j] > negligible).sort((a, b) => ratios[b] - ratios[a]);
  const first = numCoefficients(model);
  return [...noisy.filter((j) => j >= first), ...noisy.filter((j) => j < first).slice(0, maxCoefficients)];
}

/** max over the walk of T / (2 · 0.1 x·B), averages over the rests where there are several. */
async function alongLine(
  { workspace, model, numRows, mode, laplaceFactor, laplaceCovariance }: DenseApproximation,
  weighted: Model,
  rowList: Uint32Array,
  { axis, rests }: Line,
): Promise<number> {
  const transposed = transpose(laplaceFactor);
  let most = 0;
  let risen = 0;
  let before = 0;
  for (let distance = stride; distance <= farthest; distance += stride) {
    let [noise, inwards, pull, error] = [0, 0, 0, 0];
    for (const rest of rests) {
      const x = axis.map((value, i) => distance * value + rest[i]);
      const offset = multiplyVector(laplaceFactor, x);
      const position = mode.map((value, i) => value + offset[i]);
      const request = { center: mode, gram: "squared-residual" as const, rowList };
      const sums = await rowsOf(workspace, weighted).pass(position, request);
      const residual = sums.gradient.map((value) => (value * numRows) / sums.count);
      addPriorResidualInto(model, mode, position, residual);
      const gradient = multiplyVector(transposed, residual).map((value, i) => value + x[i]);
      const covariance = covarianceOf(sums);
      noise += (numRows ** 2 * traceOfProduct(laplaceCovariance, covariance)) / rests.length;
      inwards += dot(x, gradient) / rests.length;
      pull += dot(axis, gradient) / rests.length;
      const variance = Math.max(0, dot(offset, multiplyVector(covariance, offset)));
      error += (numRows * Math.sqrt(variance / sums.count)) / rests.length;
    }
    risen += 0.5 * stride * (before + pull);
    before = pull;
    // Not ">": losses that overflow have risen beyond reach, too.
    if (!(risen <= reach) || !Number.isFinite(noise)) break;
    // The rows drawn know the pull to its standard error: it may be that much more.
    if (inwards + error > 0) most = Math.max(most, noise / (2 * largestFraction * (inwards + error)));
  }
  return most;
}
