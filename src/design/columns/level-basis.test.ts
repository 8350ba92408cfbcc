import { describe, expect, it } from "vitest";
import { identity, multiply, multiplyVector } from "../../linalg/matrix.ts";
import type { DesignColumn } from "../column-types.ts";
import { basisOfLevels, levelsOf } from "./level-basis.ts";

const levels = ["a", "b", "c", "a", "c", "c", "b", "a"];
const x = [0.3, -1, 2, 0.5, -0.7, 1.1, 0, 4];
const flag = [0, 1, 1, 0, 0, 1, 0, 1];

function columnOf(name: string, values: readonly number[], about: Partial<DesignColumn>): DesignColumn {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { name, term: name, mean, scale: Math.sqrt(variance), isIntercept: false, isIndicator: false, ...about };
}

const values = [x, levels.map((l) => Number(l === "b")), levels.map((l) => Number(l === "c")), flag];
const columns = [
  columnOf("x", values[0], {}),
  columnOf("level[b]", values[1], { term: "level", isIndicator: true }),
  columnOf("level[c]", values[2], { term: "level", isIndicator: true }),
  columnOf("flag", values[3], {}),
  { name: "Intercept", term: "Intercept", mean: 0, scale: 1, isIntercept: true, isIndicator: false },
];
const standardised = levels.map((_, n) => [
  ...values.map((column, k) => (column[n] - columns[k].mean) / columns[k].scale),
  1,
]);
/** The linear predictor of each row. */
const predictors = (coefficients: ArrayLike<number>) =>
  standardised.map((row) => row.reduce((sum, value, k) => sum + value * coefficients[k], 0));
const unit = (k: number) => Float64Array.from(columns, (_, j) => (j === k ? 1 : 0));

describe("the basis of levels", () => {
  const levelsOfColumns = levelsOf(columns)!;
  const { references, intercept } = levelsOfColumns;
  const { basis, inverse } = basisOfLevels(levelsOfColumns);

  it("moves the rows of one level, or where a number that is 0 or 1 is 1, and no others", () => {
    for (const [k, isMoved] of [
      [1, levels.map((l) => l === "b")],
      [2, levels.map((l) => l === "c")],
      [3, flag.map((value) => value === 1)],
    ] as const)
      predictors(multiplyVector(basis, unit(k))).forEach((value, n) => {
        expect(value, `${columns[k].name} row ${n}`).toBeCloseTo(isMoved[n] ? 1 / columns[k].scale : 0, 12);
      });
  });

  it("has the level without a column as a combination", () => {
    expect(intercept).toBe(4);
    expect(references).toHaveLength(1);
    predictors(multiplyVector(basis, references[0])).forEach((value, n) => {
      expect(value).toBeCloseTo(levels[n] === "a" ? 1 : 0, 12);
    });
  });

  it("has its inverse, in a rotation too", () => {
    expect(multiply(basis, inverse)).toEqual(identity(5));
    const rotation = { matrix: identity(5), inverse: identity(5) };
    rotation.matrix.data[3] = 0.5;
    rotation.inverse.data[3] = -0.5;
    const rotated = basisOfLevels(levelsOf(columns, rotation)!);
    multiply(rotated.basis, rotated.inverse).data.forEach((value, k) => {
      expect(value).toBeCloseTo(k % 6 === 0 ? 1 : 0, 12);
    });
    // Back in the columns' own coefficients.
    const moved = multiplyVector(rotation.matrix, multiplyVector(rotated.basis, unit(1)));
    predictors(moved).forEach((value, n) => {
      expect(value).toBeCloseTo(levels[n] === "b" ? 1 / columns[1].scale : 0, 12);
    });
  });

  it("is none without indicators, or without an intercept", () => {
    expect(levelsOf([columns[0], columns[4]])).toBeUndefined();
    expect(levelsOf(columns.slice(0, 4))).toBeUndefined();
  });

  it("holds no matrix until it is asked for, of which a hundred thousand levels would take gigabytes", () => {
    const many = Array.from({ length: 100_000 }, (_, k) => ({ ...columns[1], name: `level[${k}]` }));
    const { shifts, references } = levelsOf([...many, columns[4]])!;
    expect([shifts.length, references.length]).toEqual([100_001, 1]);
  });
});
