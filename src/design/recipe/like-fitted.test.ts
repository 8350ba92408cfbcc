import { describe, expect, test } from "vitest";
import type { CategoryColumn, Column, ColumnInfo } from "../../table/table-source.ts";
import { readLike } from "./like-fitted.ts";

const text: ColumnInfo = { name: "c", type: "string" };
const number: ColumnInfo = { name: "c", type: "number" };
const time: ColumnInfo = { name: "c", type: "number", isTime: true };
const truth: ColumnInfo = { name: "c", type: "boolean" };
const numbers = (...values: number[]): Column => ({ kind: "number", values: Float64Array.from(values) });
const truths = (...codes: number[]): Column => ({
  kind: "category",
  codes: Int32Array.from(codes),
  levels: ["false", "true"],
});
const texts = (...levels: string[]): Column => ({ kind: "category", codes: Int32Array.from(levels.keys()), levels });
const read = (column: Column) => {
  const { codes, levels } = column as CategoryColumn;
  return Array.from(codes, (code) => levels[code] ?? null);
};

describe("a column that was text in the fit", () => {
  test("takes the one level that a number equals", () => {
    const reader = readLike(text, number, ["1.10", "01234", "2E3", "2.0-rc1"]);
    expect(read(reader(numbers(1.1, 1234, Number.NaN, 2000, 5), 1))).toEqual(["1.10", "01234", null, "2E3", "5"]);
    expect(read(reader(numbers(5, 1.1), 6))).toEqual(["5", "1.10"]);
  });
  test("refuses a number that several levels equal", () =>
    expect(() => readLike(text, number, ["1.1", "1.10"])(numbers(7, 1.1), 11)).toThrow(
      'Column "c" held texts when the model was fitted, and holds 1.1 in data row 12, which may be any of "1.1" and "1.10"; give it as text, as in cast(c as varchar) where it is made.',
    ));
  test("takes the one level that stands for a truth value, a date or a time of day", () => {
    expect(read(readLike(text, truth, ["NO", "SE"])(truths(0, -1), 1))).toEqual(["NO", null]);
    expect(() => readLike(text, truth, ["NO", "N"])(truths(0), 1)).toThrow(/may be any of "NO" and "N"/);
    expect(read(readLike(text, time, ["2024-01-01 00:00", "x"])(numbers(19_723, 19_723.5), 1))).toEqual([
      "2024-01-01 00:00",
      "2024-01-01T12:00:00.000Z",
    ]);
    const clock = readLike(text, text, ["13:00", "9:30", "other"]);
    expect(read(clock(texts("13:00:00", "09:30", "other", "14:00:00", "13:00"), 1))).toEqual([
      "13:00",
      "9:30",
      "other",
      "14:00:00",
      "13:00",
    ]);
  });
});

describe("numbers and dates are not taken for each other", () => {
  test.each([
    [
      number,
      time,
      numbers(19_723),
      "held numbers when the model was fitted, and holds the date 2024-01-01 in data row 3",
    ],
    [time, number, numbers(19_723), "held dates when the model was fitted, and holds 19723 in data row 3"],
    [time, text, texts("yesterday"), 'held dates when the model was fitted, and holds "yesterday" in data row 3'],
    [truth, number, numbers(2), "held true and false when the model was fitted, and holds 2 in data row 3"],
    [number, text, texts("?"), 'held numbers when the model was fitted, and holds "?" in data row 3'],
  ])("%j %j", (fitted, given, column, expected) => expect(() => readLike(fitted, given)(column, 3)).toThrow(expected));
  test("a column without values fits any type", () => {
    expect(readLike(time, number)(numbers(Number.NaN), 1)).toEqual(numbers(Number.NaN));
    expect(readLike(time, text)(texts("2024-01-01T06:00"), 1)).toEqual(numbers(19_723.25));
  });
});
