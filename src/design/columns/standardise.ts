import { type Matrix, matrix, multiply, multiplyVector } from "../../linalg/matrix.ts";
import type { Design } from "../design-types.ts";

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
  /** β of b; costs D, with a basis D². */
  toOriginal(standardized: ArrayLike<number>): Float64Array;
}

/** What of a design its scales rest on. */
export type ScaledDesign = Pick<Design, "columns" | "target" | "basis" | "groups">;

/** The map from what a design's coefficients are sampled in to the data's own scale: γ → b → β where there is a basis. */
export function originalScale({ columns, target, basis }: ScaledDesign): OriginalScale {
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

  function toOriginal(sampled: ArrayLike<number>): Float64Array {
    const standardized = basis ? multiplyVector(basis.matrix, sampled) : sampled;
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
  return { matrix: basis ? multiply(map, basis.matrix) : map, shift, targetScale: target.scale, toOriginal };
}
