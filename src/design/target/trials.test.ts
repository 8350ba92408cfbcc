import { describe, expect, it } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../design.ts";
import type { DesignOptions } from "../design-types.ts";

const table = {
  pass: [12, 0, 9, 18],
  size: [20, 0, 19, 21],
  fail: [8, 0, 10, 3],
  salary: [3.1, 3.6, 2.8, 4.4],
  w: [1, 2, 0.5, 3],
};

const designOf = (formula: string, options: DesignOptions = {}, more: object = {}) =>
  buildDesign(tableFromColumns({ ...table, ...more }), parseFormula(formula), options);

const sideOf = ({ rows, stride, numRows }: Awaited<ReturnType<typeof designOf>>) =>
  Array.from({ length: numRows }, (_, n) => [rows[(n + 1) * stride - 1], rows[(n + 1) * stride - 3]]);

describe("a target of trials", () => {
  const expected = [
    [Math.fround(12 / 20), 20],
    [Math.fround(9 / 19), 19],
    [Math.fround(18 / 21), 21],
  ];

  it.each(["pass | trials(size) ~ salary", "cbind(pass, fail) ~ salary", "cbind(pass, size - pass) ~ salary"])(
    "is the fraction that succeeded, weighted by the trials: %s",
    async (formula) => {
      const design = await designOf(formula);
      expect([design.family, design.familyGuessed, design.target.kind]).toEqual(["binomial", false, "trials"]);
      expect(sideOf(design)).toEqual(expected);
      expect([design.numRows, design.zeroWeightRows]).toEqual([3, 1]);
      expect(design.warnings).toEqual(["1 row has no trials and is left out."]);
      expect(design.target.name).toBe(formula.split(" ~")[0]);
    },
  );

  it("has weights beside the trials", async () => {
    const design = await designOf("pass | trials(size) ~ salary", { weights: "w" });
    expect(sideOf(design)).toEqual(expected.map(([y, n], k) => [y, n * [1, 0.5, 3][k]]));
    expect(design.warnings).toEqual(["1 row has no trials, or a weight of 0, and is left out."]);
  });

  it("is not among the columns that a dot means, nor are the trials", async () => {
    const { columns } = await designOf("pass | trials(size) ~ .");
    expect(columns.map(({ name }) => name)).toEqual(["fail", "salary", "w", "Intercept"]);
  });

  it("may have a constant number of trials", async () => {
    expect(sideOf(await designOf("pass | trials(21) ~ salary")).map(([, weight]) => weight)).toEqual([21, 21, 21, 21]);
  });

  it.each([
    [
      "size | trials(pass) ~ w",
      {},
      "In data row 1 size is 20 and pass, the number of trials, is 12, and no more of the trials succeed",
    ],
    [
      "pass | trials(salary) ~ w",
      {},
      "In data row 1 pass is 12 and salary, the number of trials, is 3.1, and both are whole numbers",
    ],
    [
      "cbind(pass, pass - size) ~ w",
      {},
      "In data row 1 pass is 12 and the failures are -8, and both are whole numbers",
    ],
    ["-pass | trials(size) ~ w", {}, "In data row 1 -pass is -12"],
    ["pass | trials(name) ~ w", {}, "trials() needs numbers, and name is text"],
    ["cbind(name, pass) ~ w", {}, "cbind() needs numbers, and name is text"],
    ["pass | trials(siez) ~ w", {}, 'the data has no column "siez"; did you mean size'],
    ["cbind(pass) ~ w", {}, "cbind() takes successes and failures"],
    ["pass | trials() ~ w", {}, "trials() takes how many trials a row has"],
    ["pass | trials(size) ~ trials(w)", {}, "trials() stands only on the left"],
    ["pass ~ w", { family: "binomial" }, "write pass | trials(n) ~ … or cbind(pass, failures) ~ …"],
    ["name ~ w", { family: "binomial" }, "write name | trials(n) ~ …"],
    [
      "pass | trials(size) ~ w",
      { family: "poisson" },
      "which is for the binomial family, and the poisson family was asked for",
    ],
    ["pass | trials(size) ~ w", { event: 1 }, "The option event names one of the two values of a bernoulli target"],
    ["pass | trials(pass) ~ w", {}, "every trial of any row succeeded"],
    ["cbind(0 * pass, size) ~ w", {}, "no trial of any row succeeded"],
    ["pass | trials(0 * size) ~ w", {}, "In data row 1 pass is 12"],
    ["0 * pass | trials(0 * size) ~ w", {}, "Every complete row has weight 0"],
  ] as const)("%s %o", async (formula, options, sentence) => {
    const made = designOf(formula, options, { name: ["a", "b", "a", "b"] });
    await expect(made).rejects.toThrow(sentence);
  });
});
