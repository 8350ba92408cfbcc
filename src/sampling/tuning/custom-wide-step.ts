import { dot } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { autocorrelationTime } from "../../theory/control-variate.ts";

/** Single rows whose gradients are looked at. */
const rowsLookedAt = 1000;
/** ρ(HA) that steps are held to: well inside assumption A3. */
const largestContraction = 0.5;

/** A diagonal step, and what it was chosen from. */
export interface WideStep {
  /** H, M */
  readonly step: Float64Array;
  /** Variances, M */
  readonly injected: Float64Array;
  readonly diagonals: Diagonals;
  readonly learningRate: number;
  /** The share of the step that suits each parameter by itself. */
  readonly shortening: number;
  /** ρ(HA) */
  readonly contraction: number;
  /** Steps that the median parameter takes to forget where it was. */
  readonly time: number;
}

/** The step for a chain that is about `position`. */
export async function chooseWideStep(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  { batchSize, learningRate }: { batchSize: number; learningRate?: number },
): Promise<WideStep> {
  const { numRows } = model.rows;
  const rows = spread(numRows, rowsLookedAt);
  const diagonals = await diagonalsAt(workspace, model, position, rows);
  const bestRate = (2 * batchSize) / numRows;
  const rate = learningRate ?? bestRate;
  const wanted = diagonals.noise.map(
    (noise, j) => ((rate / bestRate) * (2 * batchSize)) / (numRows * noise + batchSize * diagonals.curvature[j]),
  );
  const rho = await largestContractionOf(workspace, model, position, wanted, rows);
  const shortening = Math.min(1, largestContraction / rho);
  const step = wanted.map((value) => shortening * value);
  const rates = step.map((h, j) => h * diagonals.curvature[j]).sort();
  return {
    time: Math.ceil(autocorrelationTime(rates[Math.floor(rates.length / 2)])),
    ...{ step, diagonals, shortening, learningRate: shortening * rate, contraction: shortening * rho },
    injected: injectedVariances(diagonals, step, { numRows, batchSize }),
  };
}

/** So many rows, evenly spread; all, where there are no more. */
function spread(numRows: number, count: number): Uint32Array {
  const used = Math.min(numRows, count);
  return Uint32Array.from({ length: used }, (_, k) => Math.floor((k * numRows) / used));
}

/** What is known of a custom model at one point with memory O(M). */
interface Diagonals {
  /** M: C_kk, the variance over rows of one row's gradient. */
  readonly noise: Float64Array;
  /** M: A_kk by the empirical Fisher information, the mean square of a row's gradient, the prior's share included. */
  readonly curvature: Float64Array;
}

async function diagonalsAt(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  rows: Uint32Array,
): Promise<Diagonals> {
  const sums = new Float64Array(model.dimension);
  const squares = new Float64Array(model.dimension);
  await rowsOf(workspace, model).visitGradients(rows, position, (gradient) => {
    for (let j = 0; j < sums.length; j++) {
      sums[j] += gradient[j] / rows.length;
      squares[j] += gradient[j] ** 2 / rows.length;
    }
  });
  const prior = model.priorPrecision.map((precision) => precision / model.rows.numRows);
  // A parameter that no row moves and no prior bounds has no scale; it stays all but where it is.
  const floor = 1e-6 * (squares.reduce((sum, value) => sum + value, 0) / sums.length) || 1;
  return {
    noise: squares.map((square, j) => square - sums[j] ** 2),
    curvature: squares.map((square, j) => Math.max(square + prior[j], floor)),
  };
}

const powerIterations = 20;

/** ρ(HA), H diagonal, by power iteration on H^½ A H^½ over some rows, products with A by central differences of gradients. */
async function largestContractionOf(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  step: Float64Array,
  rowList: Uint32Array,
): Promise<number> {
  const { priorPrecision, rows } = model;
  const random = createRandom(1, 0, 9);
  const roots = step.map(Math.sqrt);
  let vector = normalised(step.map(() => random.normal()));
  let largest = 0;
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    const direction = vector.map((value, j) => roots[j] * value);
    const length = 1e-3 / Math.sqrt(dot(direction, direction));
    const meanAt = async (sign: number) => {
      const moved = position.map((value, j) => value + sign * length * direction[j]);
      const { gradient, count } = await rowsOf(workspace, model).pass(moved, { gram: "none", rowList });
      return gradient.map((value) => value / count);
    };
    const [above, below] = [await meanAt(1), await meanAt(-1)];
    const image = above.map(
      (value, j) => roots[j] * ((value - below[j]) / (2 * length) + (priorPrecision[j] / rows.numRows) * direction[j]),
    );
    largest = Math.sqrt(dot(image, image));
    vector = normalised(image);
  }
  return largest;
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

/**
 * The variance q of the noise that a diagonal step H of SGD has to have injected for each parameter by itself, M: the
 * finite-step law Σ_kk = (h² C_kk/S + q)/(h A_kk (2 − h A_kk)) is then 1/(N A_kk).
 */
function injectedVariances(
  { noise, curvature }: Diagonals,
  step: Float64Array,
  { numRows, batchSize }: { readonly numRows: number; readonly batchSize: number },
): Float64Array {
  return step.map((h, j) => Math.max(0, (h * (2 - h * curvature[j])) / numRows - (h * h * noise[j]) / batchSize));
}
