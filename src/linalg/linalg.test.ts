import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cholesky,
  choleskySolve,
  invertPositiveDefinite,
  logDeterminant,
  NotPositiveDefiniteError,
} from "./cholesky.ts";
import {
  add,
  congruence,
  diagonalMatrix,
  identity,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyVector,
  scaleRowsAndColumns,
  transpose,
} from "./matrix.ts";
import { gradedEigen, singularVectors, symmetricEigen } from "./symmetric-eigen.ts";

/** Random positive definite matrices: B Bᵀ + 0.1 I. */
const positiveDefinite = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: size * size, maxLength: size * size })
    .map((values) => {
      const b = matrix(size, size, Float64Array.from(values));
      return add(multiply(b, transpose(b)), identity(size, 0.1));
    }),
);

function expectClose(actual: Matrix, expected: Matrix, tolerance: number) {
  for (let i = 0; i < expected.data.length; i++)
    expect(Math.abs(actual.data[i] - expected.data[i])).toBeLessThan(tolerance);
}

describe("linear algebra", () => {
  it("factors, inverts and solves positive definite matrices", () => {
    fc.assert(
      fc.property(positiveDefinite, (a) => {
        const l = cholesky(a);
        expectClose(multiply(l, transpose(l)), a, 1e-11);
        expectClose(multiply(a, invertPositiveDefinite(a)), identity(a.rows), 1e-9);
        const x = Float64Array.from({ length: a.rows }, (_, i) => i - 1.5);
        choleskySolve(l, multiplyVector(a, x)).forEach((value, i) => {
          expect(Math.abs(value - x[i])).toBeLessThan(1e-9);
        });
      }),
      { seed: 1 },
    );
  });

  it("decomposes symmetric matrices, eigenvalues ascending", () => {
    fc.assert(
      fc.property(positiveDefinite, (a) => {
        const { values, vectors } = symmetricEigen(a);
        const rebuilt = congruence(
          vectors,
          matrixFromRows([...values].map((v, i) => [...values].map((_, j) => (i === j ? v : 0)))),
        );
        expectClose(rebuilt, a, 1e-11);
        for (let k = 1; k < values.length; k++) expect(values[k]).toBeGreaterThanOrEqual(values[k - 1]);
        const logProduct = values.reduce((sum, value) => sum + Math.log(value), 0);
        expect(logDeterminant(cholesky(a))).toBeCloseTo(logProduct, 8);
      }),
      { seed: 2 },
    );
  });

  it("keeps the digits of graded matrices", () => {
    fc.assert(
      fc.property(positiveDefinite, (a) => {
        const size = a.rows;
        const scales = Float64Array.from({ length: size }, (_, k) => 10 ** ((-9 * ((5 * k) % size)) / size));
        const graded = scaleRowsAndColumns(a, scales, scales);
        const { values, vectors } = gradedEigen(graded);
        const rebuilt = congruence(vectors, diagonalMatrix(values));
        graded.data.forEach((value, at) => {
          const unit = Math.sqrt(
            graded.data[Math.floor(at / size) * (size + 1)] * graded.data[(at % size) * (size + 1)],
          );
          expect(Math.abs(rebuilt.data[at] - value) / unit).toBeLessThan(1e-11);
        });
      }),
      { seed: 3 },
    );
  });

  it("finds singular values and right singular vectors, ascending", () => {
    fc.assert(
      fc.property(positiveDefinite, (a) => {
        const { values, vectors } = singularVectors(a);
        const eigen = symmetricEigen(a);
        values.forEach((value, k) => {
          expect(value).toBeCloseTo(eigen.values[k], 9);
        });
        expectClose(multiply(transpose(vectors), vectors), identity(a.rows), 1e-11);
      }),
      { seed: 4 },
    );
  });

  it("says which pivot fails when a matrix is singular", () => {
    expect(() =>
      cholesky(
        matrixFromRows([
          [1, 1],
          [1, 1],
        ]),
      ),
    ).toThrow(NotPositiveDefiniteError);
  });
});
