import { describe, expect, test } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type ColumnData, tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../design.ts";
import type { DesignOptions } from "../design-types.ts";

const design = (y: ColumnData, options: DesignOptions = {}, formula = "y ~ x") => {
  const x = Array.from({ length: y.length }, (_, n) => Math.sin(n));
  return buildDesign(tableFromColumns({ y, x }), parseFormula(formula), options);
};
const target = async (y: ColumnData, options: DesignOptions) => {
  const { rows, stride, numRows } = await design(y, options);
  return Array.from({ length: numRows }, (_, n) => rows[n * stride + stride - 1]);
};

const random = createRandom(71, 0, 9);
/** Poisson draws by multiplying uniforms. */
function poisson(mean: number): number {
  let count = 0;
  for (let product = random.uniform(); product > Math.exp(-mean); product *= random.uniform()) count++;
  return count;
}
const many = (draw: (n: number) => number) => Float64Array.from({ length: 2000 }, (_, n) => draw(n));

describe.each(["poisson", "negative-binomial"] as const)("the target of %s", (family) => {
  test("is stored as it is", async () => {
    const made = await design([3, 0, 1, 7], { family });
    expect(made.target).toMatchObject({ kind: "number", mean: 0, scale: 1 });
    expect([made.family, made.familyGuessed, made.warnings]).toEqual([family, false, []]);
    expect(await target([3, 0, 1, 7], { family })).toEqual([3, 0, 1, 7]);
    expect(await target([true, false, true, false], { family })).toEqual([1, 0, 1, 0]);
  });

  test.each([
    [[1, 2, -3, 2.5], "y is -3 in data row 3"],
    [[1, 2, 0.5, -3], "y is 0.5 in data row 3"],
    [[1, null, 2, 0.25], "y is 0.25 in data row 4"],
    [Float64Array.from({ length: 9000 }, (_, n) => (n < 8000 ? n : n + 0.5)), "y is 8000.5 in data row 8,001"],
  ])("has no %s", async (y, where) =>
    expect(design(y, { family })).rejects.toThrow(
      `The ${family} family needs whole numbers of at least 0, and ${where}; use --family gaussian for other numbers, or drop such rows with --sql.`,
    ),
  );

  test("is no text", async () =>
    expect(design(["a", "b", "c"], { family })).rejects.toThrow(
      `The target y is text, and the ${family} family needs numbers; use another target.`,
    ));
});

test("student-t is standardised as gaussian is", async () => {
  const y = [1, 2, 4, 8, 16.5];
  expect(await target(y, { family: "student-t" })).toEqual(await target(y, { family: "gaussian" }));
  expect(await target(y, { family: "student-t", standardize: "features" })).toEqual(y);
  await expect(design(["a", "b"], { family: "student-t" })).rejects.toThrow(/student-t family needs numbers/);
});

describe("a target that looks like counts", () => {
  const counts = many(() => poisson(3));

  test("is guessed gaussian, with a warning", async () => {
    const made = await design(counts);
    expect([made.family, made.familyGuessed]).toEqual(["gaussian", true]);
    expect(made.warnings).toEqual([
      expect.stringMatching(
        /^y holds whole numbers from 0 on \(mean [23]\.\d+\) that look like counts, and was taken for gaussian; --family poisson or negative-binomial may fit better/,
      ),
    ]);
    expect((await design(counts, { family: "gaussian" })).warnings).toEqual([]);
    expect((await design(counts, {}, "y == 0 ~ x")).warnings).toEqual([]);
  });

  test.each([
    ["overdispersed", many(() => poisson(random.uniform() < 0.3 ? 20 : 0.5)), true],
    ["rare", many(() => poisson(0.05) + poisson(0.02)), true],
    ["a fraction among them", many((n) => (n === 1500 ? 0.5 : counts[n])), false],
    ["a negative number among them", many((n) => (n === 1500 ? -1 : counts[n])), false],
    ["never 0", many(() => poisson(9) + 1), false],
    ["large", many((n) => (n === 0 ? 0 : poisson(60))), false],
    ["large and skewed", many(() => Math.floor(-50 * Math.log(random.uniform()))), false],
    ["hardly spread out", many((n) => (n === 0 ? 0 : 15 + Math.round(2.3 * random.normal()))), false],
    ["ages", many(() => Math.floor(90 * random.uniform())), false],
    ["a score on a flat scale", many(() => Math.floor(12 * random.uniform())), false],
  ])("%s", async (_what, y, isWarned) => expect((await design(y)).warnings.length).toBe(isWarned ? 1 : 0));
});
