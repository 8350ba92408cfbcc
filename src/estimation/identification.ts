import { add, diagonal, diagonalMatrix, matrix, scaleRowsAndColumns } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import type { Model } from "../models/model.ts";
import type { Problem } from "./problem.ts";
import { visitRows } from "./visit-rows.ts";

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
  if (collinear.names.length > 0 && numRows >= names.length) {
    warnings.push(
      `Columns ${list(collinear.names)} are duplicated or collinear: the data tell only about ${collinear.told}, and the prior shares it out among them.`,
    );
  }
  if (isSeparated(problem)) {
    warnings.push(
      `The columns separate the values of the target perfectly: how large the coefficients are rests on the prior alone (${list(priorDominated(problem, names))}).`,
    );
  }
  return warnings;
}

/**
 * Columns that take part in a direction in which the data's part of the Hessian is null to f32 rounding, and what the data tell of
 * their coefficients all the same.
 */
function collinearColumns(
  { hessian, model, numRows, priorCurvatures }: Problem,
  names: readonly string[],
): { readonly names: string[]; readonly told: string } {
  const size = names.length;
  // With several outputs the sum of their blocks on the diagonal: null only where all of them are.
  const sum = matrix(size, size);
  const prior = new Float64Array(size);
  for (let k = 0; k < model.outputs; k++) {
    for (let i = 0; i < size; i++) {
      prior[i] += priorCurvatures[k * size + i] / numRows;
      for (let j = 0; j < size; j++)
        sum.data[i * size + j] += hessian.data[(k * size + i) * hessian.columns + k * size + j];
    }
  }
  const scales = diagonal(sum).map((value) => 1 / Math.sqrt(value));
  const { values, vectors } = symmetricEigen(
    scaleRowsAndColumns(add(sum, diagonalMatrix(prior), 1, -1), scales, scales),
  );
  const involved = new Set<number>();
  for (let k = 0; k < size && values[k] < 1e-6; k++)
    for (let j = 0; j < size; j++) if (Math.abs(vectors.data[j * size + k]) > 0.1) involved.add(j);
  const columns = [...involved].sort((a, b) => a - b);
  // Columns that are each other's negative are null along (1, 1), so the data tell of the difference.
  const isPair = columns.length === 2 && !(values[1] < 1e-6);
  const isOpposite = isPair && vectors.data[columns[0] * size] * vectors.data[columns[1] * size] > 0;
  const ofPair = `the ${isOpposite ? "difference" : "sum"} of their standardised coefficients`;
  return {
    names: columns.map((j) => names[j]),
    told: isPair ? ofPair : "some combinations of their coefficients",
  };
}

/** Whether the mode classifies every row rightly. */
function isSeparated({ model, sample, mode }: Problem): boolean {
  if (model.family.name !== "bernoulli" && model.family.name !== "categorical") return false;
  let isRight = true;
  for (const rows of [sample, model]) {
    visitRows(rows, mode, ({ eta, y }) => {
      isRight &&= isClassified(model, eta, y);
    });
    if (!isRight) return false;
  }
  return true;
}

/** Whether a row's own class has the largest linear predictor; a class without parameters has 0. */
function isClassified({ family, hasReference }: Model, eta: Float64Array, y: number): boolean {
  const first = hasReference || family.name === "bernoulli" ? 1 : 0;
  const own = y < first ? 0 : eta[y - first];
  if (y >= first && first === 1 && own <= 0) return false;
  return eta.every((value, k) => k === y - first || value < own);
}

/** A sentence that names the columns whose coefficients hardly anything but the prior bounds, where there are such. */
export function boundedByPrior(problem: Problem, names: readonly string[]): string[] {
  const bounded = priorDominated(problem, names);
  return bounded.length > 0 ? [`Hardly anything but the prior bounds the coefficients of ${list(bounded)}.`] : [];
}

/** Columns of which a coefficient's posterior variance is more than a tenth of the prior's. */
function priorDominated({ priorCurvatures, laplaceCovariance }: Problem, names: readonly string[]): string[] {
  const shares = diagonal(laplaceCovariance).map((variance, j) => variance * priorCurvatures[j]);
  return names.filter((_, j) => shares.some((share, i) => i % names.length === j && share > 0.1));
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length > 1
    ? `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`
    : (shown[0] ?? "none by name");
}
