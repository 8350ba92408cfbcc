import type { OrthogonalBasis } from "../design/design.ts";
import type { Design } from "../design/design-types.ts";
import {
  add,
  congruence,
  diagonal,
  diagonalMatrix,
  type Matrix,
  matrix,
  scaleRowsAndColumns,
  transpose,
} from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { dataRowsOf } from "../models/group-model.ts";
import { numObservations } from "../models/model.ts";
import { areClassified } from "../rows/classified.ts";
import { levelContrasts } from "./level-contrasts.ts";
import { type DenseApproximation, likelihoodCurvature } from "./local-approximation.ts";

/** The columns that a problem's coefficients are of, and the basis in which they are sampled, where there is one. */
type Columns = Pick<Design, "columns" | "basis">;

/** What is looked at of an approximation, or of one like it. */
export type Shape = Pick<
  DenseApproximation,
  "workspace" | "model" | "sample" | "numRows" | "mode" | "hessian" | "priorCurvatures" | "laplaceCovariance"
>;

const namesOf = ({ columns }: Columns) => columns.map(({ name }) => name);

/** What the data alone do not tell: sentences that name the columns whose coefficients rest on the prior. */
export async function identificationWarnings(local: Shape, design: Columns): Promise<string[]> {
  const warnings: string[] = [];
  const numRows = numObservations(dataRowsOf(local.model));
  const names = namesOf(design);
  if (numRows < names.length) {
    warnings.push(
      `There are fewer rows (${numRows}) than columns (${names.length}): the posterior is proper only through the prior, on which it rests.`,
    );
  }
  // All levels of a term are collinear on purpose, and told apart by their prior.
  const isOnPurpose = (direction: Float64Array) =>
    direction.every((value, j) => design.columns[j].isOfLevels || Math.abs(value) <= 0.1 * largestOf(direction));
  const directions = design.basis ? nullCombinations(design.basis) : nullDirections(local, names.length);
  const collinear = collinearColumns(
    directions.filter((direction) => !isOnPurpose(direction)),
    names,
  );
  if (collinear.names.length > 0 && numRows >= names.length) {
    warnings.push(
      `Columns ${list(collinear.names)} are duplicated or collinear: the data tell only about ${collinear.told}, and the prior shares it out among them.`,
    );
  }
  if (await isSeparated(local)) {
    warnings.push(
      `The columns separate the values of the target perfectly: how large the coefficients are rests on the prior alone (${list(priorDominated(local, design))}).`,
    );
  }
  return warnings;
}

/** From here on, the variance of a coefficient over what it would be if the others were known, digits of single precision matter. */
const maxInflation = 1e4;

/**
 * Whether columns are so nearly collinear that rows in single precision, and sums over them to 1e-7, do not tell enough of
 * what is between them: by the variance inflation factors P_jj (N A)_jj of the posterior, prior included. All levels of a
 * term are collinear on purpose, and told apart by their prior. Of levels that are correlated only as one of them is known badly no digits are lost: each
 * has rows of its own, whose coefficients (level-contrasts.ts) are not inflated.
 */
export function losesDigits(local: Shape, { columns }: Columns): boolean {
  const { model, laplaceCovariance, hessian, numRows, priorCurvatures } = local;
  const isOnPurpose = (j: number) => columns[j % columns.length].isOfLevels || columns[j % columns.length].isIntercept;
  const hasLevels = columns.some(({ isOfLevels }) => isOfLevels);
  const isInflated = (covariance: Matrix, precision: Matrix) => {
    const precisions = diagonal(precision);
    return diagonal(covariance).some(
      // Not ">": what overflows gives NaN.
      (variance, j) => !(variance * precisions[j] * numRows <= maxInflation) && !(hasLevels && isOnPurpose(j)),
    );
  };
  if (!isInflated(laplaceCovariance, hessian)) return false;
  if (!model.levels || model.numPredictors > 1) return true;
  const { basis, inverse } = levelContrasts(model, likelihoodCurvature(local), priorCurvatures);
  return isInflated(congruence(inverse, laplaceCovariance), congruence(transpose(basis), hessian));
}

/** Directions in the standardised coefficients in which the data's part of the Hessian is null to f32 rounding. */
function nullDirections({ hessian, model, numRows, priorCurvatures }: Shape, size: number): Float64Array[] {
  // With several numPredictors the sum of their blocks on the diagonal: null only where all of them are.
  const sum = matrix(size, size);
  const prior = new Float64Array(size);
  for (let k = 0; k < model.numPredictors; k++) {
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
  return [...values].flatMap((value, k) => (value < 1e-6 ? [columnOf(vectors, k)] : []));
}

/** The same of a basis, which knows them: combinations of columns that are 0 in every row. */
function nullCombinations({ matrix, isNull }: OrthogonalBasis): Float64Array[] {
  return [...isNull].flatMap((mark, k) => (mark === 1 ? [columnOf(matrix, k)] : []));
}

function columnOf({ data, rows, columns }: Matrix, k: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, j) => data[j * columns + k]);
}

/** Columns that take part in null directions, and what the data tell of their coefficients all the same. */
function collinearColumns(directions: readonly Float64Array[], names: readonly string[]) {
  const takesPart = (direction: Float64Array, j: number) => Math.abs(direction[j]) > 0.1 * largestOf(direction);
  const involved = names.flatMap((_, j) => (directions.some((direction) => takesPart(direction, j)) ? [j] : []));
  const isPair = directions.length === 1 && involved.length === 2;
  // Columns that are each other's negative are null along (1, 1), so the data tell of the difference.
  const isOpposite = isPair && directions[0][involved[0]] * directions[0][involved[1]] > 0;
  const ofPair = `the ${isOpposite ? "difference" : "sum"} of their standardised coefficients`;
  return { names: involved.map((j) => names[j]), told: isPair ? ofPair : "some combinations of their coefficients" };
}

function largestOf(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Whether the mode classifies every row rightly. */
async function isSeparated({ workspace, model, sample, mode }: Shape): Promise<boolean> {
  // Groups' effects are bounded by their own law.
  if (model.groups || !["event", "trials", "classes"].includes(model.family.target)) return false;
  for (const rows of [sample, model]) if (!(await areClassified(workspace, rows, mode))) return false;
  return true;
}

/** A sentence that names the columns whose coefficients hardly anything but the prior bounds, where there are such. */
export function boundedByPrior(local: DenseApproximation, design: Columns): string[] {
  const bounded = priorDominated(local, design);
  return bounded.length > 0 ? [`Hardly anything but the prior bounds the coefficients of ${list(bounded)}.`] : [];
}

/** Columns of which a coefficient's posterior variance is more than a tenth of the prior's. */
function priorDominated({ priorCurvatures, laplaceCovariance }: Shape, design: Columns): string[] {
  const names = namesOf(design);
  // In another basis the shares are those of its combinations of columns; every column with a part in one is named.
  const fractions = diagonal(laplaceCovariance).map((variance, j) => variance * priorCurvatures[j]);
  const isBound = names.map((_, j) => fractions.some((fraction, i) => i % names.length === j && fraction > 0.1));
  const { basis } = design;
  if (!basis) return names.filter((_, j) => isBound[j]);
  const combinations = names.map((_, k) => columnOf(basis.matrix, k)).filter((_, k) => isBound[k]);
  return collinearColumns(combinations, names).names;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${rest} more`;
  return shown.length > 1
    ? `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`
    : (shown[0] ?? "none by name");
}
