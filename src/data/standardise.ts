import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { Design } from "./design-types.ts";

/**
 * Coefficients between the standardised scale, on which the sampler lives, and the data's own. With
 * (y − ȳ)/s_y = b₀ + Σ b_j (x_j − x̄_j)/s_j the coefficients of y = β₀ + Σ β_j x_j are
 *
 *   β_j = b_j s_y / s_j,   β₀ = ȳ + s_y b₀ − Σ β_j x̄_j.
 *
 * Without an intercept nothing is centred (x̄_j = ȳ = 0), and coefficients are rescaled only.
 */
export interface OriginalScale {
  /** D × D: β = matrix b + shift, so that a covariance V becomes matrix V matrixᵀ. */
  readonly matrix: Matrix;
  /** D */
  readonly shift: Float64Array;
  /** What a noise scale σ is multiplied by: s_y. */
  readonly targetScale: number;
  /** β of b; costs D. */
  toOriginal(standardized: ArrayLike<number>): Float64Array;
}

/** The map between a design's scales. */
export function originalScale({ columns, target }: Pick<Design, "columns" | "target">): OriginalScale {
  const size = columns.length;
  const intercept = columns.findIndex((column) => column.isIntercept);
  const factors = Float64Array.from(columns, (column) => target.scale / column.scale);
  const shift = new Float64Array(size);
  const map = matrix(size, size);
  for (let j = 0; j < size; j++) {
    map.data[j * size + j] = factors[j];
    if (intercept >= 0 && j !== intercept) map.data[intercept * size + j] = -factors[j] * columns[j].mean;
  }
  if (intercept >= 0) shift[intercept] = target.mean;

  function toOriginal(standardized: ArrayLike<number>): Float64Array {
    const result = factors.map((factor, j) => factor * standardized[j]);
    if (intercept >= 0) result[intercept] += target.mean - centre(result);
    return result;
  }

  /** Σ β_j x̄_j over all columns but the intercept, whose own mean is 0. */
  function centre(original: ArrayLike<number>): number {
    let sum = 0;
    for (let j = 0; j < size; j++) if (j !== intercept) sum += original[j] * columns[j].mean;
    return sum;
  }
  return { matrix: map, shift, targetScale: target.scale, toOriginal };
}
