import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { loadFit } from "../../../src/node.ts";
import { commandFolder } from "../command.ts";

// ornstein effects as its users meet it: of a saved fit, without the data and with them.
const { folder, ornstein, ornsteinAlone } = commandFolder("effects");
const path = (name: string) => join(folder, name);
const json = (name: string) => JSON.parse(readFileSync(path(name), "utf8"));

beforeAll(async () => {
  const lines = Array.from({ length: 500 }, (_, n) => {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const noise = ((Math.sin(12.9898 * n) * 43758.5453) % 1) + ((Math.sin(78.233 * n) * 12543.123) % 1);
    const y = 1 + 2 * x + (n % 3) + noise;
    return [
      x.toFixed(6),
      ["Lima", "Oslo", "Rome"][n % 3],
      y.toFixed(6),
      y > 2 ? "late" : "early",
      n === 9 ? "" : n % 2,
    ].join();
  });
  writeFileSync(path("rows.csv"), `x,city,y,late,arm\n${lines.join("\n")}\n`);
  for (const [file, formula] of [
    ["y.nc", "y ~ x + city"],
    ["late.nc", "late ~ x * city"],
    ["city.nc", "city ~ x"],
  ]) {
    const run = await ornstein("fit", "rows.csv", "-f", formula, "--save", file, "--draws", "250", "--quiet");
    expect(run.stderr).toBe("");
  }
}, 120_000);

describe("ornstein effects", () => {
  it("asks a file without the data, and says at which values", async () => {
    const run = ornsteinAlone(["effects", "late.nc", "--of", "city", "--contrast", "Rome - Oslo", "--json", "a.json"]);
    expect(run).toMatchObject({ status: 0 });
    expect(run.stdout).toMatch(/^probability: P\(late = late\)$/m);
    expect(run.stdout).toMatch(/^at one typical row of the fit: x = -?0\.0\d+ \(mean\)$/m);
    expect(run.stdout).toMatch(/^ +estimate +sd +5% +95% +P\(> 0\)$/m);
    expect(run.stdout).toMatch(/^city: Rome - Oslo( +-?[\d.]+){5}$/m);
    const { effects, conditions, rows, modelled, command } = json("a.json");
    expect([rows, modelled, command]).toEqual([
      undefined,
      "P(late = late)",
      "ornstein effects late.nc --of city --contrast 'Rome - Oslo' --json a.json",
    ]);
    expect(conditions).toEqual([{ column: "x", value: expect.any(Number), is: "mean" }]);
    expect(effects[0]).toMatchObject({ kind: "comparison", term: "city", contrast: "Rome - Oslo", rows: 1 });
  });

  it("averages over the rows of files, standard input and queries, as the library does", async () => {
    const options = ["--of", "x", "--by", "arm", "--kind", "slopes", "--quiet"];
    const file = await ornstein("effects", "late.nc", "rows.csv", ...options, "--json", "b.json");
    expect(file.stdout).toMatch(/^averages over 499 rows$/m);
    expect(file.stdout).toMatch(/1 rows? (is|are) of no group, as a value of it is missing/);
    const { effects } = json("b.json");
    expect(effects.map(({ by, rows }: { by: object; rows: number }) => [by, rows])).toEqual([
      [{ arm: 0 }, 250],
      [{ arm: 1 }, 249],
    ]);
    const own = await (await loadFit(path("late.nc"))).effects(
      { of: "x", by: "arm", kind: "slopes" },
      { x: column(0).map(Number), city: column(1), arm: column(4).map((own) => (own === "" ? null : Number(own))) },
    );
    expect(effects.map(({ estimate }: { estimate: number }) => estimate)).toEqual(
      own.effects.map(({ estimate }) => expect.closeTo(estimate, 10)),
    );
    const piped = ornsteinAlone(
      ["effects", "late.nc", "-", ...options, "--json", "c.json"],
      readFileSync(path("rows.csv"), "utf8"),
    );
    expect(piped.status).toBe(0);
    expect(json("c.json").effects).toEqual(effects);
    const query = "select * from data where arm = 1";
    await ornstein("effects", "late.nc", "rows.csv", "--sql", query, ...options, "--json", "d.json");
    expect(json("d.json").effects).toEqual([effects[1]]);
  });

  it("writes a row for each effect and hypothesis as CSV, Parquet and JSON lines", async () => {
    const asked = ["effects", "city.nc", "rows.csv", "--of", "x", "--at", "x=0,1", "--hypothesis", "city[Oslo]:x > 0"];
    const { stdout, status } = await ornstein(...asked, "--quiet", "--out", "-");
    expect(status).toBe(0);
    const [header, ...rows] = stdout.trim().split("\n");
    expect(header).toBe(
      "row,kind,term,contrast,comparison,at_x,class,estimate,sd,low,high,probability,mcse,row_error,rows",
    );
    // Predictions and slopes at two values and a comparison of them, of three classes each, and a hypothesis.
    expect(rows).toHaveLength(3 * 5 + 1);
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    for (const out of ["e.parquet", "e.jsonl"]) {
      await ornstein(...asked, "--quiet", "--out", out);
      const result = await connection.runAndReadAll(`from '${path(out)}'`);
      expect(result.columnNames().join()).toBe(header);
      expect(result.getRows().length).toBe(rows.length);
    }
  });

  it("fits in a narrow terminal, and what it prints does not depend on the order of classes", async () => {
    const narrow = await ornstein("effects", "city.nc", "rows.csv", "--quiet", "--no-color");
    for (const line of narrow.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect(narrow.stdout).toMatch(/x: \+1, class Lima/);
  });

  it.each([
    ["no such file", ["absent.nc", "--of", "x"], /There is no file "absent\.nc"/],
    ["no column", ["y.nc", "rows.csv", "--of", "z"], /^.*reads no column "z" .*; .*x/],
    ["no level", ["y.nc", "--of", "city", "--contrast", "Rome - Paris"], /names Paris, which is no level of "city"/],
    ["a slope of levels", ["y.nc", "--of", "city", "--kind", "slopes"], /has no slope; ask for --kind comparisons/],
    ["groups without rows", ["y.nc", "--of", "x", "--by", "city"], /--by averages over the rows of each group/],
    [
      "rows",
      ["y.nc", "rows.csv", "--of", "x", "--rows", "1"],
      /The option rows cannot be 1: it takes auto, all, or a number from 2/,
    ],
    ["a kind", ["y.nc", "--of", "x", "--kind", "odds"], /--kind/],
    ["the file that is read", ["y.nc", "rows.csv", "--of", "x", "--out", "rows.csv"], /would overwrite/],
    [
      "an ending",
      ["y.nc", "--of", "x", "--out", "e.xls"],
      /"e\.xls" cannot be written: --out takes a file that ends in/,
    ],
  ])("refuses %s in one sentence", async (_, options, message) => {
    const run = await ornstein("effects", ...options, "--quiet");
    expect(run).toMatchObject({ stdout: "", stderr: expect.stringMatching(message) });
    expect([2, 3]).toContain(run.status);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});

/** The texts of a column of the table. */
function column(k: number): string[] {
  const [, ...lines] = readFileSync(path("rows.csv"), "utf8").trim().split("\n");
  return lines.map((line) => line.split(",")[k]);
}
