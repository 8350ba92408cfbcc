import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadFit } from "../../../src/node.ts";
import { commandFolder } from "../command.ts";

// ornstein loo as its users meet it: one fit, several, and by folds.
const { folder, ornstein, ornsteinAlone } = commandFolder("loo");
const path = (name: string) => join(folder, name);
const json = (name: string) => JSON.parse(readFileSync(path(name), "utf8"));

beforeAll(async () => {
  const lines = Array.from({ length: 120 }, (_, n) => {
    const x = Math.sin(1.7 * n * n);
    const y = 1 + 2 * x + (n % 3) + Math.sin(12.9898 * n * n);
    return [x.toFixed(6), ["Lima", "Oslo", "Rome"][n % 3], n === 9 ? "" : y.toFixed(6), n === 4 ? "" : n % 5].join();
  });
  writeFileSync(path("rows.csv"), `x,city,y,z\n${lines.join("\n")}\n`);
  for (const [file, formula, ...others] of [
    ["x.nc", "y ~ x", "--save-log-likelihood"],
    ["both.nc", "y ~ x + city"],
    ["z.nc", "y ~ z"],
  ]) {
    const run = await ornstein(
      "fit",
      "rows.csv",
      "-f",
      formula,
      "--save",
      file,
      "--draws",
      "250",
      "--quiet",
      ...others,
    );
    expect(run.stderr).toBe("");
  }
}, 120_000);

describe("ornstein loo", () => {
  it("prints the sums and the shapes of one fit, and writes its rows", async () => {
    const run = ornsteinAlone(["loo", "x.nc", "rows.csv", "--json", "x.json", "--out", "x.csv", "--quiet"]);
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toMatch(
      /^y ~ x {3}\[gaussian\]\nleave-one-out by importance sampling over 119 rows · 1,000 draws$/m,
    );
    expect(run.stdout).toMatch(/^elpd_loo +-\d+\.\d\d +\d+\.\d\d$/m);
    expect(run.stdout).toMatch(/^\(-Inf, 0\.67\] +good +119 +100\.0%$/m);
    const own = json("x.json");
    expect(own).toMatchObject({ formula: "y ~ x", ic: "loo", n_data_points: 119, warning: false });
    const found = await (await loadFit(path("x.nc"))).loo({
      x: column(0).map(Number),
      y: column(2).map((v) => (v ? Number(v) : null)),
    });
    expect(own.elpd_loo).toBeCloseTo(found.elpd_loo, 8);
    const [header, ...rows] = readFileSync(path("x.csv"), "utf8").trim().split("\n");
    expect([header, rows.length]).toEqual(["row,data_row,elpd_loo,pareto_k", 119]);
    // The tenth row of the data has no target.
    expect(rows[9].split(",").slice(0, 2).map(Number)).toEqual([10, 11]);
  });

  it("ranks fits of the same rows", async () => {
    const run = await ornstein("loo", "x.nc", "rows.csv", "--against", "both.nc", "--json", "c.json", "--quiet");
    expect(run.stdout).toMatch(/^ +rank +elpd_loo +p_loo +elpd_diff +dse +weight +se +warning$/m);
    expect(run.stdout).toMatch(/^both\.nc +0 .*\nx\.nc +1 /m);
    const { fits, results } = json("c.json");
    expect(fits[1].elpd_diff).toBeCloseTo(results["both.nc"].elpd_loo - results["x.nc"].elpd_loo, 8);
  });

  it("fits again without folds", async () => {
    const run = await ornstein("loo", "x.nc", "rows.csv", "--k-fold", "3", "--out", "-", "--quiet");
    expect(run.stdout.split("\n")[0]).toBe("row,data_row,elpd_kfold,fold");
    const grouped = await ornstein("loo", "x.nc", "rows.csv", "--k-fold", "3", "--fold-by", "city", "--quiet");
    expect(grouped.stdout).toMatch(/^3-fold cross-validation over 119 rows/m);
    expect(grouped.stdout).toMatch(/^1 +40 +-\d+\.\d\d +ok$/m);
  });

  it.each([
    ["no rows", ["x.nc"], /The rows that the fit was made of are needed/],
    [
      "other rows",
      ["x.nc", "rows.csv", "--sql", "from data where x > 0"],
      /has \d+ rows .* and the fit was made of 119/,
    ],
    ["fits of other rows", ["x.nc", "rows.csv", "--against", "z.nc"], /x\.nc was made of 119 rows and z\.nc of 118/],
    ["the same fit", ["x.nc", "rows.csv", "--against", "x.nc"], /"x\.nc" is named twice/],
    ["no fit", ["x.nc", "rows.csv", "--against", "rows.csv"], /"rows\.csv" is no netCDF-4 file/],
    ["pipes for several fits", ["x.nc", "-", "--against", "both.nc"], /Standard input is read once/],
    ["--fold-by alone", ["x.nc", "rows.csv", "--fold-by", "city"], /--fold-by is for folds: give --k-fold too/],
    ["both ways", ["x.nc", "rows.csv", "--k-fold", "3", "--rows", "20"], /give one of them/],
    [
      "an output that is read",
      ["x.nc", "rows.csv", "--against", "both.nc", "--out", "both.nc"],
      /would overwrite "both\.nc"/,
    ],
  ])("refuses %s in one sentence", async (_, options, message) => {
    const run = await ornstein("loo", ...options, "--quiet");
    expect(run).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(message) });
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [["--save-log-likelihood"], /--save-log-likelihood says what --save writes/],
    [["--save", "w.nc", "--save-log-likelihood", "--weights", "z + 1"], /would not know of --weights/],
    [
      ["--save", "w.nc", "--save-log-likelihood", "--draws", "1000000"],
      /is 476,000,000 numbers, and 134,217,728 are the most/,
    ],
  ])("ornstein fit refuses %j", async (options, message) => {
    const run = await ornstein("fit", "rows.csv", "-f", "y ~ x", ...options, "--quiet");
    expect(run).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
  });
});

/** The texts of a column of the table. */
function column(k: number): string[] {
  const [, ...lines] = readFileSync(path("rows.csv"), "utf8").trim().split("\n");
  return lines.map((line) => line.split(",")[k]);
}
