import { expect, test } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../design.ts";
import type { DesignOptions } from "../design-types.ts";

async function warningsOf(y: number[], options: DesignOptions = {}, formula = "y ~ x"): Promise<readonly string[]> {
  const x = y.map((_, n) => Math.sin(n));
  return (await buildDesign(tableFromColumns({ y, x }), parseFormula(formula), options)).warnings;
}
const cycle = (values: number[], count: number) => Array.from({ length: count }, (_, n) => values[n % values.length]);

test("a target of a few whole values is said to be taken for gaussian, and what else it may be", async () => {
  expect(await warningsOf(cycle([3, 1, 4, 2], 40))).toEqual([
    "y takes only 4 different values, all whole (1, 2, 3 and 4), in 40 rows, and was taken for gaussian; --family categorical gives each of them its own probability, and --family gaussian keeps it as it is.",
  ]);
  expect((await warningsOf(cycle([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1100)))[0]).toMatch(
    /^y takes only 11 different values, all whole \(0, 1, 2, …, 10\), in 1,100 rows/,
  );
  expect(await warningsOf(cycle([-2, -1, 0, 1, 2], 100))).toHaveLength(1);
  expect(await warningsOf(cycle([0.5, 1.5, 2.5], 60), {}, "y + 0.5 ~ x")).toHaveLength(1);
});

test("no remark of a family that was asked for, of other numbers, or of few rows", async () => {
  const ratings = cycle([1, 2, 3, 4, 5], 100);
  for (const family of ["gaussian", "student-t", "categorical"] as const)
    expect(await warningsOf(ratings, { family })).toEqual([]);
  expect(await warningsOf(ratings, {}, "y > 3 ~ x")).toEqual([]);
  expect(await warningsOf(ratings, {}, "log(y) ~ x")).toEqual([]);
  expect(await warningsOf(cycle([1, 2, 3, 4.5], 100))).toEqual([]);
  expect(await warningsOf(cycle([1, 2, 3, 4], 19))).toEqual([]);
  expect(await warningsOf(cycle([1, 2, 3], 18))).toEqual([]);
  expect(await warningsOf(cycle([1, 2, 3, 4, 5, 6, 7, 8], 39))).toEqual([]);
  expect(await warningsOf(Array.from({ length: 120 }, (_, n) => n % 12))).toEqual([]);
});

test("counts get the remark of counts alone", async () => {
  const counts = cycle([0, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 5], 240);
  expect(await warningsOf(counts)).toEqual([expect.stringMatching(/look like counts/)]);
});
