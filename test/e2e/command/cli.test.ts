import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bin, commandFolder } from "../command.ts";

// The command as users meet it: the built file, real files, real processes.
const { folder, ornstein, ornsteinAlone } = commandFolder("cli");

beforeAll(() => {});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** Deterministic table: a continuous target, a binary one, a category, a constant, a duplicate. */
function table(numRows = 400): string {
  const lines = ["y,late,x,twin,city,one"];
  for (let n = 0; n < numRows; n++) {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const y = 1 + 2 * x + Math.sin(12.9898 * n * n);
    lines.push(
      `${y.toFixed(6)},${y > 1.5 ? "yes" : "no"},${x.toFixed(6)},${x.toFixed(6)},${["Rome", "Oslo", "Lima"][n % 3]},1`,
    );
  }
  return `${lines.join("\n")}\n`;
}

it("tells its version, or that it could not", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  for (const flag of ["--version", "-V"])
    expect(ornsteinAlone([flag])).toMatchObject({ stdout: `${version}\n`, stderr: "", status: 0 });
  const [status, stderr] = [ornsteinAlone(["--version", "extra"]).status, ornsteinAlone(["-V", "--bad"]).stderr];
  expect([status, stderr]).toEqual([0, ""]);
});

describe("ornstein fit", async () => {
  it("prints a table and a certificate, and writes the JSON of the contract", async () => {
    const data = file("table.csv", table());
    const run = ornsteinAlone(["fit", data, "--formula", "y ~ x + city", "--json", "fit.json", "--quiet"]);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/mean +sd +hdi_3% +hdi_97% +mcse_mean +ess_bulk +ess_tail +r_hat/);
    expect(run.stdout).toMatch(/Certificate: ok/);
    const json = JSON.parse(readFileSync(join(folder, "fit.json"), "utf8"));
    expect(json.coefficients.map((c: { name: string }) => c.name)).toEqual([
      "x",
      "city[Oslo]",
      "city[Rome]",
      "Intercept",
      "sigma",
    ]);
    expect(json.data).toEqual({
      ...{ rows: 400, droppedRows: 0, columns: 4, target: "y" },
      ...{ targetMean: expect.any(Number), targetSd: expect.any(Number) },
    });
    expect(Object.keys(json)).toEqual(
      expect.arrayContaining([
        "version",
        "command",
        "data",
        "family",
        "formula",
        "settings",
        "coefficients",
        "certificate",
        "timing",
      ]),
    );
    expect(json.coefficients[0].mean).toBeCloseTo(2, 1);
    expect(JSON.stringify(json)).not.toMatch(/NaN|Infinity/);
    expect(json.certificate.assumptions.map((a: { id: string }) => a.id)).toEqual(["A1", "A2", "A3", "A4", "A5"]);
  });

  it("gives the same draws for the same seed on any number of threads, and writes them as Parquet", async () => {
    file("table.csv", table());
    const means: unknown[] = [];
    for (const threads of ["1", "2"]) {
      const run = await ornstein(
        "fit",
        "table.csv",
        "-f",
        "late ~ x",
        "--threads",
        threads,
        "--json",
        "-",
        "--quiet",
        "--draws-out",
        `draws${threads}.parquet`,
      );
      expect(run.status).toBe(0);
      means.push(JSON.parse(run.stdout).coefficients);
    }
    expect(means[0]).toEqual(means[1]);
    expect(readFileSync(join(folder, "draws1.parquet"))).toEqual(readFileSync(join(folder, "draws2.parquet")));
  });

  it("writes out what a terminal would obey: in tables, errors, progress and predictions; files keep it", async () => {
    const rows = Array.from({ length: 40 }, (_, n) => `${n + (n % 7)},${n},${n % 3 ? "a" : "\u001b]0;title\u0007"}`);
    const data = file("\u001b[2Jescapes.csv", `y,"x\u001b[31m",g\n${rows.join("\n")}\n`);
    const fit = await ornstein(
      "fit",
      data,
      "-f",
      "y ~ .",
      "--sampler",
      "laplace",
      "--json",
      "\u001b[2J.json",
      "--save",
      "e.nc",
    );
    const name = "x\\e[31m";
    expect(fit.stdout).toContain(name);
    expect(fit.stdout).toContain("g[a]");
    expect(fit.stdout).toMatch(/g: against "\\+e\]0;title/);
    const json = JSON.parse(readFileSync(join(folder, "\u001b[2J.json"), "utf8"));
    expect(json.coefficients[0].name).toBe("x\u001b[31m");
    const refused = await ornstein("fit", data, "-f", "y ~ z", "--quiet");
    expect(refused.stderr).toContain("did you mean");
    const option = await ornstein("fit", data, "--\u001b[31m");
    const predicted = await ornstein("predict", "e.nc", data);
    const effects = await ornstein("effects", "e.nc", data, "--by", "g", "--of", "g", "--of", "x\u001b[31m");
    expect(effects.stdout).toContain(name);
    const outputs = [fit.stdout, fit.stderr, refused.stderr, option.stderr, predicted.stdout, predicted.stderr];
    for (const text of [...outputs, effects.stdout, effects.stderr]) expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("counts rows with missing values, and leaves them out", async () => {
    const data = file("missing.csv", `${table(200)},yes,0.5,0.5,Rome,1\n1.0,no,,0.1,Oslo,1\n`);
    const run = await ornstein("fit", data, "-f", "y ~ x", "--json", "-", "--quiet");
    expect(JSON.parse(run.stdout).data).toMatchObject({ rows: 200, droppedRows: 2 });
  });

  it("warns about constant, duplicated and separated columns, and still gives a right answer", async () => {
    file("table.csv", table());
    const constant = await ornstein("fit", "table.csv", "-f", "y ~ x + one", "--quiet", "--json", "-");
    expect(JSON.parse(constant.stdout).warnings.join()).toMatch(/one/);
    const duplicated = JSON.parse(
      (await ornstein("fit", "table.csv", "-f", "y ~ x + twin", "--quiet", "--json", "-")).stdout,
    );
    expect(duplicated.warnings.join()).toMatch(/"x" and "twin"/);
    const sum = duplicated.coefficients[0].mean + duplicated.coefficients[1].mean;
    expect(sum).toBeCloseTo(2, 1);
    const separated = await ornstein("fit", "table.csv", "-f", "late ~ y", "--quiet", "--json", "-");
    expect(JSON.parse(separated.stdout).warnings.join()).toMatch(/separate/);
    file("wide.csv", `a,b,c,d,e,y\n1,2,3,4,5,1.5\n2,1,5,3,1,2.5\n4,4,1,1,3,0.5\n`);
    const wide = JSON.parse((await ornstein("fit", "wide.csv", "-f", "y ~ .", "--quiet", "--json", "-")).stdout);
    expect(wide.warnings.join()).toMatch(/fewer rows \(3\) than columns \(6\)/);
  }, 120_000);

  const refusals: [string, string[], RegExp][] = [
    ["a file that does not exist", ["absent.csv", "-f", "y ~ x"], /absent\.csv/],
    ["an empty file", ["empty.csv", "-f", "y ~ x"], /empty/],
    ["a missing column", ["table.csv", "-f", "y ~ speed"], /speed/],
    ["a formula error", ["table.csv", "-f", "y ~ x +"], /column 8/],
    ["a target with one value", ["table.csv", "-f", "one ~ x"], /one/],
    ["more than two values for bernoulli", ["table.csv", "-f", "city ~ x", "--family", "bernoulli"], /city/],
    ["infinities", ["table.csv", "-f", "y ~ log(one - 1) + x"], /log/],
    ["an option out of range", ["table.csv", "-f", "y ~ x", "--chains", "0"], /chains/],
    ["an unknown option", ["table.csv", "-f", "y ~ x", "--chain", "2"], /--chain/],
    [
      "an unstable step",
      ["table.csv", "-f", "y ~ x", "--sigma", "1", "--sampler", "constant-sgd", "--learning-rate", "9"],
      /stable/,
    ],
    ["a folder that is not there", ["table.csv", "-f", "y ~ x", "--json", "nowhere/fit.json"], /nowhere/],
  ];
  it.each(refusals)("refuses %s in one sentence with status 2", async (_what, args, sentence) => {
    file("table.csv", table());
    file("empty.csv", "");
    const before = readdirSync(folder).sort();
    const run = await ornstein("fit", ...args, "--quiet");
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run.stdout).toBe("");
    expect(run.status).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it("refuses a text column with 10,000 levels in a dense design", async () => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n % 7},name${n % 10_000}`);
    file("levels.csv", `y,name\n${lines.join("\n")}\n`);
    const run = await ornstein("fit", "levels.csv", "-f", "y ~ name", "--storage", "dense", "--quiet");
    expect(run.stderr).toMatch(/at least 4,096 columns, 4,095 of them for the levels of "name"/);
    expect(run.status).toBe(2);
  });

  it("refuses numbers with a text among them", async () => {
    const lines = Array.from({ length: 10_050 }, (_, n) => `${n % 7},${n === 77 ? "unknown" : n}`);
    file("levels.csv", `y,name\n${lines.join("\n")}\n`);
    const run = ornsteinAlone(["fit", "levels.csv", "-f", "y ~ name", "--quiet"]);
    expect(run.stderr).toMatch(/name.*numbers, and among them "unknown" in data row \d+/);
    expect(run.status).toBe(2);
  });

  it("refuses a design larger than memory where its rows are not for blocks", async () => {
    const sql = "select range as y, range % 1500 as code, range % 7 as g from range(1000000)";
    const flags = ["-f", "y ~ C(code) + (1 | g)", "--storage", "dense", "--quiet"];
    const run = await ornstein("fit", "--sql", sql, ...flags);
    expect(run.stderr).toMatch(/GiB/);
    expect(run.status).toBe(2);
  }, 120_000);

  it("stops within a second when it is interrupted, with status 130 and nothing written", async () => {
    const sql = "select sin(range) + (range % 13) as y, range % 17 as a, range % 19 as b from range(1000000)";
    const child = spawn(
      process.execPath,
      [
        bin,
        "fit",
        "--sql",
        sql,
        "-f",
        "y ~ C(a) + C(b)",
        "--sampler",
        "constant-sgd",
        "--preconditioner",
        "scalar",
        "--json",
        "late.json",
      ],
      { cwd: folder },
    );
    let seen = "";
    child.stderr.on("data", (chunk) => {
      seen += chunk;
    });
    await expect.poll(() => seen, { timeout: 60_000 }).toMatch(/sampling/);
    const asked = performance.now();
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(performance.now() - asked).toBeLessThan(1500);
    expect(existsSync(join(folder, "late.json"))).toBe(false);
  }, 120_000);
});
