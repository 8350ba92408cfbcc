import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTable } from "../duckdb/source.ts";
import { parseFormula } from "../formula/formula.ts";
import { buildDesign } from "./design.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-size-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** 100,000 rows: dense numbers, numbers that are mostly 0, numbers that mostly are missing, and a weight that mostly is 0. */
beforeAll(async () => {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const columns = [
    ..."abcdefgh".split("").map((name, j) => `1 + i % ${j + 5} + i / 7.0 as ${name}`),
    ..."klmnopqrstuvwxyz".split("").map((name, j) => `if(i % 50 = ${j}, i, 0) as ${name}`),
    "if(i % 10 = 0, 1.5 + i % 3, 'nan'::double) as gap",
    "if(i % 10 = 0, 1.5 + i % 3, null) as hole",
    "7 as same",
    "i % 3 > 0 as truth",
    "i % 10 = 0 as chosen",
    "(i % 10 = 0)::int as weight",
    "if(i % 2 = 0, 'even', 'odd') as word",
  ];
  await connection.run(
    `copy (select ${columns} from range(100000) t(i)) to '${at("rows.parquet")}' (row_group_size 10000)`,
  );
  const book = (bytes: number) => `repeat('word ', ${bytes / 5})`;
  await connection.run(
    `copy (select i % 7 as a, i * 1.5 as b, ${book(8_000_000)} || i as t, ${book(20_000_000)} as u from range(6) t(i)) to '${at("long.parquet")}'`,
  );
  await connection.run(
    `copy (select i % 7 as a, i * 1.5 as b, if(i = 60, ${book(8_000_000)}, 'a' || i % 3) as t from range(100) t(i)) to '${at("one.parquet")}'`,
  );
  instance.closeSync();
  writeFileSync(at("rows.csv"), `a,b\n${Array.from({ length: 5000 }, (_, i) => `${i % 11},${i}`).join("\n")}\n`);
});

/** The passes over the rows that a design took, and what came of it. */
async function design(
  formula: string,
  maxBytes: number,
  options: { path?: string; sql?: string; weights?: string } = {},
) {
  const { weights, ...data } = options;
  const source = await openTable(data.path || data.sql ? data : { path: at("rows.parquet") });
  let passes = 0;
  const counted = {
    ...source,
    get numRows() {
      return source.numRows;
    },
    chunks: (...wanted: Parameters<typeof source.chunks>) => {
      passes++;
      return source.chunks(...wanted);
    },
  };
  try {
    const { rows } = await buildDesign(counted, parseFormula(formula), { maxBytes, weights });
    return { passes, bytes: rows.byteLength };
  } catch (error) {
    return { passes, message: (error as Error).message };
  } finally {
    await source.close?.();
  }
}

describe("tables that are too large", () => {
  const mebi = 2 ** 20;
  test.each([
    ["a ~ b + c", 2, "100,000 rows × 3 columns"],
    ["a ~ log(b) + I(c * 2) + d", 2, "100,000 rows × 4 columns"],
    ["a ~ 0 + b + c", 2, "100,000 rows × 2 columns"],
    ["a ~ b + c + d + e + f + g + h", 4, "100,000 rows × 8 columns"],
  ])("%s in %d MiB is refused before a row is read", async (formula, mebibytes, shape) => {
    const { passes, message } = await design(formula, mebibytes * mebi);
    expect(message).toContain(`The design of ${shape} takes`);
    expect(passes).toBe(0);
  });

  test.each([
    ["a ~ gap + b", undefined],
    ["a ~ hole + b", undefined],
    ["a ~ b + c", "weight"],
  ])("%s with weights %s fits, as most rows are left out", async (formula, weights) => {
    expect((await design(formula, 2 * mebi, { weights })).bytes).toBeLessThan(2 * mebi);
  });

  test("what fits by its entries is read, and what does not is refused by them", async () => {
    const formula = `a ~ ${"klmnopqrstuvwxyz".split("").join(" + ")}`;
    const { bytes } = await design(formula, 4 * mebi);
    expect(bytes).toBeLessThan(4 * mebi);
    expect(await design(formula, 1 * mebi)).toMatchObject({
      passes: 0,
      message: expect.stringContaining("17 columns takes"),
    });
  });

  test("factors with levels are read, as what they take is not known", async () => {
    const { passes, message } = await design("a ~ b + truth + word", 2.7 * mebi);
    expect(message).toContain("takes");
    expect(passes).toBeGreaterThan(0);
  });

  test("a file of text is refused once its rows are counted", async () => {
    const { passes, message } = await design("a ~ b", 100_000, { path: at("rows.csv") });
    expect(message).toContain("The design of 5,000 rows × 2 columns takes");
    expect(passes).toBe(0);
    expect((await design("a ~ b", 200_000, { path: at("rows.csv") })).bytes).toBe(160_000);
  });
});

describe("texts that are too long", () => {
  test("are refused by the file's metadata, where they are used", async () => {
    const { passes, message } = await design("a ~ b + t", 2 ** 30, { path: at("long.parquet") });
    expect(message).toMatch(
      /column "t" holds texts of [\d,]+ bytes on average, and 4,000,000 are the most; leave it out/,
    );
    expect(passes).toBe(0);
    expect((await design("b ~ a", 2 ** 30, { path: at("long.parquet") })).bytes).toBe(6 * 32);
  });

  test.each(["b ~ a + t", "b ~ a + words(t, 1)", "t == 'a1' ~ b"])(
    "%s is refused by the one that is",
    async (formula) => {
      const sentence = /column "t" holds a text of more than 4,000,000 bytes; leave it out/;
      expect((await design(formula, 2 ** 30, { path: at("one.parquet") })).message).toMatch(sentence);
      const sql = "select * from data where a < 6";
      expect((await design(formula, 2 ** 30, { path: at("one.parquet"), sql })).message).toMatch(sentence);
    },
  );

  test("are read where they were shortened", async () => {
    const sql = "select a, b, left(t, 5) as t from data";
    expect((await design("b ~ a", 2 ** 30, { path: at("one.parquet"), sql })).bytes).toBe(100 * 32);
  });
});
