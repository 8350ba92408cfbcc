import { type Matrix, mapEntries, multiplyVector, transpose } from "../../linalg/matrix.ts";
import { singularVectors } from "../../linalg/symmetric-eigen.ts";

/**
 * Coordinates in which columns that are nearly collinear, such as powers of a year, are orthogonal. Rows are stored in
 * single precision, which keeps 1e-7 of a value; what tells such columns apart is less than that, and would be lost. In
 * γ = T⁻¹ β each stored column is a combination of its own, worked out in double precision before it is rounded.
 *
 * With S = diag(the prior's sds) and X S = W Σ Uᵀ, T = S U C⁻¹, C = Σ/√N: the columns of X T are orthogonal, of mean square
 * 1 (where rows have weights, those of W^½ X T), and γ is independent under the prior too, γ_k ~ N((T⁻¹ m)_k, C_k²). So the model is the same, not a similar one.
 */
export interface OrthogonalBasis {
  /** T, D×D: β = T γ on the standardised scale, and a stored row is xᵀT. */
  readonly matrix: Matrix;
  /** T⁻¹ */
  readonly inverse: Matrix;
  /** C, D: the sds of γ under the prior. */
  readonly priorSds: Float64Array;
  /** D: 1 for combinations that are 0 in every row, to the rounding of double precision; their columns are stored as 0. */
  readonly isNull: Uint8Array;
}

/** Singular values below this share of the largest are the rounding of rows in double precision. */
const nullFraction = 1e-12;

/**
 * @param triangle R of X = Q R, X the rows on the standardised scale, D×D
 * @param priorSds S, D
 */
export function orthogonalBasis(triangle: Matrix, priorSds: ArrayLike<number>, numRows: number): OrthogonalBasis {
  const { values, vectors } = singularVectors(mapEntries(triangle, (value, _, j) => value * priorSds[j]));
  const largest = values[values.length - 1];
  const isNull = Uint8Array.from(values, (value) => (value <= nullFraction * largest ? 1 : 0));
  const scales = values.map((value, k) => (isNull[k] ? 1 : value / Math.sqrt(numRows)));
  return {
    matrix: mapEntries(vectors, (value, i, k) => (priorSds[i] * value) / scales[k]),
    inverse: mapEntries(transpose(vectors), (value, k, j) => (scales[k] * value) / priorSds[j]),
    priorSds: scales,
    isNull,
  };
}

/** The normal priors of γ where those of β have these means. */
export function rotatedPriors(
  { inverse, priorSds }: OrthogonalBasis,
  means: ArrayLike<number>,
): { readonly kind: "normal"; readonly mean: number; readonly sd: number }[] {
  const rotated = multiplyVector(inverse, means);
  return Array.from(priorSds, (sd, k) => ({ kind: "normal", mean: rotated[k], sd }));
}

/** Writes xᵀT for `count` rows x of D numbers, in single precision, from `start` on in steps of `stride`. */
export function rotateRowsInto(
  target: Float32Array,
  start: number,
  stride: number,
  { matrix: { data }, isNull }: OrthogonalBasis,
  rows: Float64Array,
  count: number,
): void {
  const size = isNull.length;
  const sums = new Float64Array(size);
  for (let i = 0; i < count; i++) {
    sums.fill(0);
    for (let j = 0; j < size; j++) {
      const value = rows[i * size + j];
      if (value === 0) continue;
      for (let k = 0, at = j * size; k < size; k++) sums[k] += value * data[at + k];
    }
    const at = start + i * stride;
    for (let k = 0; k < size; k++) target[at + k] = isNull[k] ? 0 : sums[k];
  }
}
