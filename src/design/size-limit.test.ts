import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTable } from "../duckdb/source.ts";
import { InputError } from "../errors.ts";
import { parseFormula } from "../formula/formula.ts";
import { tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import { buildDesign } from "./design.ts";
import type { DesignOptions } from "./design-types.ts";

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
  const levels = [
    "i, i % 7 as a, 1 + i / 7.0 as b, i % 199 as j, greatest(i - 50000, 0) // 100 as late",
    "if(i % 10 = 0, null, i % 11) as most, if(i % 10 = 0, 0, 1) as tenth",
  ];
  await connection.run(`copy (select ${levels} from range(100000) t(i)) to '${at("levels.parquet")}'`);
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

type Options = Omit<DesignOptions, "maxBytes"> & { path?: string; sql?: string };

/** The passes over the rows that a design took, the rows that they read, and what came of it. */
async function design(formula: string, maxBytes: number, { path, sql, ...options }: Options = {}) {
  const source = await openTable(path || sql ? { path, sql } : { path: at("rows.parquet") });
  try {
    return await designOf(source, formula, { maxBytes, ...options });
  } finally {
    await source.close?.();
  }
}

async function designOf(source: TableSource, formula: string, options: DesignOptions) {
  let [passes, rowsRead] = [0, 0];
  const counted: TableSource = {
    ...source,
    get numRows() {
      return source.numRows;
    },
    async *chunks(...wanted) {
      passes++;
      for await (const chunk of source.chunks(...wanted)) {
        rowsRead += chunk.numRows;
        yield chunk;
      }
    },
  };
  try {
    const { rows } = await buildDesign(counted, parseFormula(formula), options);
    return { passes, rowsRead, bytes: rows.byteLength };
  } catch (error) {
    return { passes, rowsRead, message: (error as Error).message };
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

  test("factors with levels are read until what they take is known", async () => {
    const { passes, rowsRead, message } = await design("a ~ b + c + d + e + f + g + truth + word", 3.1 * mebi, {
      storage: "dense",
    });
    expect(message).toContain("The design of at least 100,000 rows × 9 columns takes");
    expect(passes).toBe(1);
    expect(rowsRead).toBeLessThan(10_000);
  });

  test.each([
    ["levels", "a ~ C(j)", {}],
    ["levels of texts", "a ~ t", { sql: "select *, 't' || j as t from data" }],
    ["levels, where a tenth misses a value", "a ~ C(j) + most", {}],
    ["levels, where a tenth has no weight", "a ~ C(j)", { weights: "tenth" }],
    ["levels within levels", "a ~ C(i % 5):C(j)", {}],
    ["slopes within levels", "a ~ b:C(j)", {}],
  ])(
    "%s of which dense rows are too large are refused within the first tenth of the rows",
    async (_, formula, options) => {
      const sized = { path: at("levels.parquet"), storage: "dense", ...options } as const;
      const { passes, rowsRead, message } = await design(formula, 16 * mebi, sized);
      expect(message).toMatch(/The design of at least (100|90),000 rows × \d+ columns takes .* GiB/);
      expect(passes).toBe(1);
      expect(rowsRead).toBeLessThan(10_000);
      // The same rows fit where they are stored by what is not 0.
      expect((await design(formula, 16 * mebi, { ...sized, storage: "auto" })).bytes).toBeLessThan(16 * mebi);
    },
  );

  test("levels that come late are refused as they come", async () => {
    const { rowsRead, message } = await design("a ~ C(late)", 16 * mebi, {
      ...{ path: at("levels.parquet"), storage: "dense" },
    });
    expect(message).toMatch(/at least 100,000 rows × \d+ columns takes/);
    expect(rowsRead).toBeGreaterThan(50_000);
    expect(rowsRead).toBeLessThan(75_000);
  });

  test("more levels than dense rows can have are refused as soon as they are seen, with the term that has them", async () => {
    const { rowsRead, message } = await design("a ~ b + C(i)", 2 ** 32, {
      ...{ path: at("levels.parquet"), storage: "dense" },
    });
    expect(message).toMatch(
      /at least 4,\d+ columns, 4,\d+ of them for the levels of "C\(i\)", and a dense design takes/,
    );
    expect(rowsRead).toBeLessThan(10_000);
  });

  test("where all rows cannot be counted, those read so far are", async () => {
    const { rowsRead, message } = await design("a ~ C(j)", 16 * mebi, {
      ...{ path: at("levels.parquet"), storage: "dense", weights: "tenth * 2" },
    });
    expect(message).toMatch(/at least 2\d,\d+ rows × 199 columns takes/);
    expect(rowsRead).toBeLessThan(30_000);
  });

  test("so many parameters that their draws have no room are refused as soon as they are seen", async () => {
    const { rowsRead, message } = await design("a ~ C(i)", 2 ** 32, {
      path: at("levels.parquet"),
      requireParameters: (atLeast) => {
        if (atLeast > 20_000) throw new InputError("no room");
      },
    });
    expect(message).toBe("no room");
    expect(rowsRead).toBeLessThan(30_000);
  });

  describe.each(["dense", "sparse", "auto"] as const)("with room for no more than it takes, stored %s", (storage) => {
    const numRows = 10_000;
    const of = <T>(value: (n: number) => T) => Array.from({ length: numRows }, (_, n) => value(n));
    const table = {
      ...{
        y: of((n) => n % 17),
        x: of((n) => 1 + (n % 13)),
        rare: of((n) => (n % 50 === 0 ? n : 0)),
        same: of(() => 3),
      },
      ...{
        g: of((n) => `g${(n * n) % 31}`),
        h: of((n) => (n % 29 === 0 ? `h${n % 11}` : "other")),
        k: of((n) => n % 9),
      },
      late: of((n) => (n < 6000 ? "z" : `a${n % 40}`)),
      text: of((n) => `some words ${n % 20} of ${n % 3}`),
    };
    test.each([
      ["y ~ x + rare + same + g", {}],
      ["y ~ 0 + g + h", {}],
      ["y ~ g * h", {}],
      ["y ~ g:h + C(k)", {}],
      ["y ~ 0 + g:h:C(k)", {}],
      ["y ~ x:g + rare:h", {}],
      ["y ~ x * g + x * h", {}],
      ["y ~ g + late + late:h", {}],
      ["y ~ words(text) + x", {}],
      ["y ~ poly(x, 3) + g", {}],
      ["y ~ g + h", { allLevels: true }],
      ["y ~ g + rare + offset(x)", { weights: "k" }],
    ])("%s %j is made", async (formula, options) => {
      const made = (maxBytes: number) => designOf(tableFromColumns(table), formula, { storage, maxBytes, ...options });
      const { bytes } = await made(2 ** 32);
      expect((await made(bytes!)).bytes).toBe(bytes);
      expect((await made(bytes! - 1)).message).toContain("takes");
    });
  });

  test("arrays are counted before they are read", async () => {
    const column = (j: number, missing = 0) =>
      Float64Array.from({ length: 10_000 }, (_, n) => (n < missing ? Number.NaN : 1 + ((n * (j + 3)) % 17)));
    const columns = { y: column(0), ...Object.fromEntries(["a", "b", "c"].map((name, j) => [name, column(j + 1)])) };
    expect(await designOf(tableFromColumns(columns), "y ~ .", { maxBytes: 200_000 })).toEqual({
      ...{ passes: 0, rowsRead: 0, message: expect.stringContaining("The design of 10,000 rows × 4 columns takes") },
    });
    // Three quarters of the rows are left out.
    const missing = { ...columns, b: column(2, 7500) };
    expect((await designOf(tableFromColumns(missing), "y ~ .", { maxBytes: 200_000 })).bytes).toBe(2500 * 32);
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
