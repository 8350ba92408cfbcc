import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import { isPlainNumber, spellingOf } from "./text-spellings.ts";

const levelsOf = (texts: readonly string[]) => texts.map((text, i) => ({ text, rows: 1, firstRow: i + 1 }));

/** What DuckDB makes of the texts by the first reading that is offered. */
async function readings(texts: readonly string[], which = 0): Promise<unknown[]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const { sql } = spellingOf(levelsOf(texts))!.readings[which];
  const rows = texts.map((text, i) => `(${i}, '${text.replaceAll("'", "''")}')`);
  const result = await connection.runAndReadAll(
    `select ${sql('"x"')} from (values ${rows.join(", ")}) t(i, x) order by i`,
  );
  return result.getRows().map(([value]) => (typeof value === "number" ? value : value === null ? null : String(value)));
}

describe("amounts", () => {
  test.each([
    ["numbers with decimal commas", ["1,95", "-0,5", "12,25"], [1.95, -0.5, 12.25]],
    ["numbers with decimal commas", ["1.234,5", "1.234", "7,25"], [1234.5, 1234, 7.25]],
    ["numbers with decimal commas", ["1 234,5", "1\u202f234\u202f567", "7,25"], [1234.5, 1_234_567, 7.25]],
    ["numbers with separators between thousands", ["1,001.90", "12", "1,234,567"], [1001.9, 12, 1_234_567]],
    ["numbers with separators between thousands", ["1'234.5", "12", "1’234’567"], [1234.5, 12, 1_234_567]],
    ["numbers with separators between thousands", ["1,23,456.5", "1,000", "2.5"], [123_456.5, 1000, 2.5]],
    ["amounts of money ($)", ["$1,001.90", "-$5", "$ 7"], [1001.9, -5, 7]],
    ["amounts of money ($)", ["$1,001.90", "($5.50)"], [1001.9, -5.5]],
    ["amounts of money (€)", ["1.001,90 €", "−5 €"], [1001.9, -5]],
    ["amounts of money (EUR)", ["EUR 12.50", "EUR 1,000.00"], [12.5, 1000]],
    ["percentages", ["10.02%", "5 %", "-1%"], [0.1002, 0.05, -0.01]],
    ["numbers in an unusual spelling", ["−1.5", "2", "−3"], [-1.5, 2, -3]],
  ])("%s: %j", async (what, texts, values) => {
    expect(spellingOf(levelsOf(texts))!.what).toBe(what);
    expect(await readings(texts)).toEqual(values);
  });

  test("commas that may be either are offered as both", async () => {
    const texts = ["1,234", "5,678"];
    expect(spellingOf(levelsOf(texts))!.readings.map(({ how }) => how)).toEqual([
      "where commas part thousands",
      "where they are decimal",
    ]);
    expect([await readings(texts), await readings(texts, 1)]).toEqual([
      [1234, 5678],
      [1.234, 5.678],
    ]);
  });

  test("several currencies are not made one", () =>
    expect(spellingOf(levelsOf(["$5", "€6"]))).toMatchObject({
      what: "amounts in several currencies ($, €)",
      readings: [],
    }));

  test("a few other words are named, and become missing", async () => {
    const texts = [...Array.from({ length: 30 }, (_, i) => `${i},5`), "k.A."];
    expect(spellingOf(levelsOf(texts))!.others).toEqual([{ text: "k.A.", rows: 1, firstRow: 31 }]);
    expect((await readings(texts)).at(-1)).toBeNull();
  });

  test.each([
    [["1.5", "2", "3e4"]],
    [["10%", "5", "7"]],
    [["a", "b,c"]],
    [["A1", "A2"]],
    [["1.10.0", "1.2.3"]],
    [["yes", "no"]],
    [["13:00", "9:30"]],
  ])("%j are none", (texts) => expect(spellingOf(levelsOf(texts))).toBeUndefined());
});

describe("dates", () => {
  test.each([
    [["13/01/2020", "05/02/2020"], ["2020-01-13 00:00:00", "2020-02-05 00:00:00"], 1],
    [["01/13/2020", "2/5/2020"], ["2020-01-13 00:00:00", "2020-02-05 00:00:00"], 1],
    [["13.01.2020 10:30", "05.02.2020 09:15"], ["2020-01-13 10:30:00", "2020-02-05 09:15:00"], 1],
    [["2020/01/13", "2020/02/05"], ["2020-01-13 00:00:00", "2020-02-05 00:00:00"], 1],
    [["13-Jan-2020", "05-Feb-2020"], ["2020-01-13 00:00:00", "2020-02-05 00:00:00"], 1],
    [["1/2/2020 3:04:05 PM"], ["2020-02-01 15:04:05"], 2],
    [["Jan 5, 2020", "Feb 13, 2020"], ["2020-01-05 00:00:00", "2020-02-13 00:00:00"], 1],
  ])("%j", async (texts, values, ways) => {
    const spelling = spellingOf(levelsOf(texts))!;
    expect(spelling.what).toBe("dates that are not written as 2024-12-31");
    expect(spelling.readings).toHaveLength(ways);
    expect(await readings(texts)).toEqual(values);
  });
});

test("plain numbers", () => {
  for (const text of ["1", "-1.5", "+2e-3", ".5", "5.", " 7 "]) expect(isPlainNumber(text)).toBe(true);
  for (const text of ["", "-", ".", "1,5", "0x1f", "inf", "1e", "1 2"]) expect(isPlainNumber(text)).toBe(false);
});
