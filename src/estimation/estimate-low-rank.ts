import { sparseHeadWords, sparseRowEnd } from "../engine/bindings/sparse-row.ts";
import { InputError } from "../errors.ts";
import { dot, matrix } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import type { Model } from "../models/model.ts";
import { priorCurvature } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { visitRows } from "../rows/visit-rows.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { LowRankApproximation } from "./local-approximation.ts";
import { findModeFromNoise } from "./mode/mode-from-noise.ts";
import { tellingPasses } from "./telling-passes.ts";

/** The squared distance to the mode that is left, in posterior sds, for each parameter. */
const modeTolerance = 1e-4;

/**
 * Finds the mode of a model with too many parameters for matrices of all pairs, and measures with memory O(M) how the loss curves
 * there. Rows are sparse.
 * @throws InputError where a noise scale is to be learned from no more rows than columns
 */
export async function estimateLowRank(workspace: Workspace, model: Model, seed: number): Promise<LowRankApproximation> {
  requireNoise(model);
  const finding = tellingPasses(workspace, "finding the mode");
  const { position: mode, passes } = await findModeFromNoise(finding, model, { tolerance: modeTolerance });
  const priorCurvatures = priorCurvature(model, mode);
  const { diagonal } = await rowsOf(tellingPasses(workspace, "measuring the curvature", 1), model).pass(mode, {
    gram: "curvature",
    isDiagonal: true,
  });
  const atMode = diagonal!.map((value, j) => Math.max(value, 0) + priorCurvatures[j]);
  const curvatures = withReach(model, mode, atMode);
  const directions = tellingPasses(workspace, "finding slow directions", 2 * Math.min(lanczosSteps, mode.length));
  const spectrum = await slowDirections(directions, model, mode, priorCurvatures, curvatures, seed);
  const { numRows } = model.rows;
  return {
    curvature: "low-rank",
    workspace,
    model,
    numRows,
    mode,
    priorCurvatures,
    modePasses: passes,
    curvatures,
    ...spectrum,
  };
}

/** With as many columns as rows some coefficients fit the target exactly: the joint mode has σ = 0, and nothing starts there. */
function requireNoise({ auxiliaries, rows }: Model): void {
  if (!auxiliaries.some(({ name }) => name === "sigma") || rows.numRows > rows.numColumns) return;
  const [count, columns] = [rows.numRows, rows.numColumns].map((value) => value.toLocaleString("en"));
  throw new InputError(
    `With ${count} rows and ${columns} columns some coefficients fit the target exactly, so the data cannot tell sigma from 0: give --sigma a number, or use more rows or fewer columns.`,
  );
}

/** How far from the mode the posterior reaches, in sds of D alone. */
const reach = 3;

/**
 * Adds to D what rows curve more within reach than at the mode: a coefficient that hardly any row bears on reaches far, and a
 * step that suits the mode would be too long there. Bounded from above by ∂²f/∂η² at the ends of the reach, its middle and η = 0.
 */
function withReach(model: Model, mode: Float64Array, curvatures: Float64Array): Float64Array {
  const { family, rows, memory } = model;
  const { row: loss } = family;
  const result = curvatures.slice();
  if (!loss) return result;
  const words = memory.u32(0, memory.memory.buffer.byteLength / 4);
  const floats = memory.f32(0, words.length);
  const starts = memory.u32(rows.address, rows.numRows);
  const out = new Float64Array(6);
  visitRows(model, mode, ({ n, eta: [eta], tau, y, weight }) => {
    const curvatureAt = (at: number) => {
      loss.curvaturesInto(out, at, tau, y);
      return out[0];
    };
    const here = curvatureAt(eta);
    const start = starts[n] / 4;
    for (let at = start + sparseHeadWords, end = sparseRowEnd(words, start); at < end; at += 2) {
      const x = floats[at + 1];
      const half = (reach * Math.abs(x)) / Math.sqrt(curvatures[words[at]]);
      if (half < 0.5) continue;
      const nearest = Math.max(eta - half, Math.min(0, eta + half));
      const most = Math.max(here, curvatureAt(eta - half), curvatureAt(eta + half), curvatureAt(nearest));
      result[words[at]] += weight * (most - here) * x * x;
    }
  });
  return result;
}

const lanczosSteps = 30;
/** Ritz values below this, of D^-½ N A D^-½ whose mean is 1, are directions that a diagonal step moves along too slowly. */
const slow = 0.5;
const maxDirections = 12;
/** Length of the steps of central differences of the gradient, in sds of D. */
const differenceLength = 0.01;

/**
 * The slowest directions of diagonal steps, and what they leave: Lanczos on B = D^-½ N A D^-½, whose isolated small
 * eigenvalues (such as that of all levels of a categorical together, of which only the rows of the reference level tell) a few
 * steps find. With Ritz vectors q of values ρ, V = D^-½ q/√ρ makes those directions as fast as the others.
 * Source: Golub & Van Loan, Matrix Computations (2013), section 10.1; kept orthogonal by orthogonalising anew.
 */
async function slowDirections(
  workspace: Workspace,
  model: Model,
  mode: Float64Array,
  priorCurvatures: Float64Array,
  curvatures: Float64Array,
  seed: number,
): Promise<Required<Pick<LowRankApproximation, "directions" | "eigenvalues">>> {
  const roots = curvatures.map(Math.sqrt);
  const random = createRandom(seed, 2, 5);
  const product = async (vector: Float64Array): Promise<Float64Array> => {
    const at = async (sign: number) => {
      const position = mode.map((value, j) => value + (sign * differenceLength * vector[j]) / roots[j]);
      return (await rowsOf(workspace, model).pass(position, { gram: "none" })).gradient;
    };
    const [above, below] = [await at(1), await at(-1)];
    return vector.map((value, j) => {
      const byData = (above[j] - below[j]) / (2 * differenceLength);
      return byData / roots[j] + (priorCurvatures[j] * value) / curvatures[j];
    });
  };
  const basis: Float64Array[] = [];
  const steps = Math.min(lanczosSteps, mode.length);
  const projected = matrix(steps, steps);
  let next = normalised(mode.map(() => random.normal()));
  for (let k = 0; k < steps; k++) {
    basis.push(next);
    const image = await product(next);
    for (let pass = 0; pass < 2; pass++) {
      for (let l = 0; l <= k; l++) {
        const fraction = dot(basis[l], image);
        if (pass === 0 && l >= k - 1) projected.data[k * steps + l] = projected.data[l * steps + k] = fraction;
        for (let j = 0; j < image.length; j++) image[j] -= fraction * basis[l][j];
      }
    }
    next = normalised(image);
  }
  const { values, vectors } = symmetricEigen(projected);
  const isSlow = (value: number, k: number) => k < maxDirections && value < slow && value > 0;
  const directions = [...values].flatMap((value, k) => {
    if (!isSlow(value, k)) return [];
    const direction = new Float64Array(mode.length);
    basis.forEach((vector, l) => {
      const fraction = vectors.data[l * steps + k] / Math.sqrt(value);
      for (let j = 0; j < direction.length; j++) direction[j] += fraction * vector[j];
    });
    return [direction.map((entry, j) => entry / roots[j])];
  });
  const left = [...values].filter((value, k) => value > 0 && !isSlow(value, k));
  const largest = Math.max(...values, directions.length > 0 ? 1 + slow : 1);
  return { directions, eigenvalues: { least: Math.min(1, ...left), largest } };
}

function normalised(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / (length > 0 ? length : 1));
}
