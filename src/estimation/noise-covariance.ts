import { choleskySemidefinite } from "../linalg/cholesky.ts";
import { add, congruence, type Matrix, mapEntries, matrix, scale } from "../linalg/matrix.ts";
import { hasQuadraticLikelihood, type Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { KernelRows } from "../rows/kernel-rows.ts";
import { weightedRows } from "../rows/row-subset.ts";
import type { RowSums } from "../rows/rows.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { visitRows } from "../rows/visit-rows.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StateDependentNoise } from "../theory/stability.ts";
import { AuxiliaryNoise } from "./auxiliary-noise.ts";
import { antitheticPoints } from "./laplace-points.ts";

/** Covariance of one row's gradient over the rows summed: E[g gᵀ] − E[g] E[g]ᵀ. The prior's share is the same for all. */
export function covarianceOf({ count, gradient, gram }: RowSums): Matrix {
  const covariance = matrix(gram.rows, gram.rows);
  for (let i = 0; i < gram.rows; i++)
    for (let j = 0; j < gram.rows; j++)
      covariance.data[i * gram.rows + j] =
        gram.data[i * gram.rows + j] / count - (gradient[i] / count) * (gradient[j] / count);
  return covariance;
}

/** C(θ) by one pass; two where rows stand for several. */
export async function noiseCovarianceAt(
  workspace: Workspace,
  model: Model,
  position: ArrayLike<number>,
): Promise<Matrix> {
  if (model.cells) return noiseOfCells(workspace, model, model.cells, position);
  return covarianceOf(await rowsOf(workspace, model).pass(position, { gram: "squared-gradient" }));
}

/** Antithetic pairs of draws over which C(θ) is averaged where it has no closed form. */
const noiseDriftPairs = 8;

/**
 * How the noise covariance grows with the spread of the iterates, measured on `sample`. For a gaussian likelihood with
 * a fixed noise scale exactly, C̄(Σ) = C + (1/N) Σ w² (xᵀΣx) x xᵀ − A₀ Σ A₀ (w = σ⁻², A₀ the data's part of A; with several
 * linear predictors the sum is of W V W ⊗ x xᵀ, W a row's matrix of curvatures and V_kl = xᵀ Σ_kl x); for the others C(θ) is averaged
 * over draws θ ~ N(θ*, Σ), the same normal deviates every time, and what the average adds to the subsample's C(θ*) is added to C. Σ may
 * be singular: the maps whose fixed points are looked for tend to matrices of low rank.
 * @param noiseCovariance C at the mode, over all rows
 */
export async function stateDependentNoise(
  workspace: Workspace,
  sample: Model,
  mode: Float64Array,
  noiseCovariance: Matrix,
  seed: number,
): Promise<StateDependentNoise> {
  const curvature = scale(
    (await rowsOf(workspace, sample).pass(mode, { gram: "curvature" })).gram,
    1 / sample.rows.numRows,
  );
  const isClosed = hasQuadraticLikelihood(sample);
  const atMode = isClosed ? noiseCovariance : await noiseCovarianceAt(workspace, sample, mode);

  async function multiplicative(covariance: Matrix): Promise<Matrix> {
    const { memory, rows, numPredictors, family, auxiliaries, hasReference } = sample;
    const mark = memory.mark();
    try {
      const pairs = (numPredictors * (numPredictors + 1)) / 2;
      const values = memory.allocate(rows.numRows * pairs * 4);
      const law = { factor: choleskySemidefinite(covariance), covariance };
      await new KernelRows(workspace, sample).influence(mode, law, { leverage: values });
      const view = memory.f32(values, rows.numRows * pairs);
      const ofAuxiliaries = auxiliaries.length > 0 ? new AuxiliaryNoise(sample, covariance) : undefined;
      visitRows(sample, mode, (row) => {
        const { n, eta, tau, y, weight } = row;
        if (ofAuxiliaries) {
          view[n] = ofAuxiliaries.add(row, view[n]);
          return;
        }
        const own = view.subarray(n * pairs, (n + 1) * pairs);
        family.sandwichCurvatureInto(own, eta, tau, y, hasReference);
        for (let p = 0; p < pairs; p++) own[p] *= weight ** 2;
      });
      const { gram } = await rowsOf(workspace, sample).pass(mode, { gram: "given", rowValues: values });
      const total = ofAuxiliaries?.total(gram) ?? gram;
      return add(scale(total, 1 / rows.numRows), congruence(curvature, covariance), 1, -1);
    } finally {
      memory.release(mark);
    }
  }

  async function averagedOver(covariance: Matrix): Promise<Matrix> {
    if (isClosed) return add(noiseCovariance, await multiplicative(covariance));
    // The same deviates at every call, so that the fixed-point iteration converges.
    const random = createRandom(seed, 0, 2);
    let sum = matrix(mode.length, mode.length);
    for (const position of antitheticPoints(mode, choleskySemidefinite(covariance), noiseDriftPairs, () =>
      random.normal(),
    )) {
      sum = add(sum, await noiseCovarianceAt(workspace, sample, position));
    }
    return add(noiseCovariance, add(scale(sum, 1 / (2 * noiseDriftPairs)), atMode, 1, -1));
  }

  return { averagedOver, multiplicative };
}

/**
 * C as the rows that stand behind K cells make it, times N/K, so that K times it is what N rows make: a cell of c rows of weight w/c has
 * Σ (w/c)² g gᵀ = (w/√c)² g gᵀ, and the squares of a pass over rows with the weights w/√c are these.
 */
async function noiseOfCells(
  workspace: Workspace,
  model: Model,
  { rows: numRows, counts }: NonNullable<Model["cells"]>,
  position: ArrayLike<number>,
): Promise<Matrix> {
  const rows = rowsOf(workspace, model);
  const { gradient } = await rows.pass(position, { gram: "none" });
  const finished = (gram: Matrix) =>
    mapEntries(gram, (value, i, j) => (value - (gradient[i] * gradient[j]) / numRows) / counts.length);
  const numbers = Uint32Array.from(counts, (_, n) => n);
  if (model.blocks) {
    const squares = matrix(model.dimension, model.dimension);
    let n = 0;
    await rows.visitGradients(numbers, Float64Array.from(position), (own) => addSquare(squares, own, 1 / counts[n++]));
    return finished(squares);
  }
  const mark = model.memory.mark();
  try {
    const roots = weightedRows(
      model,
      numbers,
      counts.map((count) => 1 / Math.sqrt(count)),
    );
    const { gram } = await rowsOf(workspace, roots).pass(position, { gram: "squared-gradient" });
    return finished(gram);
  } finally {
    model.memory.release(mark);
  }
}

/** Adds c v vᵀ. */
function addSquare({ data }: Matrix, v: Float64Array, c: number): void {
  let at = 0;
  for (const left of v) for (const right of v) data[at++] += c * left * right;
}
