import { type Matrix, matrix } from "./dense.ts";
import { wideOuterProducts, wideProduct } from "./wide-matrices.ts";

export { type Matrix, matrix };

export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const result = matrix(rows.length, rows[0]?.length ?? 0);
  for (let i = 0; i < rows.length; i++) result.data.set(rows[i], i * result.columns);
  return result;
}

export function identity(size: number, scale = 1): Matrix {
  return diagonalMatrix(new Float64Array(size).fill(scale));
}

export function diagonalMatrix(diagonal: ArrayLike<number>): Matrix {
  const size = diagonal.length;
  const result = matrix(size, size);
  for (let i = 0; i < size; i++) result.data[i * size + i] = diagonal[i];
  return result;
}

/** The diagonal of a square matrix, as a vector. */
export function diagonal(a: Matrix): Float64Array {
  return Float64Array.from({ length: a.rows }, (_, i) => a.data[i * a.columns + i]);
}

const square = 32;

export function transpose(a: Matrix): Matrix {
  const result = matrix(a.columns, a.rows);
  // In squares, so that the lines of the cache that are written are filled before they go.
  for (let top = 0; top < a.rows; top += square)
    for (let left = 0; left < a.columns; left += square)
      for (let i = top; i < Math.min(top + square, a.rows); i++)
        for (let j = left; j < Math.min(left + square, a.columns); j++)
          result.data[j * a.rows + i] = a.data[i * a.columns + j];
  return result;
}

/** A B. Large products are made in WebAssembly (wide-matrices.ts), with the same bits. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  return wideProduct(a, b) ?? plainProduct(a, b);
}

/** A B, two rows by two columns at a time, so that every value read is used twice; if the number is odd, the last is done twice. */
export function plainProduct(a: Matrix, b: Matrix): Matrix {
  const [rows, inner, columns] = [a.rows, a.columns, b.columns];
  const result = matrix(rows, columns);
  const [left, right] = [a.data, transpose(b).data];
  for (let i = 0; i < rows; i += 2) {
    const below = Math.min(i + 1, rows - 1);
    for (let j = 0; j < columns; j += 2) {
      const beside = Math.min(j + 1, columns - 1);
      let [first, second, third, fourth] = [0, 0, 0, 0];
      for (let k = 0; k < inner; k++) {
        const upper = left[i * inner + k];
        const lower = left[below * inner + k];
        const near = right[j * inner + k];
        const far = right[beside * inner + k];
        first += upper * near;
        second += upper * far;
        third += lower * near;
        fourth += lower * far;
      }
      result.data[i * columns + j] = first;
      result.data[i * columns + beside] = second;
      result.data[below * columns + j] = third;
      result.data[below * columns + beside] = fourth;
    }
  }
  return result;
}

/** Σ (x − m)(x − m)ᵀ over the rows x of all arrays, each n × D row-major; m = `center`. */
export function outerProducts(arrays: readonly Float64Array[], center: Float64Array): Matrix {
  const sum = wideOuterProducts(arrays, center) ?? plainOuterProducts(arrays, center);
  const size = center.length;
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) sum.data[j * size + i] = sum.data[i * size + j];
  return sum;
}

/** Their lower triangle, by plain loops. */
export function plainOuterProducts(arrays: readonly Float64Array[], center: Float64Array): Matrix {
  const size = center.length;
  const sum = matrix(size, size);
  for (const values of arrays)
    for (let start = 0; start < values.length; start += size)
      for (let i = 0; i < size; i++)
        for (let j = 0; j <= i; j++)
          sum.data[i * size + j] += (values[start + i] - center[i]) * (values[start + j] - center[j]);
  return sum;
}

/** F A Fᵀ, made exactly symmetric; A is symmetric. */
export function congruence(f: Matrix, a: Matrix): Matrix {
  return symmetricPart(multiply(multiply(f, a), transpose(f)));
}

/** A v */
export function multiplyVector({ rows, columns, data }: Matrix, v: ArrayLike<number>): Float64Array {
  const result = new Float64Array(rows);
  let i = 0;
  // Four sums side by side, each in the order of the columns: one alone waits for every addition.
  for (; i + 3 < rows; i += 4) {
    let [first, second, third, fourth] = [0, 0, 0, 0];
    const at = i * columns;
    for (let j = 0; j < columns; j++) {
      const value = v[j];
      first += data[at + j] * value;
      second += data[at + columns + j] * value;
      third += data[at + 2 * columns + j] * value;
      fourth += data[at + 3 * columns + j] * value;
    }
    result[i] = first;
    result[i + 1] = second;
    result[i + 2] = third;
    result[i + 3] = fourth;
  }
  for (; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += data[i * columns + j] * v[j];
    result[i] = sum;
  }
  return result;
}

/** scaleA A + scaleB B */
export function add(a: Matrix, b: Matrix, scaleA = 1, scaleB = 1): Matrix {
  const result = matrix(a.rows, a.columns);
  for (let i = 0; i < result.data.length; i++) result.data[i] = scaleA * a.data[i] + scaleB * b.data[i];
  return result;
}

export function scale(a: Matrix, factor: number): Matrix {
  return matrix(
    a.rows,
    a.columns,
    a.data.map((value) => factor * value),
  );
}

/** The matrix of change(a_ij, i, j). */
export function mapEntries(a: Matrix, change: (value: number, i: number, j: number) => number): Matrix {
  return matrix(
    a.rows,
    a.columns,
    a.data.map((value, k) => change(value, Math.floor(k / a.columns), k % a.columns)),
  );
}

/** diag(left) A diag(right) */
export function scaleRowsAndColumns(a: Matrix, left: ArrayLike<number>, right: ArrayLike<number>): Matrix {
  const result = matrix(a.rows, a.columns);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.columns; j++) result.data[i * a.columns + j] = left[i] * a.data[i * a.columns + j] * right[j];
  return result;
}

/** ½ (A + Aᵀ) */
export function symmetricPart(a: Matrix): Matrix {
  const result = matrix(a.rows, a.rows);
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.rows; j++)
      result.data[i * a.rows + j] = 0.5 * (a.data[i * a.rows + j] + a.data[j * a.rows + i]);
  return result;
}

export function trace(a: Matrix): number {
  let sum = 0;
  for (let i = 0; i < a.rows; i++) sum += a.data[i * a.columns + i];
  return sum;
}

/** Tr(A B), without forming the product. */
export function traceOfProduct(a: Matrix, b: Matrix): number {
  const [rows, columns] = [a.rows, a.columns];
  let sum = 0;
  // Some columns of B at a time, each of whose lines in the cache is read once.
  const beside = new Float64Array(Math.min(square, rows) * columns);
  for (let first = 0; first < rows; first += square) {
    const count = Math.min(square, rows - first);
    for (let j = 0; j < columns; j++)
      for (let i = 0; i < count; i++) beside[i * columns + j] = b.data[j * b.columns + first + i];
    for (let k = 0; k < count * columns; k++) sum += a.data[first * columns + k] * beside[k];
  }
  return sum;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Largest absolute entry. */
export function largestEntry(a: Matrix): number {
  let largest = 0;
  for (const value of a.data) largest = Math.max(largest, Math.abs(value));
  return largest;
}
