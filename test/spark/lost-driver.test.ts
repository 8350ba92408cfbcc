import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bin } from "../e2e/command.ts";
import { drawsOf, killGroup, startKillable, statesIn } from "../e2e/killed-runs.ts";
import { descendants, sparkPython } from "./cluster.ts";
import { filesOf, numMissing, numRows } from "./rows-in-files.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-driver-test-"));
beforeAll(() => filesOf(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = ["fit", "*.parquet", "--formula", "late ~ C(hour) + kind + x", "--weights", "w"];
const engine = ["--engine", "local[2]", "--python", sparkPython()];

interface Coefficients {
  readonly coefficients: readonly { readonly name: string; readonly mean: number; readonly sd: number }[];
}
const coefficientsOf = (name: string) =>
  (JSON.parse(readFileSync(join(folder, name), "utf8")) as Coefficients).coefficients;

function run(...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stderr };
}

it("a run whose driver is lost is resumed to the draws of an undisturbed one, which are those of this machine", async () => {
  const undisturbed = [...model, ...engine, "--draws-out", "whole.csv", "--json", "whole.json", "--save", "whole.nc"];
  const { status, stderr } = run(...undisturbed);
  expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
  const killed = startKillable(folder, [...model, ...engine, "--draws-out", "resumed.csv", "--checkpoint", "run"]);
  while (statesIn(join(folder, "run")).length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  const sessions = descendants(killed.child.pid!, "ornstein_driver.py");
  expect(sessions.length).toBeGreaterThan(0);
  killGroup(killed);
  expect((await killed.ended).status).toBe(137);
  expect(run("resume", "run")).toMatchObject({ status: 0 });
  expect(drawsOf(folder, "resumed", 4)).toBe(drawsOf(folder, "whole", 4));

  expect(run(...model, "--memory", "40MB", "--json", "here.json")).toMatchObject({ status: 0 });
  const [there, here] = [coefficientsOf("whole.json"), coefficientsOf("here.json")];
  expect(there.map(({ name }) => name)).toEqual(here.map(({ name }) => name));
  // Of 4,000 draws, whose means are known to 0.016 sd: the pools differ, as blocks end elsewhere.
  for (const [j, { mean, sd }] of there.entries()) {
    expect(Math.abs(mean - here[j].mean) / sd).toBeLessThan(0.15);
    expect(Math.abs(sd / here[j].sd - 1)).toBeLessThan(0.1);
  }
});

it("executors predict as this machine does, and keep the table's own columns", async () => {
  const fit = ["predict", "whole.nc", "*.parquet", "--posterior-draws", "50"];
  expect(run(...fit, ...engine, "--out", "predictions")).toMatchObject({ status: 0 });
  expect(run(...fit, "--out", "here.csv")).toMatchObject({ status: 0 });
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const place = (name: string) => join(folder, name);
  const found = await connection.runAndReadAll(`
    with rows as (from read_parquet('${place("[0-9].parquet")}', filename = true, file_row_number = true)),
    here as (select r.*, p.probability as expected from
      (select *, row_number() over (order by filename, file_row_number) as n from rows) r join '${place("here.csv")}' p on p.row = n),
    there as (from '${place("predictions/*.parquet")}')
    select (select count(*) from there), (select count(*) from there where probability is null),
      count(*), max(abs(expected - probability)) from here join there using (hour, kind, x, w)`);
  const [[rows, missing, matched, difference]] = found.getRows().map((row) => row.map(Number));
  connection.closeSync();
  instance.closeSync();
  expect([rows, missing, difference]).toEqual([numRows, numMissing, 0]);
  expect(matched).toBeGreaterThanOrEqual(numRows - numMissing);
});

it.each([
  [["--engine", "spark:7077"], 'cannot be "spark:7077": it takes a master of Spark'],
  [["--engine", "local[2]", "--python", "no-such-python"], "no-such-python could not be started"],
  [["--engine", "local[2]", "--table", "t"], "--table names the rows, and so does the file or --sql"],
  [["--engine", "local[2]", "--conf", "memory"], '--conf cannot be "memory"'],
  [["--table", "t"], "--table says what --engine reads or runs"],
])("%j is refused in a sentence", (args, sentence) => {
  const { status, stderr } = run(...model, ...args);
  expect([status, stderr]).toEqual([2, expect.stringContaining(sentence)]);
});

it("a Python without pyspark and files that are not there are refused in a sentence", () => {
  const empty = spawnSync("python3", ["-c", "import pyspark"]).status === 0 ? [] : ["python3"];
  for (const python of empty)
    expect(run(...model, "--engine", "local[2]", "--python", python)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("name a Python that has pyspark and pyarrow by --python"),
    });
  const missing = run("fit", "none.parquet", "--formula", "y ~ x", ...engine);
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("Spark on local[2] fails")]);
});
