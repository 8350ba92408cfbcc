import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { isoDays, isoTypes } from "./iso-dates.ts";

test.each([
  ["1970-01-01", 0],
  ["2024-02-29", 19_782],
  ["1969-12-31", -1],
  ["0099-03-01", -683_309],
  ["1970-01-01T12:00", 0.5],
  ["1970-01-01 06:00:00", 0.25],
  ["1970-01-01T00:00:00Z", 0],
  ["1970-01-01T02:00:00+02:00", 0],
  ["1970-01-01T02:00+0200", 0],
  ["1970-01-01 00:00:00-06", 0.25],
  ["1970-01-01T00:00:00.5z", 0.5 / 86_400],
])("%s is day %d", (text, days) => expect(isoDays(text)).toBe(days));

test.each([
  "",
  "2024",
  "2024-13-01",
  "2023-02-29",
  "2024-1-5",
  "2024-01-01T25:00",
  "2024-01-01X",
  "01/02/2024",
  "20240101",
])("%s is no ISO date", (text) => expect(isoDays(text)).toBeNaN());

test("a time without a zone does not depend on where the program runs", () => {
  const zone = process.env.TZ;
  process.env.TZ = "America/New_York";
  expect(isoDays("2024-07-01T00:00")).toBe(19_905);
  process.env.TZ = zone;
});

test("DuckDB reads the same texts as the same days, bit by bit", async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("set TimeZone = 'UTC'");
  const texts = [
    ["2024-12-31", "1899-01-01"],
    ["2024-12-31 23:59:59.123456", "2024-12-31T10:20", "2024-12-31T10:20:30.7"],
    ["2024-12-31T23:59:59Z", "2024-12-31 01:00:00.25+05:30", "2024-06-30T10:00:00-0800", "1930-01-01T00:00:01+01"],
  ];
  for (const [k, [type, pattern]] of isoTypes.entries()) {
    for (const text of texts[k]) {
      const result = await connection.runAndReadAll(
        `select regexp_full_match('${text}', '${pattern}'), epoch(cast('${text}' as ${type})) / 86400`,
      );
      expect([text, ...result.getRows()[0]]).toEqual([text, true, isoDays(text)]);
    }
  }
});
