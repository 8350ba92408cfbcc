import { describe, expect, test } from "vitest";
import { buildDesign } from "../design/design.ts";
import type { Design, DesignOptions } from "../design/design-types.ts";
import { RowEncoder } from "../design/recipe/encode-rows.ts";
import { referencesOf } from "../design/recipe/references.ts";
import { InputError } from "../errors.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import { parseFormula } from "./formula.ts";

const people = {
  y: [1, 2, 4, 8, 16, 33],
  x: [0, 1, 2, 3, 4, 6],
  city: ["b", "a", "b", "c", "a", "c"],
  flag: [true, false, true, false, true, true],
  hour: [10, 9, 10, 2, 9, 2],
  version: ["1.10", "1.1", "1.2", "1.10", "1.1", "1.2"],
};
const table = (columns: Record<string, ColumnData> = people) => tableFromColumns(columns);
const design = (formula: string, options: DesignOptions = { standardize: "none" }) =>
  buildDesign(table(), parseFormula(formula), options);
const names = ({ columns }: Design) => columns.map(({ name }) => name).join(" ");
async function messageOf(formula: string): Promise<string> {
  const error = await design(formula).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message;
}

describe("the reference level", () => {
  test.each([
    ["y ~ city", "city[b] city[c] Intercept", { city: "a" }],
    ['y ~ C(city, ref="b")', "C(city)[a] C(city)[c] Intercept", { "C(city)": "b" }],
    [
      "y ~ C(city, Treatment('c')) + flag",
      "C(city)[a] C(city)[b] flag[true] Intercept",
      { "C(city)": "c", flag: "false" },
    ],
    ["y ~ C(hour, ref=9)", "C(hour)[2] C(hour)[10] Intercept", { "C(hour)": "9" }],
    ['y ~ C(hour, ref="10.0")', "C(hour)[2] C(hour)[9] Intercept", { "C(hour)": "10" }],
    ["y ~ C(flag, ref=true)", "C(flag)[false] Intercept", { "C(flag)": "true" }],
    ['y ~ C(flag, ref="yes")', "C(flag)[false] Intercept", { "C(flag)": "true" }],
    ["y ~ C(x > 2, ref=true)", "C(x > 2)[false] Intercept", { "C(x > 2)": "true" }],
    ["y ~ C(version, ref=1.10)", "C(version)[1.1] C(version)[1.2] Intercept", { "C(version)": "1.10" }],
    ["y ~ C(version, ref=1.1)", "C(version)[1.10] C(version)[1.2] Intercept", { "C(version)": "1.1" }],
    ['y ~ 0 + C(city, ref="b")', "C(city)[b] C(city)[a] C(city)[c]", {}],
    ['y ~ x + x:C(city, ref="b")', "x x:C(city)[a] x:C(city)[c] Intercept", { "C(city)": "b" }],
    [
      'y ~ C(city) + C(city, ref="c"):x',
      "C(city)[a] C(city)[b] C(city)[c]:x C(city)[a]:x C(city)[b]:x Intercept",
      { "C(city)": "c" },
    ],
    ["y ~ hour + C(hour)", "hour C(hour)[9] C(hour)[10] Intercept", { "C(hour)": "2" }],
    ["y ~ x", "x Intercept", {}],
  ])("%s", async (formula, columns, references) => {
    const made = await design(formula);
    expect(names(made)).toBe(columns);
    expect(referencesOf(made.recipe)).toEqual(references);
    // The recipe's own formula makes the same design.
    const again = await design(made.recipe.terms);
    expect(again.recipe).toEqual({ ...made.recipe, formula: made.recipe.terms });
    expect(again.rows).toEqual(made.rows);
  });

  test("references stand in the formula's order", async () => {
    const { recipe } = await design("y ~ flag + C(hour, ref=9):city");
    expect(Object.entries(referencesOf(recipe))).toEqual([
      ["flag", "false"],
      ["C(hour)", "9"],
      ["city", "a"],
    ]);
  });

  test("a factor whose only level is left out has none", async () => {
    const made = await buildDesign(table({ ...people, one: people.y.map(() => "k") }), parseFormula("y ~ one + x"));
    expect(referencesOf(made.recipe)).toEqual({});
  });

  test("other rows are encoded by the fit's columns", async () => {
    const { recipe } = await design('y ~ C(city, ref="b") * C(hour, Treatment(9))');
    const encoder = new RowEncoder(recipe, table({ city: ["c", "b", "a"], hour: [2, 9, 9] }));
    for await (const { blocks } of encoder.encode()) {
      const columns = [0, 1, 2].map((i) =>
        blocks.flatMap((block) => (block.columns[i] < 0 ? [] : [recipe.columns[block.columns[i]].name])),
      );
      expect(columns).toEqual([["C(city)[c]", "C(hour)[2]", "C(city)[c]:C(hour)[2]"], [], ["C(city)[a]"]]);
    }
  });
});

describe("what is no reference level", () => {
  test("is shown with its place", async () =>
    expect(await messageOf('y ~ x + C(city, ref="Rome")')).toBe(
      [
        'Formula error at column 21: no complete row has C(city) = "Rome"; its levels are a, b, c.',
        '  y ~ x + C(city, ref="Rome")',
        `  ${" ".repeat(20)}^`,
      ].join("\n"),
    ));

  const supported = 'C() takes a reference level, as in C(x, ref = "b") or C(x, Treatment("b"))';
  test.each([
    ['C(version, ref="1.11")', 'no complete row has C(version) = "1.11"; did you mean "1.1" or "1.10"?'],
    ["C(hour, ref=7)", 'no complete row has C(hour) = "7"; did you mean "2" or "9"?'],
    ["C(flag, ref=2)", 'no complete row has C(flag) = "2"; its levels are false, true.'],
    ["C(city, ref=b)", 'the reference level is a text in quotes, a number, true or false, as in C(x, ref = "b").'],
    [
      "C(city, Treatment(b))",
      'the reference level is a text in quotes, a number, true or false, as in C(x, ref = "b").',
    ],
    ["C(city, ref=1 + 1)", "the reference level is a text in quotes, a number, true or false."],
    ["C(city, Sum)", `${supported}; Sum is not known to it.`],
    ['C(city, Helmert("b"))', `${supported}; Helmert is not known to it.`],
    ["C(city, contr.sum)", `${supported}; contr.sum is not known to it.`],
    ['relevel(city, ref="b")', `relevel() is not known; ${supported}.`],
    [
      'city + C(city, ref="b")',
      "city is categorical by itself, so C(city) is the same factor; write C(city) in all terms.",
    ],
    ["C(flag):x + flag", "flag is categorical by itself, so C(flag) is the same factor; write C(flag) in all terms."],
    ['C(city, "b")', `${supported}.`],
    ['C(city, base="b")', `${supported}.`],
    ['C(city, Treatment("a", "b"))', `${supported}.`],
    ['C(city, ref="b", levels="c")', `${supported}, and nothing after it.`],
  ])("%s", async (term, sentence) =>
    expect((await messageOf(`y ~ ${term}`)).split("\n")[0].replace(/^.*?: /, "")).toBe(sentence),
  );
});
