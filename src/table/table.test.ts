import { describe, expect, test } from "vitest";
import { tableFromColumns, tableFromRows } from "./table.ts";
import { compareText } from "./table-source.ts";

test("columns become numbers, categories and missing values", async () => {
  const table = tableFromColumns({
    x: [1, null, undefined, 4n],
    city: ["b", "null", null, "a"],
    flag: [true, null, false, true],
    day: [new Date("1970-01-02T12:00:00Z"), null, null, null],
    empty: [null, null, null, null],
    single: new Float32Array([1, 2, 3, 4]),
  });
  expect(table.columns.map(({ name, type }) => `${name}:${type}`)).toEqual([
    "x:number",
    "city:string",
    "flag:boolean",
    "day:number",
    "empty:number",
    "single:number",
  ]);
  for await (const { columns, numRows } of table.chunks(["x", "city", "flag", "day"])) {
    expect(numRows).toBe(4);
    expect(columns.get("x")).toEqual({ kind: "number", values: Float64Array.of(1, Number.NaN, Number.NaN, 4) });
    expect(columns.get("city")).toEqual({
      kind: "category",
      codes: Int32Array.of(1, 2, -1, 0),
      levels: ["a", "b", "null"],
    });
    expect(columns.get("flag")).toEqual({
      kind: "category",
      codes: Int32Array.of(1, -1, 0, 1),
      levels: ["false", "true"],
    });
    expect(columns.get("day")).toMatchObject({ values: Float64Array.of(1.5, Number.NaN, Number.NaN, Number.NaN) });
  }
});

test("records may lack names", async () => {
  const table = tableFromRows([{ x: 1 }, { y: "a", x: 2 }]);
  expect(table.columns.map(({ name }) => name)).toEqual(["x", "y"]);
  for await (const { columns } of table.chunks(["y"]))
    expect(columns.get("y")).toMatchObject({ codes: Int32Array.of(-1, 0) });
});

describe("errors", () => {
  test.each([
    [() => tableFromColumns({}), "The table has no columns; give at least a target and a feature."],
    [
      () => tableFromColumns({ x: [1, 2], y: [1] }),
      'The columns differ in length: "x" has 2 values and "y" has 1; make them equally long.',
    ],
    [
      () => tableFromColumns({ x: [1, "a"] }),
      'Column "x" mixes types: it holds numbers, and in row 2 the text "a"; use one type, and null where a value is missing.',
    ],
    [
      () => tableFromRows([{ x: {} }]),
      'Column "x" holds an object in row 1; use numbers, texts, booleans, dates, or null where a value is missing.',
    ],
  ])("%#: %s", (make, expected) => expect(make).toThrow(expected));
});

test("texts are ordered by codepoint", () => {
  const sorted = ["", "10", "9", "Z", "a", "ab", "é", "\uffee", "\u{1f600}", "\u{1f601}"];
  for (const [i, a] of sorted.entries())
    for (const [j, b] of sorted.entries()) expect(Math.sign(compareText(a, b))).toBe(Math.sign(i - j));
});
