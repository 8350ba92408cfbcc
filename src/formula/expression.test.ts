import { describe, expect, test } from "vitest";
import { closestNames, editDistance } from "../suggest.ts";
import { tableFromColumns } from "../table/table.ts";
import { compileExpression } from "./expression.ts";
import { parseFormula } from "./formula.ts";

const table = tableFromColumns({
  x: [1, 2, 3, null],
  z: [-1, 0, 2, 5],
  city: ["Rome", "Oslo", null, "Bonn"],
  home: ["Rome", "Bonn", "Oslo", "Bonn"],
  code: ["1", "2", "2", "3"],
  version: ["1.1", "1.10", "1.1", "1"],
  flag: [true, false, null, true],
});

async function values(text: string): Promise<unknown[]> {
  const scope = { text, columns: new Map(table.columns.map((info) => [info.name, info])) };
  const compiled = compileExpression(parseFormula(`${text} ~ 1`).target, scope);
  for await (const chunk of table.chunks(table.columns.map(({ name }) => name))) {
    if (compiled.type === "text") return [compiled.value];
    if (compiled.type !== "string")
      return [...compiled.evaluate(chunk)].map((value) => (Number.isNaN(value) ? null : value + 0));
    const { codes, levels } = compiled.evaluate(chunk);
    return [...codes].map((code) => levels[code] ?? null);
  }
  throw new Error("no chunk");
}

test.each([
  ["x + z * 2", [-1, 2, 7, null]],
  ["(x + z) / 2", [0, 1, 2.5, null]],
  ["-x^2", [-1, -4, -9, null]],
  ["2^-x", [0.5, 0.25, 0.125, null]],
  ["z % 3", [2, 0, 2, 2]],
  ["x > 1", [0, 1, 1, null]],
  ["x >= 2 and z < 1", [0, 1, 0, null]],
  ["x == 1 or z == 2", [1, 0, 1, null]],
  ["not x == 1", [0, 1, 1, null]],
  ["not z", [0, 1, 0, 0]],
  ["max(z, 0, 1)", [1, 1, 2, 5]],
  ["min(x, z)", [-1, 0, 2, null]],
  ["pow(z, 2)", [1, 0, 4, 25]],
  ["abs(z) + sqrt(x * x)", [2, 2, 5, null]],
  ["round(z + 0.5)", [0, 0, 2, 6]],
  ["log(exp(x))", [1, 2, 3, null]],
  ["city", ["Rome", "Oslo", null, "Bonn"]],
  ['city == "Oslo"', [0, 1, null, 0]],
  ['"Oslo" != city', [1, 0, null, 1]],
  ['city < "Oslo"', [0, 0, null, 1]],
  ['"Oslo" < city', [1, 0, null, 0]],
  ["city == home", [1, 0, null, 1]],
  ["city > home", [0, 1, null, 0]],
  ["code == 2", [0, 1, 1, 0]],
  ["version == 1.10", [0, 1, 0, 0]],
  ['z == "2"', [0, 0, 1, 0]],
  ["flag", [1, 0, null, 1]],
  ["flag == true", [1, 0, null, 1]],
  ['flag == "false"', [0, 1, null, 0]],
  ["flag + 1", [2, 1, null, 2]],
  ["not flag", [0, 1, null, 0]],
  ["log(z) > 0", [null, 0, 1, 1]],
])("%s", async (text, expected) => expect(await values(text)).toEqual(expected));

describe("errors", () => {
  test.each([
    ["xx > 1", 1, 'the data has no column "xx"; did you mean x?'],
    ["City == 'Oslo'", 1, 'the data has no column "City"; did you mean city?'],
    ["temperature", 1, 'the data has no column "temperature"; its columns are x, z, city, home, code, version, flag.'],
    ["1 + lgo(x)", 5, 'there is no function "lgo"; did you mean log?'],
    [
      "toString(x)",
      1,
      'there is no function "toString"; the functions are abs, acos, asin, atan, atan2, cbrt, ceil, cos, cosh, exp, … (29 in all).',
    ],
    ["log(x, 2)", 1, "log() takes 1 argument, and 2 are given."],
    ["log()", 1, "log() takes 1 argument, and 0 are given."],
    ["pow(x)", 1, "pow() takes 2 arguments, and 1 are given."],
    ["log(city)", 5, "log() needs numbers, and city is text."],
    ["city + 1", 1, '"+" needs numbers, and city is text.'],
    ["city and x", 1, '"and" needs numbers, and city is text.'],
    ["not city", 5, '"not" needs numbers, and city is text.'],
    ["x == 'abc'", 6, '"abc" is compared with a number, and can never equal it.'],
    ["flag == 'yes'", 9, '"yes" is compared with true or false, and can never equal it.'],
    ["city == x", 6, '"==" cannot compare them: city is text and x is a number.'],
    ["x + 1 < city", 7, '"<" cannot compare them: city is text and x + 1 is a number.'],
    ["'a' == 'b'", 5, '"==" compares two texts in quotes; one side has to be a column.'],
    [
      "C(x) > 1",
      1,
      'C() stands only by itself on the right of the "~". A target of classes goes without C(), with --family categorical.',
    ],
  ])("%s: column %d, %s", async (text, column, sentence) => {
    const error = await values(text).catch((reason: Error) => reason);
    expect((error as Error).message.split("\n")[0]).toBe(`Formula error at column ${column}: ${sentence}`);
  });
});

test("names that may have been meant", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("ab", "ba")).toBe(1);
  expect(closestNames("weekdya", ["weekday", "week", "distance"])).toEqual(["weekday", "week"]);
  expect(closestNames("acidity", ["fixed acidity", "volatile acidity", "pH"])).toEqual([
    "fixed acidity",
    "volatile acidity",
  ]);
  expect(closestNames("zzz", ["weekday"])).toEqual([]);
});
