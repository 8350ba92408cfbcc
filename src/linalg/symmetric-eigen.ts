import { EigenvalueDecomposition, Matrix as MlMatrix } from "ml-matrix";
import { type Matrix, matrix } from "./matrix.ts";

/** A = U diag(values) Uᵀ, values ascending, eigenvectors in the columns of U. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** Eigendecomposition of a symmetric D×D matrix. */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  const size = a.rows;
  const source = new MlMatrix(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) source.set(i, j, a.data[i * size + j]);
  const decomposition = new EigenvalueDecomposition(source, { assumeSymmetric: true });
  const order = decomposition.realEigenvalues.map((_, k) => k);
  order.sort((left, right) => decomposition.realEigenvalues[left] - decomposition.realEigenvalues[right]);
  const vectors = matrix(size, size);
  order.forEach((source, target) => {
    for (let i = 0; i < size; i++) vectors.data[i * size + target] = decomposition.eigenvectorMatrix.get(i, source);
  });
  return { values: Float64Array.from(order, (k) => decomposition.realEigenvalues[k]), vectors };
}
