import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asInputError } from "./errors.ts";
import { decimalSql } from "./files/decimals.ts";
import { design, file, folder, read } from "./fixtures.ts";

describe("Parquet", () => {
  /** The schema that pyarrow writes of y, a double, and severity, an ordered dictionary of texts. */
  const orderedSchema = [
    "/////3ADAAAQAAAAAAAKAA4ABgAFAAgACgAAAAABBAAQAAAAAAAKAAwAAAAEAAgACgAAAIwCAAAEAAAAAQAAAAwAAAAIAAwABAAIAAgAAABkAg",
    "AABAAAAFQCAAB7ImluZGV4X2NvbHVtbnMiOiBbeyJraW5kIjogInJhbmdlIiwgIm5hbWUiOiBudWxsLCAic3RhcnQiOiAwLCAic3RvcCI6IDIw",
    "MDAsICJzdGVwIjogMX1dLCAiY29sdW1uX2luZGV4ZXMiOiBbeyJuYW1lIjogbnVsbCwgImZpZWxkX25hbWUiOiBudWxsLCAicGFuZGFzX3R5cG",
    "UiOiAidW5pY29kZSIsICJudW1weV90eXBlIjogInN0ciIsICJtZXRhZGF0YSI6IHsiZW5jb2RpbmciOiAiVVRGLTgifX1dLCAiY29sdW1ucyI6",
    "IFt7Im5hbWUiOiAieSIsICJmaWVsZF9uYW1lIjogInkiLCAicGFuZGFzX3R5cGUiOiAiZmxvYXQ2NCIsICJudW1weV90eXBlIjogImZsb2F0Nj",
    "QiLCAibWV0YWRhdGEiOiBudWxsfSwgeyJuYW1lIjogInNldmVyaXR5IiwgImZpZWxkX25hbWUiOiAic2V2ZXJpdHkiLCAicGFuZGFzX3R5cGUi",
    "OiAiY2F0ZWdvcmljYWwiLCAibnVtcHlfdHlwZSI6ICJpbnQ4IiwgIm1ldGFkYXRhIjogeyJudW1fY2F0ZWdvcmllcyI6IDMsICJvcmRlcmVkIj",
    "ogdHJ1ZX19XSwgImF0dHJpYnV0ZXMiOiB7fSwgImNyZWF0b3IiOiB7ImxpYnJhcnkiOiAicHlhcnJvdyIsICJ2ZXJzaW9uIjogIjI2LjAuMSJ9",
    "LCAicGFuZGFzX3ZlcnNpb24iOiAiMy4xLjEifQAAAAAGAAAAcGFuZGFzAAACAAAAhAAAABQAAAAQABgACAAGAAcADAAQABQAEAAAAAAAARQUAA",
    "AATAAAACQAAAAEAAAAAAAAAAgAAABzZXZlcml0eQAACgAMAAAACAAHAAoAAAAAAAABDAAAAAgADAAIAAcACAAAAAAAAAEIAAAABAAEAAQAAAAQ",
    "ABQACAAGAAcADAAAABAAEAAAAAAAAQMQAAAAGAAAAAQAAAAAAAAAAQAAAHkABgAIAAYABgAAAAAAAgAAAAAA",
  ].join("");

  test.each(["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4_raw"])(
    "an ordered dictionary keeps its order: %s",
    async (codec) => {
      const path = join(folder, `ordered-${codec}.parquet`);
      const { DuckDBInstance } = await import("@duckdb/node-api");
      const connection = await (await DuckDBInstance.create()).connect();
      // DuckDB's dictionaries are in the order in which values come first, which is to be the order here.
      const row =
        "select i as y, ['low', 'mid', 'high', 'it''s more'][1 + (i // 100) % 4] as severity from range(4000) t(i)";
      await connection.run(
        `copy (${row}) to '${path}' (compression '${codec}', row_group_size 2048, kv_metadata {'ARROW:schema': '${orderedSchema}'})`,
      );
      const made = await design({ path }, "y ~ severity");
      const names = ["severity[mid]", "severity[high]", "severity[it's more]", "Intercept"];
      expect(made.columns.map(({ name }) => name)).toEqual(names);
      const query = { path, sql: "select * from data where severity <> 'mid'" };
      expect((await design(query, "severity ~ y")).target.levels).toEqual(["low", "high", "it's more"]);
    },
  );

  test("an ENUM of a query has its own order", async () => {
    const sql = "select i as y, (['a', 'b'][1 + i % 2])::enum('b', 'c', 'a') as e from range(20) t(i)";
    expect((await design({ sql }, "y ~ e")).columns.map(({ name }) => name)).toEqual(["e[a]", "Intercept"]);
  });

  test.each([
    [17, 2],
    [20, 0],
    [32, 10],
  ])("a decimal of %d bytes, %d digits of them behind the point", async (bytes, scale) => {
    const values = [0n, 50n, -50n, -1n, 10n ** 38n + 7n, -(10n ** 38n), 123_456_789_012_345_678_901_234_567_890n];
    const rows = values.map((value, i) => {
      const digits = BigInt.asUintN(8 * bytes, value)
        .toString(16)
        .padStart(2 * bytes, "0");
      return `(${i}, unhex('${digits}'))`;
    });
    const sql = `select ${decimalSql("x", bytes, scale)} as v from (values ${rows.join(", ")}) t(i, x) order by i`;
    const { v } = await read({ sql });
    for (const [i, value] of values.entries()) {
      const expected = Number(value) / 10 ** scale;
      expect(Math.abs(Number(v[i]) - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
    }
  });
});

describe("what DuckDB would guess", () => {
  test("words, times and codes stay as they are written; true and false are truth values", async () => {
    const text = "a,b,c,d,e,f,g\nyes,NO,13:00,01234,2E3,TRUE,1/2/2024\nno,SE,9:30,10001,x,false,3/4/2024\n";
    expect(await read({ path: file("words.csv", text) })).toEqual({
      a: ["yes", "no"],
      b: ["NO", "SE"],
      c: ["13:00", "9:30"],
      d: ["01234", "10001"],
      e: ["2E3", "x"],
      f: ["true", "false"],
      g: ["1/2/2024", "3/4/2024"],
    });
    const json = '{"c":"13:00","g":"2024-01-02","m":1.10}\n{"c":"9:30","g":"2024-01-03","m":"a"}\n';
    expect(await read({ path: file("words.jsonl", json) })).toEqual({
      c: ["13:00", "9:30"],
      g: [19_724, 19_725],
      m: ["1.1", "a"],
    });
  });

  test("a fit's types are those of other files", async () => {
    const like = { inputs: [], fileTypes: { v: "VARCHAR", d: "DATE", n: "DOUBLE" } };
    const path = file("like.csv", "v,d,n\n1.10,,007\n2E3,,8\n");
    const sql = "select v, year(d) as year, n + 1 as n from data";
    expect(await read({ path, sql, like })).toEqual({ v: ["1.10", "2E3"], year: [null, null], n: [8, 9] });
    const json = file("like.jsonl", '{"v":1.10,"d":null,"n":7}\n{"v":"2E3","d":null,"n":8}\n');
    expect(await read({ path: json, sql, like })).toEqual({ v: ["1.1", "2E3"], year: [null, null], n: [8, 9] });
  });

  test("a word far down in a large file is named with what reads it", async () => {
    const message =
      'Conversion Error: CSV Error on Line: 9001\nOriginal Line: 5,abc\nError when converting column "x". Could not convert string "abc" to \'DOUBLE\'\n\n  file = big.csv\n';
    await expect(asInputError("It fails", () => Promise.reject(new Error(message)))).rejects.toThrow(
      `Column "x" of big.csv holds "abc" in line 9,001, and values of type DOUBLE before; make it missing by --sql "from read_csv('big.csv', nullstr = ['', 'NA', 'abc'])".`,
    );
  });
});
