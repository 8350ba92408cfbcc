import { existsSync, linkSync, readFileSync, writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { fit } from "../../src/node.ts";
import { copyOf, fileOf, partsOf } from "../fuzz/rebuilt-fit.ts";
import { commandFolder } from "./command.ts";

// What the command once crashed on, hung at or did: each ends in a sentence, with status 2.
const { at, ornstein } = commandFolder("hard");

/** Of a run that is refused the sentence. */
async function refusal(args: readonly string[]): Promise<string> {
  const run = await ornstein(...args);
  expect([run.status, run.stdout]).toEqual([2, ""]);
  const message = run.stderr.split("\n").filter((line) => line !== "");
  expect(message[0]).toMatch(/^ornstein: (?!something unforeseen)/);
  expect(message.length === 1 || (message.length === 3 && message[2].trim() === "^")).toBe(true);
  return message[0];
}

const rows = Array.from({ length: 40 }, (_, i) => "abcdefghty".split("").map((_, j) => Math.sin(i * i * (j + 1) + j)));
const fitArgs = (file: string, formula: string, ...more: string[]) => ["fit", file, "-f", formula, "--quiet", ...more];

beforeAll(async () => {
  writeFileSync(at("rows.csv"), ["a,b,c,d,e,f,g,h,t,y", ...rows.map((row) => row.join(","))].join("\n"));
  for (const [name, open, close] of [
    ["lists", "[", "]"],
    ["objects", '{"a":', "}"],
  ])
    writeFileSync(
      at(`${name}.json`),
      `{"x":1,"y":2,"z":${open.repeat(50_000)}1${close.repeat(50_000)}}\n{"x":2,"y":1}\n`,
    );
  writeFileSync(at("brackets.json"), "[".repeat(50_000) + "]".repeat(50_000));
  writeFileSync(at("mark.csv"), "\ufeff\n");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const books = "select i as y, i % 3 as x, i || repeat('word ', 2000000) as t from range(6) n(i)";
  await connection.run(`copy (${books}) to '${at("books.parquet")}'`);
  const many = "select i::double as y, i % 300 as x from range(1250000) n(i)";
  await connection.run(`copy (${many}) to '${at("many-0.parquet")}'`);
  for (let k = 1; k < 4; k++) linkSync(at("many-0.parquet"), at(`many-${k}.parquet`));
  instance.closeSync();
});

describe("deep input", () => {
  it.each(["lists.json", "objects.json"])("%s", async (file) => {
    expect(await refusal(fitArgs(file, "y ~ x"))).toContain("lists or objects in more than 100 levels");
    const query = ["fit", "--sql", `from read_json('${file}')`, "-f", "y ~ x", "--quiet"];
    expect(await refusal(query)).toContain("lists or objects in more than 100 levels");
  });
  it.each(["brackets.json", "mark.csv"])("%s", async (file) => {
    expect(await refusal(fitArgs(file, "y ~ x"))).toContain(file === "mark.csv" ? "no column" : file);
  });
  it.each([
    ["parentheses", `y ~ ${"(".repeat(10_000)}a${")".repeat(10_000)}`, "more than 200 parentheses"],
    ["signs", `y ~ I(${"-".repeat(50_000)}a)`, "more than 1,000 operations"],
    ["a sum", `y ~ I(${"a+".repeat(50_000)}a)`, "more than 1,000 operations"],
    [
      "a product of nine columns",
      "y ~ a*b*c*d*e*f*g*h*t",
      "466 products of three factors or more, and there are 40 rows",
    ],
  ])("a formula of %s", async (_, formula, sentence) => {
    expect(await refusal(fitArgs("rows.csv", formula))).toContain(sentence);
  });
  it("20,000 terms are read", async () => {
    const formula = `y ~ ${Array.from({ length: 20_000 }, (_, i) => "abc"[i % 3]).join("+")}`;
    const run = await ornstein(...fitArgs("rows.csv", formula, "--json", "fit.json"));
    expect(run.status).toBeLessThan(2);
    expect(JSON.parse(readFileSync(at("fit.json"), "utf8")).coefficients.length).toBe(5);
  });
});

describe("too large data", () => {
  it("is refused by what Parquet's metadata say", async () => {
    const started = performance.now();
    // Rows with groups are not for blocks on disk.
    expect(await refusal(fitArgs("many-*.parquet", "y ~ C(x) + (1 | x)", "--storage", "dense"))).toMatch(
      /5,000,000 rows × 300 columns takes \d\.\d+ GiB, and 3\.94 GiB/,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(await refusal(fitArgs("books.parquet", "y ~ x + t"))).toMatch(
      /column "t" holds texts of [\d,]+ bytes on average/,
    );
  });
});

describe("--sql", () => {
  it.each([
    "select 1 as y) ; copy (select 1) to 'out.csv'; select * from (select 1 as y",
    "copy (select 1) to 'out.csv'",
    "attach 'out.csv' as other",
    "from enable_logging(storage = 'file', storage_config = {'path': 'out.csv'})",
    "install httpfs",
  ])("%s", async (sql) => {
    expect(await refusal(fitArgs("rows.csv", "y ~ a", "--sql", sql))).toMatch(/query|SELECT/);
    expect(existsSync(at("out.csv"))).toBe(false);
  });
  it("downloads nothing", async () => {
    const sql = "from 'https://example.com/rows.csv'";
    expect(await refusal(["fit", "--sql", sql, "-f", "y ~ a", "--quiet"])).toContain("The query fails");
  }, 30_000);
});

describe("a saved fit with a right checksum", () => {
  it.each(["check", "predict"])(
    "is refused by ornstein %s where its draws are not those that it tells of",
    async (command) => {
      const data = { x: rows.map(([a]) => a), y: rows.map((row) => row[9]) };
      const posterior = await fit({ data, formula: "y ~ x" }, { draws: 20, chains: 2, sampler: "laplace" });
      const { saveFit } = await import("../../src/node.ts");
      await saveFit(posterior, at("fit.nc"));
      const parts = await partsOf(at("fit.nc"));
      const more = command === "predict" ? ["rows.csv"] : [];
      for (const change of [
        { data: new Float64Array(40).fill(Number.NaN) },
        { shape: [20, 2] },
        { data: new Float64Array(2000), shape: [2, 1000], grown: [2, 60_000_000] },
      ]) {
        const changed = copyOf(parts);
        Object.assign(changed.variables.posterior.x, change);
        await fileOf(changed, at("changed.nc"));
        expect(await refusal([command, "changed.nc", ...more])).toMatch(
          /"changed\.nc" is damaged and cannot be read \(/,
        );
      }
    },
  );
});
