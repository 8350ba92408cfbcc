import { type Matrix, matrix, symmetricPart } from "./matrix.ts";
import { type Pivots, wideCholesky, wideInverseOfLower, wideSquareOfInverse } from "./wide-matrices.ts";

/** A matrix that should be positive definite is not (to rounding). */
export class NotPositiveDefiniteError extends Error {
  override name = "NotPositiveDefiniteError";
  constructor(
    /** The row in which the pivot was not positive. */
    readonly row: number,
  ) {
    super(`the matrix is not positive definite: pivot ${row} of its Cholesky factor is not positive`);
  }
}

/** A pivot as small as the rounding error of its diagonal entry means that the matrix is singular. */
const definite: Pivots = { least: 1e-15, isSemidefinite: false };
const semidefinite: Pivots = { least: 1e-6, isSemidefinite: true };

/**
 * Lower triangular L with A = L Lᵀ.
 * @param a D×D, symmetric positive definite; only the lower triangle is read
 * @throws NotPositiveDefiniteError
 */
export function cholesky(a: Matrix): Matrix {
  const factor = factorise(a, definite);
  if (typeof factor === "number") throw new NotPositiveDefiniteError(factor);
  return factor;
}

/**
 * The same as `cholesky` if A is positive definite. If A is semidefinite, or definite only up to the rounding of sums in
 * f32, the directions that are null up to that rounding are left out of L.
 */
export function choleskySemidefinite(a: Matrix): Matrix {
  const factor = factorise(a, definite);
  if (typeof factor !== "number") return factor;
  const reduced = factorise(a, semidefinite);
  if (typeof reduced === "number") throw new NotPositiveDefiniteError(reduced);
  return reduced;
}

/** Whether `cholesky` succeeds for a symmetric matrix. */
export function isPositiveDefinite(a: Matrix): boolean {
  return typeof factorise(a, definite) !== "number";
}

/** L, or the row of a pivot that is none. */
function factorise(a: Matrix, pivots: Pivots): Matrix | number {
  return wideCholesky(a, pivots) ?? plainCholesky(a, pivots);
}

/** What `wideCholesky` returns, by plain loops. */
export function plainCholesky(a: Matrix, { least, isSemidefinite }: Pivots): Matrix | number {
  const size = a.rows;
  const factor = matrix(size, size);
  const l = factor.data;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a.data[i * size + j];
      for (let k = 0; k < j; k++) sum -= l[i * size + k] * l[j * size + k];
      if (j < i) {
        l[i * size + j] = l[j * size + j] === 0 ? 0 : sum / l[j * size + j];
        continue;
      }
      const whole = a.data[i * size + i];
      const isPivot = sum > least * (isSemidefinite ? whole : Math.abs(whole));
      if (!isPivot && !isSemidefinite) return i;
      l[i * size + i] = isPivot ? Math.sqrt(sum) : 0;
    }
  }
  return factor;
}

/** Solves L x = b; L lower triangular. */
export function solveLower(l: Matrix, b: ArrayLike<number>): Float64Array {
  const size = l.rows;
  const x = Float64Array.from(b);
  let solved = 0;
  // Four rows side by side as far as all that they need is known: one alone waits for every subtraction.
  for (; solved + 4 <= size; solved += 4) {
    const at = solved * size;
    let [first, second, third, fourth] = x.subarray(solved, solved + 4);
    for (let k = 0; k < solved; k++) {
      const value = x[k];
      first -= l.data[at + k] * value;
      second -= l.data[at + size + k] * value;
      third -= l.data[at + 2 * size + k] * value;
      fourth -= l.data[at + 3 * size + k] * value;
    }
    x.set([first, second, third, fourth], solved);
    solveRows(l, x, solved, solved + 4);
  }
  for (let i = solved; i < size; i++) for (let k = 0; k < solved; k++) x[i] -= l.data[i * size + k] * x[k];
  solveRows(l, x, solved, size);
  return x;
}

/** Solves for places from … to − 1, from which those before them are taken off already. */
function solveRows(l: Matrix, x: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    for (let k = from; k < i; k++) x[i] -= l.data[i * l.rows + k] * x[k];
    x[i] /= l.data[i * l.rows + i];
  }
}

/** Solves Lᵀ x = b; L lower triangular. */
export function solveLowerTransposed(l: Matrix, b: ArrayLike<number>): Float64Array {
  const size = l.rows;
  const x = Float64Array.from(b);
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= l.data[k * size + i] * x[k];
    x[i] /= l.data[i * size + i];
  }
  return x;
}

/** Solves A x = b, given A's Cholesky factor. */
export function choleskySolve(l: Matrix, b: ArrayLike<number>): Float64Array {
  return solveLowerTransposed(l, solveLower(l, b));
}

/** L⁻¹, lower triangular. */
export function invertLower(l: Matrix): Matrix {
  return wideInverseOfLower(l) ?? plainInverseOfLower(l);
}

export function plainInverseOfLower(l: Matrix): Matrix {
  const size = l.rows;
  const inverse = matrix(size, size);
  const x = inverse.data;
  for (let j = 0; j < size; j++) {
    x[j * size + j] = 1 / l.data[j * size + j];
    for (let i = j + 1; i < size; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= l.data[i * size + k] * x[k * size + j];
      x[i * size + j] = sum / l.data[i * size + i];
    }
  }
  return inverse;
}

/**
 * A⁻¹ of a symmetric positive definite matrix.
 * @throws NotPositiveDefiniteError
 */
export function invertPositiveDefinite(a: Matrix): Matrix {
  const size = a.rows;
  const inverseOfFactor = invertLower(cholesky(a));
  const inverse = wideSquareOfInverse(inverseOfFactor) ?? plainSquareOfInverse(inverseOfFactor);
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) inverse.data[j * size + i] = inverse.data[i * size + j];
  return symmetricPart(inverse);
}

/** The lower triangle of X Xᵀ, X = L⁻ᵀ. */
export function plainSquareOfInverse({ rows: size, data }: Matrix): Matrix {
  const square = matrix(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < size; k++) sum += data[k * size + i] * data[k * size + j];
      square.data[i * size + j] = sum;
    }
  }
  return square;
}

/** log|A|, given A's Cholesky factor. */
export function logDeterminant(l: Matrix): number {
  let sum = 0;
  for (let i = 0; i < l.rows; i++) sum += 2 * Math.log(l.data[i * l.rows + i]);
  return sum;
}
