import { identity, type Matrix, multiply } from "../../linalg/matrix.ts";
import type { DesignColumn } from "../column-types.ts";
import type { OrthogonalBasis } from "./orthogonal-basis.ts";

/**
 * Coefficients φ that each move the linear predictor of one level's rows alone: γ = basis φ, γ what is sampled. The coefficient b_k of a standardised
 * indicator moves all other rows by −b_k mean_k/scale_k, which here the intercept takes back. Of the levels that have no column, the reference of each factor, one may
 * take the intercept's place.
 */
export interface LevelBasis {
  /** D×D */
  readonly basis: Matrix;
  readonly inverse: Matrix;
  /** The intercept's place in φ. */
  readonly intercept: number;
  /** D each: φ by which the rows at a factor's reference level move by 1, and no others. */
  readonly references: readonly Float64Array[];
}

/** Of a number that is 0 or 1 the variance is mean (1 − mean), to this rounding. */
const rounding = 1e-9;

/** Undefined where the columns are as they are, which is so without indicators or an intercept. */
export function levelBasis(
  columns: readonly DesignColumn[],
  rotation: Pick<OrthogonalBasis, "matrix" | "inverse"> | undefined,
): LevelBasis | undefined {
  const size = columns.length;
  const intercept = columns.findIndex((column) => column.isIntercept);
  const indicators = [...columns.keys()].filter((k) => k !== intercept && isZeroOrOne(columns[k]));
  if (intercept < 0 || indicators.length === 0) return undefined;
  const [basis, inverse] = [identity(size), identity(size)];
  for (const k of indicators) {
    const { mean, scale } = columns[k];
    basis.data[intercept * size + k] = mean / scale;
    inverse.data[intercept * size + k] = -mean / scale;
  }
  const terms = new Set(indicators.filter((k) => columns[k].isIndicator).map((k) => columns[k].term));
  const references = [...terms].map((term) => {
    const direction = new Float64Array(size);
    direction[intercept] = 1;
    for (const k of indicators) if (columns[k].term === term) direction[k] = -columns[k].scale;
    return direction;
  });
  const rotated = rotation
    ? { basis: multiply(rotation.inverse, basis), inverse: multiply(inverse, rotation.matrix) }
    : { basis, inverse };
  return { ...rotated, intercept, references };
}

function isZeroOrOne({ isIndicator, mean, scale }: DesignColumn): boolean {
  const variance = mean * (1 - mean);
  return isIndicator || (variance > 0 && Math.abs(scale ** 2 / variance - 1) < rounding);
}
