import { describe, expect, test } from "vitest";
import { buildDesign } from "../design/build-design.ts";
import type { Design } from "../design/design-types.ts";
import { RowEncoder } from "../design/recipe/encode-rows.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import { parseFormula } from "./formula.ts";

const raw = { standardize: "none" } as const;
const design = (formula: string, columns: Record<string, ColumnData>, options = {}) =>
  buildDesign(tableFromColumns(columns), parseFormula(formula), options);
const column = ({ rows, numRows, stride }: Design, j: number) =>
  Array.from({ length: numRows }, (_, n) => rows[n * stride + j]);

describe("poly(x, k)", () => {
  // poly(1:5, 2) in R: (−2, −1, 0, 1, 2)/√10 and (2, −1, −2, −1, 2)/√14.
  test("is R's", async () => {
    const made = await design("y ~ poly(x, 2)", { x: [1, 2, 3, 4, 5], y: [1, 2, 4, 8, 9] }, raw);
    expect(made.columns.map(({ name }) => name)).toEqual(["poly(x, 2)[1]", "poly(x, 2)[2]", "Intercept"]);
    const expected = [
      [-0.63245553, -0.31622777, 0, 0.31622777, 0.63245553],
      [0.53452248, -0.26726124, -0.53452248, -0.26726124, 0.53452248],
    ];
    expected.forEach((values, j) => {
      column(made, j).forEach((value, n) => {
        expect(value).toBeCloseTo(values[n], 6);
      });
    });
  });

  test("is orthogonal, of length 1 and mean 0 over the rows that are kept, of any expression", async () => {
    const numRows = 5000;
    const x = Array.from({ length: numRows }, (_, n) =>
      n % 97 === 0 ? Number.NaN : 1900 + Math.exp(Math.sin(7.7 * n)),
    );
    const y = Array.from({ length: numRows }, (_, n) => Math.cos(n));
    const made = await design("y ~ poly(log(x), 6)", { x, y }, raw);
    const columns = Array.from({ length: 6 }, (_, j) => column(made, j));
    for (let i = 0; i < 6; i++) {
      expect(columns[i].reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
      for (let j = 0; j <= i; j++) {
        const product = columns[i].reduce((sum, value, n) => sum + value * columns[j][n], 0);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    }
  });

  test("goes into products, and is taken away, like any term", async () => {
    const table = { x: [1, 2, 3, 4, 5, 6, 7, 9], g: [..."abababab"], y: [1, 2, 4, 8, 9, 3, 2, 1] };
    const names = async (formula: string) => (await design(formula, table)).columns.map(({ name }) => name);
    expect(await names("y ~ poly(x, 2):g")).toEqual([
      "poly(x, 2)[1]:g[a]",
      "poly(x, 2)[1]:g[b]",
      "poly(x, 2)[2]:g[a]",
      "poly(x, 2)[2]:g[b]",
      "Intercept",
    ]);
    expect(await names("y ~ poly(x, 3) - poly(x, 3)[2]")).toEqual(["poly(x, 3)[1]", "poly(x, 3)[3]", "Intercept"]);
  });

  test("means the same over other rows", async () => {
    const table = { x: [1, 2, 3, 4, 5, 6, 7, 9], y: [1, 2, 4, 8, 9, 3, 2, 1] };
    const made = await design("y ~ poly(x, 2)", table, raw);
    const encoder = new RowEncoder(made.recipe, tableFromColumns({ x: [9, 4, 11] }));
    for await (const { blocks } of encoder.encode()) {
      blocks.forEach(({ values }, j) => {
        expect(values![0]).toBeCloseTo(column(made, j)[7], 6);
        expect(values![1]).toBeCloseTo(column(made, j)[3], 6);
      });
      // Beyond the fit's range the polynomial goes on: of degree 1 in a straight line.
      const [first] = blocks;
      const slope = (first.values![0] - first.values![1]) / 5;
      expect(first.values![2]).toBeCloseTo(first.values![0] + 2 * slope, 10);
    }
  });

  test.each([
    ["poly(x)", /poly\(\) takes an expression and its degree, a whole number from 1 to 20, as in poly\(x, 3\)/],
    ["poly(x, 2.5)", /degree, a whole number/],
    ["poly(x, 0)", /degree, a whole number/],
    ["poly(x, k)", /degree, a whole number/],
    ["poly(x, 3)", /poly\(x, 3\) needs more than 3 different values of x, and there are no more; give a lower degree/],
    ["I(poly(x, 2) + 1)", /poly\(\) stands only by itself/],
    ["poly(g, 2)", /poly\(\) needs numbers, and g is text/],
    ["poly(x, 2)[3]", /no column 3/],
    ["log(x)[1]", /log\(\) has one value/],
  ])("%s is refused", async (term, message) => {
    const table = { x: [1, 2, 3, 1, 2, 3], k: [2, 2, 2, 2, 2, 3], g: [..."abcabc"], y: [1, 2, 4, 8, 9, 3] };
    await expect(design(`y ~ ${term}`, table)).rejects.toThrow(message);
  });
});
