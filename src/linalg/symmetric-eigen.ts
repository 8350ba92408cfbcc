import { EigenvalueDecomposition, Matrix as MlMatrix, SingularValueDecomposition } from "ml-matrix";
import { NotPositiveDefiniteError } from "./cholesky.ts";
import { identity, largestEntry, type Matrix, matrix, transpose } from "./matrix.ts";
import { wideEigen } from "./wide-eigen.ts";

/** A = U diag(values) Uᵀ, values ascending, eigenvectors in the columns of U. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** Entries within these bounds have squares that neither overflow nor underflow. */
const squarable = { least: 1e-100, most: 1e100 };

/**
 * Eigendecomposition of a symmetric D×D matrix.
 * @throws NotPositiveDefiniteError if an entry is not finite
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  const size = a.rows;
  const bad = a.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new NotPositiveDefiniteError(Math.floor(bad / size));
  const largest = largestEntry(a);
  const unit = largest > 0 && (largest < squarable.least || largest > squarable.most) ? largest : 1;
  const wide = wideEigen(a, unit);
  if (wide) return { values: wide.values.map((value) => unit * value), vectors: transpose(wide.vectors) };
  return plainEigen(a, unit);
}

/** Eigenvalues and eigenvectors of A / unit, the eigenvalues times `unit`. */
export function plainEigen(a: Matrix, unit: number): SymmetricEigen {
  const size = a.rows;
  const source = new MlMatrix(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) source.set(i, j, a.data[i * size + j] / unit);
  const decomposition = new EigenvalueDecomposition(source, { assumeSymmetric: true });
  const order = decomposition.realEigenvalues.map((_, k) => k);
  order.sort((left, right) => decomposition.realEigenvalues[left] - decomposition.realEigenvalues[right]);
  const vectors = matrix(size, size);
  order.forEach((source, target) => {
    for (let i = 0; i < size; i++) vectors.data[i * size + target] = decomposition.eigenvectorMatrix.get(i, source);
  });
  return { values: Float64Array.from(order, (k) => unit * decomposition.realEigenvalues[k]), vectors };
}

const maxSweeps = 60;

/**
 * The same as `symmetricEigen`, by Jacobi rotations, which keep the digits of small eigenvalues if the matrix is graded:
 * positive semidefinite, S B S with a diagonal S of very different entries and a well-conditioned B. Cost about 10 D³.
 *
 * Source: Demmel & Veselić, Jacobi's method is more accurate than QR (1992).
 */
export function gradedEigen(a: Matrix): SymmetricEigen {
  const size = a.rows;
  const m = Float64Array.from(a.data);
  const u = identity(size).data;
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    let rotations = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const off = m[p * size + q];
        if (Math.abs(off) <= 1e-15 * Math.sqrt(Math.abs(m[p * size + p] * m[q * size + q]))) continue;
        rotations++;
        rotate(m, u, size, p, q);
      }
    }
    if (rotations === 0) break;
  }
  const values = Float64Array.from({ length: size }, (_, k) => m[k * size + k]);
  const order = [...values.keys()].sort((left, right) => values[left] - values[right]);
  const vectors = matrix(size, size);
  order.forEach((source, target) => {
    for (let i = 0; i < size; i++) vectors.data[i * size + target] = u[i * size + source];
  });
  return { values: Float64Array.from(order, (k) => values[k]), vectors };
}

/** Makes the entries (p, q) and (q, p) of M zero by a rotation, which is applied to U as well. */
function rotate(m: Float64Array, u: Float64Array, size: number, p: number, q: number): void {
  const theta = (m[q * size + q] - m[p * size + p]) / (2 * m[p * size + q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  const change = t * m[p * size + q];
  const [atP, atQ] = [m[p * size + p] - change, m[q * size + q] + change];
  for (let k = 0; k < size; k++) {
    const [left, right] = [m[p * size + k], m[q * size + k]];
    m[p * size + k] = m[k * size + p] = c * left - s * right;
    m[q * size + k] = m[k * size + q] = s * left + c * right;
    const [first, second] = [u[k * size + p], u[k * size + q]];
    u[k * size + p] = c * first - s * second;
    u[k * size + q] = s * first + c * second;
  }
  m[p * size + p] = atP;
  m[q * size + q] = atQ;
  m[p * size + q] = m[q * size + p] = 0;
}

/** The singular values of a square matrix, ascending, and its right singular vectors in the columns of U: A = W diag(values) Uᵀ. */
export function singularVectors(a: Matrix): SymmetricEigen {
  const source = new MlMatrix(a.rows, a.columns);
  for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.columns; j++) source.set(i, j, a.data[i * a.columns + j]);
  const { diagonal, rightSingularVectors } = new SingularValueDecomposition(source, {
    computeLeftSingularVectors: false,
  });
  const order = diagonal.map((_, k) => k).reverse();
  const vectors = matrix(a.rows, a.rows);
  order.forEach((source, target) => {
    for (let i = 0; i < a.rows; i++) vectors.data[i * a.rows + target] = rightSingularVectors.get(i, source);
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]), vectors };
}
