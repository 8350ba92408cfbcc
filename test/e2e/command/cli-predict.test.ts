import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// ornstein predict as its users meet it: a fit is saved, and another process predicts other rows from the file.
const { folder, ornstein, ornsteinAlone } = commandFolder("predict");
const cities = ["Rome", "Oslo", "Lima"];
const kinds = ["a", "b", "c", "d", "e", "f", "g"];

/** A table whose target is y = 1 + 2 x + effect of the city + noise, and whose seven kinds follow x. */
function table(first: number, count: number, change: (line: string[], n: number) => string[] = (line) => line): string {
  const lines = ["x,city,y,late,kind"];
  for (let n = first; n < first + count; n++) {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const noise = ((Math.sin(12.9898 * n) * 43758.5453) % 1) + ((Math.sin(78.233 * n) * 12543.123) % 1);
    const y = 1 + 2 * x + (n % 3) + noise;
    const kind = kinds[Math.min(6, Math.max(0, Math.round(3 + 2 * x + noise)))];
    lines.push(change([x.toFixed(6), cities[n % 3], y.toFixed(6), y > 2 ? "late" : "early", kind], n - first).join());
  }
  return `${lines.join("\n")}\n`;
}

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const cells = (csv: string) =>
  csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));

beforeAll(async () => {
  write("train.csv", table(0, 400));
  write("new.csv", table(1000, 300));
  const fits = [
    ["y.nc", "y ~ x + city"],
    ["late.nc", "late ~ x + city"],
    ["kind.nc", "kind ~ x + city"],
  ];
  for (const [file, formula] of fits) {
    const run = await ornstein("fit", "train.csv", "-f", formula, "--save", file, "--draws", "250", "--quiet");
    expect(run).toMatchObject({ status: expect.any(Number), stderr: "" });
    expect(existsSync(join(folder, file))).toBe(true);
  }
}, 120_000);

describe("ornstein predict", () => {
  it("predicts numbers, scores them, and writes CSV with a row for each row", async () => {
    const run = ornsteinAlone(["predict", "y.nc", "new.csv", "--out", "y.csv", "--json", "y.json", "--quiet"]);
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toMatch(/300 of 300 rows predicted; written to y\.csv/);
    expect(run.stdout).toMatch(/90\.0% interval +\d\d\.\d%/);
    const [header, ...rows] = cells(read("y.csv"));
    expect(header.join()).toBe("row,mean,sd,mean_low,mean_high,predictive_low,predictive_high");
    expect(rows.map(([row]) => Number(row))).toEqual(rows.map((_, n) => n + 1));
    const { scores } = JSON.parse(read("y.json"));
    const targets = cells(read("new.csv"))
      .slice(1)
      .map((line) => Number(line[2]));
    const squares = rows.map((row, n) => (Number(row[1]) - targets[n]) ** 2);
    expect(scores.rmse).toBeCloseTo(Math.sqrt(squares.reduce((a, b) => a + b) / 300), 10);
    const inside = rows.filter((row, n) => targets[n] >= Number(row[5]) && targets[n] <= Number(row[6])).length / 300;
    // The same 90 % interval, but for how ranks are interpolated.
    expect(Math.abs(scores.coverage[2].observed - inside)).toBeLessThan(0.02);
  });

  it("writes the same as Parquet, as JSON lines and on standard output", async () => {
    for (const out of ["late.parquet", "late.jsonl"])
      expect((await ornstein("predict", "late.nc", "new.csv", "--out", out, "--draws", "2", "--quiet")).status).toBe(0);
    const { stdout, status } = await ornstein("predict", "late.nc", "new.csv", "--out", "-", "--draws", "2", "--quiet");
    expect(status).toBe(0);
    const [header, ...rows] = cells(stdout);
    expect(header.join()).toBe("row,prediction,probability,sd,probability_low,probability_high,draw_1,draw_2");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    for (const file of ["late.parquet", "late.jsonl"]) {
      const result = await connection.runAndReadAll(`from '${join(folder, file)}'`);
      expect(result.getRows().map((row) => row.map(String))).toEqual(rows);
    }
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(["late", "early"]));
  });

  it("predicts seven classes, whose probabilities sum to 1", async () => {
    expect(
      (await ornstein("predict", "kind.nc", "new.csv", "--out", "k.csv", "--json", "k.json", "--quiet")).status,
    ).toBe(0);
    const [header, ...rows] = cells(read("k.csv"));
    expect(header).toEqual(["row", "prediction", ...kinds.map((kind) => `probability[${kind}]`)]);
    for (const row of rows) expect(row.slice(2).reduce((sum, p) => sum + Number(p), 0)).toBeCloseTo(1, 10);
    const { scores } = JSON.parse(read("k.json"));
    const known = cells(read("new.csv"))
      .slice(1)
      .map((line) => line[4]);
    expect(scores.accuracy).toBeCloseTo(rows.filter((row, n) => row[1] === known[n]).length / 300, 12);
    const logs = rows.map((row, n) => Math.log(Number(row[2 + kinds.indexOf(known[n])])));
    expect(scores.logScore).toBeCloseTo(logs.reduce((a, b) => a + b) / 300, 8);
    expect(scores.checks).toHaveLength(7);
  });

  it("needs no target, keeps rows with missing values in their places, and says which", async () => {
    write("gaps.csv", "city,x\nRome,1\nOslo,\n,2\nLima,0\n");
    const run = await ornstein("predict", "y.nc", "gaps.csv", "--out", "-", "--quiet");
    expect(run.status).toBe(0);
    expect(cells(run.stdout).map((line) => line[1] !== "")).toEqual([true, true, false, false, true]);
    const shown = (await ornstein("predict", "y.nc", "gaps.csv", "--quiet")).stdout;
    expect(shown).toMatch(/2 of 4 rows predicted/);
    expect(shown).toMatch(/! 2 rows without a prediction: a value is missing, in .*"x" \(1\)/);
    expect(shown).not.toMatch(/Scores/);
  });

  it("takes rows by --sql", async () => {
    const run = await ornstein("predict", "late.nc", "new.csv", "--sql", "select * from data limit 5", "--quiet");
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toMatch(/5 of 5 rows predicted/);
  });

  it("takes unknown levels as the reference where it is told to", async () => {
    write("level.csv", "x,city\n1,Rome\n1,Paris\n1,Lima\n");
    const run = await ornstein(
      "predict",
      "y.nc",
      "level.csv",
      "--unknown-levels",
      "reference",
      "--out",
      "-",
      "--quiet",
    );
    expect(run.status).toBe(0);
    const means = cells(run.stdout)
      .slice(1)
      .map((line) => line[1]);
    // Lima is the first of the levels.
    expect(means[1]).toBe(means[2]);
    expect(means[0]).not.toBe(means[1]);
  });
});

describe("ornstein predict refuses in one sentence with status 2", () => {
  beforeAll(() => {
    write("level.csv", "x,city\n1,Rome\n1,Lma\n");
    write("text.csv", "x,city\n1,Rome\nhigh,Rome\n");
    write("columns.csv", "X,city\n1,Rome\n");
    write("empty.csv", "x,city\n");
  });
  it.each<[string, string[], RegExp]>([
    [
      "an unknown level",
      ["y.nc", "level.csv"],
      /city is "Lma" in data row 2, .*did you mean "Lima".*--unknown-levels reference/,
    ],
    ["a text among numbers", ["y.nc", "text.csv"], /Column "x" held numbers .* "high" in data row 2/],
    ["a missing column", ["y.nc", "columns.csv"], /no column "x"; did you mean X\?/],
    ["a table without rows", ["y.nc", "empty.csv"], /There are no rows/],
    ["no table", ["y.nc"], /nothing to predict/],
    ["an interval of 90", ["y.nc", "new.csv", "--interval", "90"], /interval cannot be 90/],
    ["too many draws", ["y.nc", "new.csv", "--draws", "5000"], /draws cannot be 5000/],
    ["another format", ["y.nc", "new.csv", "--out", "y.xlsx"], /ends in \.csv, \.parquet or \.jsonl/],
    ["two outputs on one", ["y.nc", "new.csv", "--out", "-", "--json", "-"], /Only one of/],
  ])("%s", async (_, args, sentence) => {
    const run = await ornstein("predict", ...args, "--quiet");
    expect(run.status).toBe(2);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toMatch(/unforeseen/);
  });
});
