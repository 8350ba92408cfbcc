import { describe, expect, it, test, vi } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import {
  cholesky,
  choleskySemidefinite,
  NotPositiveDefiniteError,
  plainCholesky,
  plainInverseOfLower,
  plainSquareOfInverse,
} from "./cholesky.ts";
import { type Matrix, matrix, multiplyVector, plainOuterProducts, plainProduct, transpose } from "./matrix.ts";
import { residentMatrices } from "./resident-matrix.ts";
import { plainEigen, symmetricEigen } from "./symmetric-eigen.ts";
import { wideEigen } from "./wide-eigen.ts";
import {
  wideCholesky,
  wideInverseOfLower,
  wideOuterProducts,
  wideProduct,
  wideSquareOfInverse,
} from "./wide-matrices.ts";

const definite = { least: 1e-15, isSemidefinite: false };
const semidefinite = { least: 1e-6, isSemidefinite: true };

/** Normal numbers of very different sizes, so that a sum in another order has other bits. */
function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed, 0, 1);
  return matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => random.normal() * Math.exp(3 * random.normal())),
  );
}

/** B Bᵀ of `rank` columns; with as many as rows or more it is definite. */
function square(size: number, rank: number): Matrix {
  const b = randomMatrix(size, rank, size + rank);
  return plainProduct(b, transpose(b));
}

function expectSameBits(actual: Float64Array | undefined, expected: Float64Array): void {
  expect(actual).toHaveLength(expected.length);
  const different = expected.findIndex((value, k) => !Object.is(value, actual?.[k]));
  expect(different, `place ${different}`).toBe(-1);
}

const dataOf = (result: Matrix | number | null) =>
  result === null || typeof result === "number" ? undefined : result.data;

const inSinglePrecision = ({ rows, columns, data }: Matrix) => matrix(rows, columns, data.map(Math.fround));

describe("large matrices in WebAssembly have the bits of the plain loops", () => {
  test.each([
    [3, 5],
    [1, 4096],
    [4096, 1],
    [47, 131],
    [201, 201],
  ])("a resident one of %i × %i times vectors", (rows, columns) => {
    const a = inSinglePrecision(randomMatrix(rows, columns, 3));
    const [resident, turned] = residentMatrices(a, transpose(a));
    // More than there is room for at once.
    const vectors = Array.from({ length: 19 }, (_, seed) => randomMatrix(columns, 1, seed).data);
    expect(resident.multiply([])).toEqual([]);
    resident.multiply([...vectors, Array.from(vectors[0])]).forEach((product, k) => {
      expectSameBits(product, multiplyVector(a, vectors[k % vectors.length]));
    });
    for (const seed of [4, 5]) {
      const w = randomMatrix(rows, 1, seed).data;
      expectSameBits(turned.multiply([w])[0], multiplyVector(transpose(a), w));
    }
  });

  test.each(["lower", "upper"])("a resident triangular one, %s", (side) => {
    const size = 203;
    const a = inSinglePrecision(randomMatrix(size, size, 3));
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) if (side === "lower" ? j > i : j < i) a.data[i * size + j] = 0;
    // A strip of nothing but zeros.
    a.data.fill(0, 96 * size, 104 * size);
    const [resident] = residentMatrices(a);
    const v = randomMatrix(size, 1, 4).data;
    expectSameBits(resident.multiply([v])[0], multiplyVector(a, v));
  });

  for (const [rows, inner, columns] of [
    [61, 53, 47],
    [9, 300, 70],
    [131, 130, 133],
    [8, 1, 20_000],
    [14, 520, 33],
  ])
    test(`products, ${rows} × ${inner} × ${columns}`, () => {
      const [a, b] = [randomMatrix(rows, inner, 1), randomMatrix(inner, columns, 2)];
      const wide = wideProduct(a, b);
      if (inner === 1) expect(wide).toBeNull();
      else expectSameBits(dataOf(wide), plainProduct(a, b).data);
    });

  for (const size of [48, 61, 129, 266])
    test(`factors and inverses, ${size} rows`, () => {
      const a = square(size, size + 5);
      const factor = plainCholesky(a, definite);
      if (typeof factor === "number") throw new Error("not definite");
      expectSameBits(dataOf(wideCholesky(a, definite)), factor.data);
      const inverse = plainInverseOfLower(factor);
      expectSameBits(dataOf(wideInverseOfLower(factor)), inverse.data);
      expectSameBits(dataOf(wideSquareOfInverse(inverse)), plainSquareOfInverse(inverse).data);
    });

  for (const size of [48, 131])
    test(`a singular matrix of ${size} rows is refused at the same row, and its null directions are left out`, () => {
      const a = square(size, size >> 1);
      const row = plainCholesky(a, definite);
      expect(typeof row).toBe("number");
      expect(wideCholesky(a, definite)).toBe(row);
      expect(() => cholesky(a)).toThrow(new NotPositiveDefiniteError(Number(row)));
      const expected = dataOf(plainCholesky(a, semidefinite));
      if (!expected) throw new Error("no factor");
      expectSameBits(dataOf(wideCholesky(a, semidefinite)), expected);
      expectSameBits(choleskySemidefinite(a).data, expected);
    });

  for (const size of [32, 61, 130])
    for (const rank of [size + 3, size >> 1])
      test(`eigenvalues and eigenvectors, ${size} rows of rank ${Math.min(rank, size)}`, () => {
        const a = square(size, rank);
        const expected = plainEigen(a, 1);
        expect(wideEigen(a, 1)).not.toBeNull();
        const { values, vectors } = symmetricEigen(a);
        expectSameBits(values, expected.values);
        expectSameBits(vectors.data, expected.vectors.data);
      });

  test("eigenvectors of a diagonal matrix with equal entries, and of one with rows of zeros", () => {
    const a = matrix(40, 40);
    for (let i = 0; i < 40; i++) a.data[41 * i] = i % 3;
    a.data[7] = a.data[7 * 40] = 0.5;
    const expected = plainEigen(a, 1);
    const { values, vectors } = symmetricEigen(a);
    expectSameBits(values, expected.values);
    expectSameBits(vectors.data, expected.vectors.data);
  });

  test("sums of outer products, over more rows than are taken at a time", () => {
    const arrays = [randomMatrix(700, 17, 3).data, randomMatrix(651, 17, 4).data];
    const center = randomMatrix(1, 17, 5).data;
    expectSameBits(dataOf(wideOuterProducts(arrays, center)), plainOuterProducts(arrays, center).data);
  });
});

describe("where there is no workbench", () => {
  it("infinite entries are left to the plain loops", () => {
    const l = matrix(60, 60);
    for (let i = 0; i < 60; i++) l.data[61 * i] = 1;
    l.data[60] = Number.POSITIVE_INFINITY;
    expect(wideInverseOfLower(l)).toBeNull();
    expect(wideSquareOfInverse(l)).toBeNull();
  });

  it("products are left to the plain loops where the machine refuses the memory", async () => {
    vi.resetModules();
    const refused = vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw new RangeError("no memory");
    });
    try {
      const fresh = await import("./wide-matrices.ts");
      const a = randomMatrix(60, 60, 6);
      expect(fresh.wideProduct(a, a)).toBeNull();
      expect(refused).toHaveBeenCalled();
    } finally {
      refused.mockRestore();
      vi.resetModules();
    }
  });
});
