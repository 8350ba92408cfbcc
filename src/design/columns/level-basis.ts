import { identity, type Matrix, multiply } from "../../linalg/matrix.ts";
import type { DesignColumn } from "../column-types.ts";
import type { OrthogonalBasis } from "./orthogonal-basis.ts";

/**
 * What makes coefficients φ that each move the linear predictor of one level's rows alone. The coefficient b_k of a standardised indicator moves all other
 * rows by −b_k mean_k/scale_k, which the intercept takes back. Of the levels that have no column, the reference of each factor, one may
 * take the intercept's place.
 */
export interface Levels {
  /** The intercept's place among the D columns. */
  readonly intercept: number;
  /** D: what the intercept moves by while φ_k moves by 1; 0 where the column is no indicator. */
  readonly shifts: Float64Array;
  /** D each: φ by which the rows at a factor's reference level move by 1, and no others. */
  readonly references: readonly Float64Array[];
  /** Where what is sampled, γ, is not the columns' own coefficients. */
  readonly rotation?: Rotation;
}

type Rotation = Pick<OrthogonalBasis, "matrix" | "inverse">;

/** Of a number that is 0 or 1 the variance is mean (1 − mean), to this rounding. */
const rounding = 1e-9;

/** Undefined where there are no indicators, or no intercept. */
export function levelsOf(columns: readonly DesignColumn[], rotation?: Rotation): Levels | undefined {
  const intercept = columns.findIndex((column) => column.isIntercept);
  const indicators = [...columns.keys()].filter((k) => k !== intercept && isZeroOrOne(columns[k]));
  if (intercept < 0 || indicators.length === 0) return undefined;
  const shifts = new Float64Array(columns.length);
  const references = new Map<string, Float64Array>();
  for (const k of indicators) {
    const { mean, scale, isIndicator, term } = columns[k];
    shifts[k] = mean / scale;
    if (!isIndicator) continue;
    const reference = references.get(term) ?? new Float64Array(columns.length);
    references.set(term, reference);
    reference[intercept] = 1;
    reference[k] = -scale;
  }
  return { intercept, shifts, references: [...references.values()], ...(rotation && { rotation }) };
}

/** γ = basis φ, and its inverse, D×D. */
export function basisOfLevels({ intercept, shifts, rotation }: Levels): { basis: Matrix; inverse: Matrix } {
  const size = shifts.length;
  const [basis, inverse] = [identity(size), identity(size)];
  for (const [k, shift] of shifts.entries()) {
    if (k === intercept) continue;
    basis.data[intercept * size + k] = shift;
    inverse.data[intercept * size + k] = -shift;
  }
  if (!rotation) return { basis, inverse };
  return { basis: multiply(rotation.inverse, basis), inverse: multiply(inverse, rotation.matrix) };
}

function isZeroOrOne({ isIndicator, mean, scale }: DesignColumn): boolean {
  const variance = mean * (1 - mean);
  return isIndicator || (variance > 0 && Math.abs(scale ** 2 / variance - 1) < rounding);
}
