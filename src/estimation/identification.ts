import { diagonal } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { linearPredictor } from "./noise-covariance.ts";
import type { Problem } from "./problem.ts";

/**
 * What the data alone do not tell: sentences that name the columns whose coefficients rest on the prior.
 * @param names of the D columns
 */
export function identificationWarnings(problem: Problem, names: readonly string[]): string[] {
  const warnings: string[] = [];
  const { numRows } = problem;
  if (numRows < names.length) {
    warnings.push(
      `There are fewer rows (${numRows}) than columns (${names.length}): the posterior is proper only through the prior, on which it rests.`,
    );
  }
  const collinear = collinearColumns(problem, names);
  if (collinear.length > 0 && numRows >= names.length) {
    warnings.push(
      `Columns ${list(collinear)} are duplicated or collinear: the data tell only about their sum, and the prior shares it out among them.`,
    );
  }
  if (isSeparated(problem)) {
    warnings.push(
      `The columns separate the two values of the target perfectly: how large the coefficients are rests on the prior alone (${list(priorDominated(problem, names))}).`,
    );
  }
  return warnings;
}

/** Columns that take part in a direction in which the data's part of the Hessian is null to f32 rounding. */
function collinearColumns({ hessian, model, numRows }: Problem, names: readonly string[]): string[] {
  const size = names.length;
  const data = { rows: size, columns: size, data: new Float64Array(size * size) };
  const scales = diagonal(hessian).map((value) => 1 / Math.sqrt(value));
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const prior = i === j ? model.priorPrecision[i] / numRows : 0;
      data.data[i * size + j] = scales[i] * (hessian.data[i * hessian.columns + j] - prior) * scales[j];
    }
  const { values, vectors } = symmetricEigen(data);
  const involved = new Set<number>();
  for (let k = 0; k < size && values[k] < 1e-6; k++)
    for (let j = 0; j < size; j++) if (Math.abs(vectors.data[j * size + k]) > 0.1) involved.add(j);
  return [...involved].sort((a, b) => a - b).map((j) => names[j]);
}

/** Whether the mode classifies every row rightly. */
function isSeparated({ model, sample, mode }: Problem): boolean {
  if (model.family.name !== "bernoulli") return false;
  for (const { memory, rows } of [sample, model]) {
    const x = memory.f32(rows.address, rows.numRows * rows.stride);
    for (let n = 0; n < rows.numRows; n++) {
      const offset = n * rows.stride;
      const sign = x[offset + rows.stride - 1] === 1 ? 1 : -1;
      if (sign * linearPredictor(x, offset, mode, rows.numColumns) <= 0) return false;
    }
  }
  return true;
}

/** Columns whose posterior variance is more than a tenth of the prior's. */
function priorDominated({ model, laplaceCovariance }: Problem, names: readonly string[]): string[] {
  const variances = diagonal(laplaceCovariance);
  return names.filter((_, j) => variances[j] * model.priorPrecision[j] > 0.1);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length > 1
    ? `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`
    : (shown[0] ?? "none by name");
}
