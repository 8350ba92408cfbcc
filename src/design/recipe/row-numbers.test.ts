import { describe, expect, test } from "vitest";
import { InputError } from "../../errors.ts";
import { parseFormula } from "../../formula/formula.ts";
import { type ColumnData, tableFromColumns } from "../../table/table.ts";
import { buildDesign, designFromArrays } from "../design.ts";
import type { Design, DesignOptions } from "../design-types.ts";

const table = {
  y: [1, 2, 4, 8, 16, 32],
  x: [0, 1, 2, 3, 4, 5],
  t: [1, 10, 100, 1, 10, 100],
  w: [1, 2, 0, 0.5, 1, 0],
  kind: ["a", "b", "c", "a", "b", "c"],
};

function design(formula: string, options: DesignOptions = {}, columns: Record<string, ColumnData> = table) {
  return buildDesign(tableFromColumns(columns), parseFormula(formula), options);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message.split("\n")[0];
}

const names = ({ columns }: Design) => columns.map(({ name }) => name);
/** Column `fromEnd` places before the end of every row: the target is 1, the offset 2, the weight 3. */
const side = ({ rows, stride, numRows }: Design, fromEnd: number) =>
  Array.from({ length: numRows }, (_, n) => rows[n * stride + stride - fromEnd]);
const raw = { standardize: "none" } as const;
const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5));

describe("places", () => {
  // Six features and the intercept fill 7 columns, so every number beside them takes another one.
  const wide = {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, j) => [`x${j}`, table.x.map((x) => (x + 1) ** (j + 1))])),
    ...table,
  };
  const features = "x0 + x1 + x2 + x3 + x4 + x5";

  test.each([
    ["D + 1 = 8", `y ~ ${features}`, undefined, 8],
    ["D + 2 = 9", `y ~ ${features} + offset(t)`, undefined, 16],
    ["D + 3 = 10, the offset's place stays free", `y ~ ${features}`, "x + 1", 16],
    ["D + 2 = 8", "y ~ x0 + x1 + x2 + x3 + x4 + offset(t)", undefined, 8],
    ["D + 3 = 9", "y ~ x0 + x1 + x2 + x3 + x4", "x + 1", 16],
    ["D + 3 = 8", "y ~ x0 + x1 + x2 + x3 + offset(t)", "x + 1", 8],
  ])("%s", async (_what, formula, weights, stride) => {
    const made = await design(formula, { ...raw, weights }, wide);
    expect(made.stride).toBe(stride);
    expect(made.paddedColumns).toBe(8);
    expect(side(made, 1)).toEqual(table.y);
    if (made.hasOffset) expect(side(made, 2)).toEqual(table.t);
    if (made.hasWeights) expect(side(made, 3)).toEqual(table.x.map((x) => x + 1));
    expect([made.hasOffset, made.hasWeights]).toEqual([formula.includes("offset"), weights !== undefined]);
    const last = made.columns.length - 1;
    for (let n = 0; n < 6; n++) expect(made.rows[n * stride + last]).toBe(1);
  });
});

describe("offset", () => {
  test("any number of them are summed, in the units of the stored target", async () => {
    const made = await design("y ~ x + offset(log(t)) + offset(2 * x)");
    expect(names(made)).toEqual(["x", "Intercept"]);
    const scale = made.target.scale;
    expect(scale).toBeGreaterThan(10);
    expect(side(made, 2)).toEqual(close(table.t.map((t, n) => (Math.log(t) + 2 * table.x[n]) / scale)));
  });

  test("the dot leaves its columns out", async () => {
    const made = await design("y ~ . - kind - w + offset(log(t))");
    expect(names(made)).toEqual(["x", "Intercept"]);
    // Written out, a column may be in both.
    expect(names(await design("y ~ t + offset(log(t))"))).toEqual(["t", "Intercept"]);
  });

  test("a missing value drops its row", async () => {
    const made = await design("y ~ x + offset(t)", raw, { ...table, t: [1, null, 3, 4, 5, 6] });
    expect([made.numRows, made.droppedRows]).toEqual([5, 1]);
    expect(side(made, 2)).toEqual([1, 3, 4, 5, 6]);
  });

  test.each([
    [
      "y ~ x + offset(log(x))",
      "log(x) is infinite in data row 1, where x is 0; change the expression, or drop such rows with --sql.",
    ],
    ["y ~ x + offset(kind)", "Formula error at column 16: offset() needs numbers, and kind is text."],
    ["y ~ x + offset(n)", 'Formula error at column 16: the data has no column "n"; did you mean y, x or t?'],
    [
      "kind ~ x + offset(t)",
      "offset() adds to the one linear predictor of a row, and the categorical family has one for every class; leave it out, or make two classes for the bernoulli family.",
    ],
    ["y ~ 0 + offset(t)", "The formula leaves nothing to estimate; add a term or the intercept."],
  ])("%s: %s", async (formula, sentence) => expect(await messageOf(design(formula))).toBe(sentence));
});

describe("weights", () => {
  test("rows of weight 0 are left out, and are not dropped ones", async () => {
    const columns = { ...table, x: [0, null, 2, 3, 4, 5] };
    const made = await design("y ~ x + kind", { ...raw, weights: "2 * w" }, columns);
    expect([made.numRows, made.droppedRows, made.zeroWeightRows]).toEqual([3, 1, 2]);
    expect(side(made, 3)).toEqual([2, 1, 2]);
    expect(side(made, 1)).toEqual([1, 8, 16]);
    // Level c occurs only in rows of weight 0.
    expect(names(made)).toEqual(["x", "kind[b]", "Intercept"]);
  });

  test("do not enter means and sds", async () => {
    const made = await design("y ~ x", { weights: "x + 1" });
    expect(made.columns[0].mean).toBe(2.5);
    expect(made.target.mean).toBe(10.5);
  });

  test("the dot leaves their columns out", async () => {
    expect(names(await design("y ~ . - kind", { weights: "w + 1" }))).toEqual(["x", "t", "Intercept"]);
  });

  test("a missing weight drops its row, a row of weight 0 may hold anything", async () => {
    const columns = { ...table, w: [1, null, 0, 1, 1, 1], x: [1, 2, Infinity, 3, 4, 5] };
    const made = await design("y ~ x", { weights: "w" }, columns);
    expect([made.numRows, made.droppedRows, made.zeroWeightRows]).toEqual([4, 1, 1]);
    expect(await messageOf(design("y ~ x", {}, columns))).toMatch(/"x" is infinite in data row 3/);
  });

  test.each([
    [
      "w - 1",
      "The weight w - 1 is -1 in data row 3; weights say how often a row counts, so they are finite and 0 or more: change the expression, or drop such rows with --sql.",
    ],
    ["1 / x", /^The weight 1 \/ x is Infinity in data row 1; /],
    ["log(-1 - x)", /^The weight log\(-1 - x\) is NaN in data row 1; /],
    ["0 * w", "Every complete row has weight 0, so nothing counts; give some rows a weight above 0."],
    ["kind", "Error in the weights at column 1: a weight needs numbers, and kind is text."],
    ["weight", /^Error in the weights at column 1: the data has no column "weight"/],
    ["w +", 'Error in the weights at column 4: expected a column or a number after "+".'],
    ["w w", /^Error in the weights at column 3: expected an operator between "w" and "w"/],
    ["", "Error in the weights at column 1: there is nothing; give a column's name or an expression, as in w / 2."],
    ["`w", "Error in the weights at column 3: the ` at column 1 has no second ` to close it."],
    ["w ~ x", 'Error in the weights at column 3: "~" has no meaning here.'],
  ])("%s is refused: %s", async (weights, sentence) => {
    const message = await messageOf(design("y ~ x", { weights }));
    if (typeof sentence === "string") expect(message).toBe(sentence);
    else expect(message).toMatch(sentence);
  });

  test("over several chunks", async () => {
    const numRows = 10_000;
    const n = Float64Array.from({ length: numRows }, (_, i) => i);
    const columns = { y: n, x: n.map((i) => Math.sin(i)), w: n.map((i) => i % 3) };
    const made = await design("y ~ x + offset(x)", { ...raw, weights: "w" }, columns);
    expect([made.numRows, made.zeroWeightRows]).toEqual([6666, 3334]);
    const kept = [...n].filter((i) => i % 3 > 0);
    expect(side(made, 1)).toEqual(kept);
    expect(side(made, 2)).toEqual(kept.map((i) => Math.fround(Math.sin(i))));
    expect(side(made, 3)).toEqual(kept.map((i) => i % 3));
    columns.w[9998] = -1;
    expect(await messageOf(design("y ~ x", { weights: "w" }, columns))).toMatch(/is -1 in data row 9,999;/);
  });
});

describe("arrays", () => {
  const x = table.x.map((value) => [value]);
  const { y, t, w } = table;

  test("offset and weights stand in their places", async () => {
    const made = await designFromArrays({ x, y, offset: t, weights: w }, raw);
    expect([made.numRows, made.zeroWeightRows, made.formula]).toEqual([4, 2, "y ~ x1 + offset(offset)"]);
    expect(side(made, 2)).toEqual([1, 10, 1, 10]);
    expect(side(made, 3)).toEqual([1, 2, 0.5, 1]);
  });

  test("names of the features may be the same", async () => {
    const both = x.map(([value], n) => [value, value ** 2 + n]);
    const made = await designFromArrays({ x: both, y, names: ["offset", "weights"], offset: t, weights: t }, raw);
    expect(names(made)).toEqual(["offset", "weights", "Intercept"]);
    expect(side(made, 2)).toEqual(t);
    expect(side(made, 3)).toEqual(t);
  });

  test("lengths have to fit", async () => {
    expect(await messageOf(designFromArrays({ x, y, offset: [1, 2] }))).toBe(
      'The columns differ in length: "x1" has 6 values and "offset" has 2; make them equally long.',
    );
  });
});
