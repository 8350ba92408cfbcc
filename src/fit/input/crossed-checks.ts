import type { Design } from "../../design/design-types.ts";
import type { RunCheck } from "../../diagnostics/certificate/certificate.ts";
import { identificationWarnings, losesDigits, type Shape } from "../../estimation/identification.ts";
import { invertPositiveDefinite } from "../../linalg/cholesky.ts";
import { add, diagonalMatrix, matrix, scale } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import type { Model } from "../../models/model.ts";
import type { ResolvedOptions } from "../../options/resolve-options.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import type { Workspace } from "../../rows/workspace.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import { lostDigits, priorCheckOf } from "./estimate-input.ts";

/** What the columns beside crossed factors leave undetermined, by the curvature of the rows without their effects; one pass. */
export async function crossedColumnWarnings(workspace: Workspace, flat: Model, design: Design): Promise<string[]> {
  const shape = await shapeAtOrigin(workspace, flat);
  const digits = losesDigits(shape, design) ? [lostDigits("with crossed factors")] : [];
  return [...(await identificationWarnings(shape, design)), ...digits];
}

async function shapeAtOrigin(workspace: Workspace, flat: Model): Promise<Shape> {
  const { numRows, numColumns: size } = flat.rows;
  const mode = new Float64Array(flat.dimension);
  const { gram } = await rowsOf(workspace, flat).pass(mode, { gram: "curvature" });
  const data = matrix(size, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) data.data[i * size + j] = gram.data[i * gram.columns + j];
  const priorCurvatures = flat.priorPrecision.slice(0, size);
  const precision = add(data, diagonalMatrix(priorCurvatures));
  const laplaceCovariance = invertPositiveDefinite(precision);
  return {
    workspace,
    model: flat,
    sample: flat,
    numRows,
    mode,
    hessian: scale(precision, 1 / numRows),
    priorCurvatures,
    laplaceCovariance,
  };
}

/** How many times as wide the priors are that the posterior is compared under. */
const wider = 10;

/**
 * How far priors ten times as wide would move the coefficients, by a posterior that is normal near its mean: in units of the priors' sds its
 * covariance has eigenvalues μ, of which the data make D = 1/μ − 1, and the data's slope at the mean is the prior's, z. A step then is
 * (1 − 1/10²) z/(D + 1/10²) along each eigenvector, and the data fit better by z s − ½ D s².
 */
export function crossedPriorCheck(
  { mean, covariance, dimension }: ChainOutput,
  { priorPrecision, priorMean, rows: { numColumns: size } }: Model,
  names: readonly string[],
  options: ResolvedOptions,
): RunCheck {
  const sds = Float64Array.from({ length: size }, (_, j) => Math.sqrt(covariance.data[j * (dimension + 1)]));
  const roots = Float64Array.from({ length: size }, (_, j) => Math.sqrt(priorPrecision[j]));
  const whitened = matrix(size, size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      whitened.data[i * size + j] = roots[i] * covariance.data[i * dimension + j] * roots[j];
  const { values, vectors } = symmetricEigen(whitened);
  const moved = new Float64Array(size);
  let cost = 0;
  let expected = 0;
  for (let k = 0; k < size; k++) {
    if (!(values[k] > 0)) continue;
    let z = 0;
    for (let j = 0; j < size; j++) z += vectors.data[j * size + k] * roots[j] * (mean[j] - priorMean[j]);
    const ofData = Math.max(0, 1 / values[k] - 1);
    const step = ((1 - 1 / wider ** 2) * z) / (ofData + 1 / wider ** 2);
    cost += z * step - 0.5 * ofData * step ** 2;
    expected += values[k];
    for (let j = 0; j < size; j++) moved[j] += vectors.data[j * size + k] * step;
  }
  const shifts = moved.map((step, j) => (roots[j] > 0 ? step / roots[j] / sds[j] : 0));
  return priorCheckOf({ shifts, cost, expected }, names, options, false);
}
