import { expect, test } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { matrix, multiply, transpose } from "./matrix.ts";
import { TriangularFactor } from "./triangular-factor.ts";

test("RᵀR is XᵀX, whatever blocks the rows come in", () => {
  const random = createRandom(3, 0, 1);
  const [numRows, size] = [57, 6];
  const x = Float64Array.from({ length: numRows * size }, () => random.normal());
  const expected = multiply(transpose(matrix(numRows, size, x)), matrix(numRows, size, x)).data;
  for (const blocks of [[57], [1, 2, 3, 51], [20, 20, 17]]) {
    const factor = new TriangularFactor(size);
    let from = 0;
    for (const count of blocks) {
      factor.add(x.slice(from * size, (from + count) * size), count);
      from += count;
    }
    const { triangle } = factor;
    multiply(transpose(triangle), triangle).data.forEach((value, k) => {
      expect(value).toBeCloseTo(expected[k], 10);
    });
    for (let i = 1; i < size; i++) for (let j = 0; j < i; j++) expect(triangle.data[i * size + j]).toBe(0);
  }
});

test("a direction a billionth as long as the others is known to seven digits", () => {
  const random = createRandom(4, 0, 1);
  const factor = new TriangularFactor(2);
  const rows = Float64Array.from({ length: 2000 }, () => 0);
  let squares = 0;
  for (let n = 0; n < 1000; n++) {
    const [u, v] = [random.normal(), random.normal()];
    rows[2 * n] = u;
    rows[2 * n + 1] = u + 1e-9 * v;
    squares += v * v;
  }
  factor.add(rows, 1000);
  // R₂₂ is the length of what the second column has beside the first; v is all but orthogonal to u.
  expect(Math.abs(factor.triangle.data[3]) / (1e-9 * Math.sqrt(squares))).toBeCloseTo(1, 2);
});
