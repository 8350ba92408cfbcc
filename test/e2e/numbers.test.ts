import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "./command.ts";

// Numbers too large, too small or too odd, as the command's users meet them.
const { folder, ornstein } = commandFolder("numbers");

beforeAll(() => {
  const lines = ["x,big,y,w"];
  for (let n = 0; n < 400; n++) {
    const x = Math.sin(1.7 * n);
    lines.push([x, `${x}e200`, 1 + 2 * x + Math.cos(7.3 * n * n), n === 5 ? "1e20" : "1"].join());
  }
  writeFileSync(join(folder, "table.csv"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "row.csv"), "x,y\n0.5,2\n");
  writeFileSync(join(folder, "far.csv"), "x,y\n0.5,1e300\n1e200,2\n");
});

describe("a fit with settings of the user's own", () => {
  const verdictOf = async (...options: string[]) => {
    const run = await ornstein(
      "fit",
      "table.csv",
      "-f",
      "y ~ x",
      "--json",
      "-",
      "--quiet",
      "--chains",
      "2",
      ...options,
    );
    const { certificate } = JSON.parse(run.stdout);
    const { passed, message } = certificate.checks.find(({ id }: { id: string }) => id === "accuracy");
    return {
      status: run.status,
      verdict: certificate.verdict,
      passed,
      message,
      error: certificate.maxSdError.predicted,
    };
  };

  it.each([
    ["constant-sgd", ["--learning-rate", "0.01"]],
    ["momentum-sgd", ["--learning-rate", "0.001"]],
    ["sgld", ["--learning-rate", "0.0002"]],
    ["constant-sgd", ["--preconditioner", "full", "--batch-size", "40"]],
  ])("%s %j: failed, status 1, and what to leave out", async (sampler, options) => {
    const found = await verdictOf("--sampler", sampler, "--draws", "100", ...options);
    expect(found.error).toBeGreaterThan(0.1);
    expect(found).toMatchObject({ status: 1, verdict: "failed", passed: false });
    expect(found.message).toContain(`leave ${options[options.length - 2]} out`);
  });

  it("of the paper's, whose best step errs by its shape: a warning still", async () => {
    const found = await verdictOf("--sampler", "constant-sgd", "--preconditioner", "scalar", "--tolerance", "0.02");
    expect(found.error).toBeGreaterThan(0.02);
    expect(found).toMatchObject({ passed: false, message: expect.stringContaining("use --preconditioner full-exact") });
    expect(found).toMatchObject({ status: 0, verdict: "warning" });
  });
});

describe("numbers beyond the arithmetic", () => {
  it.each([
    [["-f", "y ~ big"], /^ornstein: The column big has values too large for the arithmetic/],
    [["-f", "y ~ x", "--weights", "w"], /^ornstein: The weight w is 100000000000000000000 in data row 6/],
    [["-f", "y ~ x", "--sigma", "1e300"], /^ornstein: The option sigma cannot be 1e\+300|^ornstein: --sigma/],
    [["-f", "y ~ x", "--sampler", "sgld", "--learning-rate", "1e-300"], /^ornstein: With --learning-rate 1e-300/],
  ])("%j: one sentence, status 2", async (options, sentence) => {
    const run = await ornstein("fit", "table.csv", ...options, "--quiet");
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr.trim()).not.toContain("\n");
  });

  it("predict scores a single row without an error of the score, and refuses rows beyond numbers", async () => {
    expect((await ornstein("fit", "table.csv", "-f", "y ~ x", "--save", "fit.nc", "--quiet")).status).toBe(0);
    const one = await ornstein("predict", "fit.nc", "row.csv", "--json", "one.json", "--quiet");
    expect(one.status).toBe(0);
    expect(one.stdout).toMatch(/Scores of 1 row: log score -?\d+\.\d+ a row/);
    expect(one.stdout).not.toMatch(/NaN|Infinity|±/);
    const { scores } = JSON.parse(readFileSync(join(folder, "one.json"), "utf8"));
    expect(scores).toMatchObject({ rows: 1, logScoreError: null });
    const far = await ornstein("predict", "fit.nc", "far.csv", "--quiet");
    expect(far.status).toBe(2);
    expect(far.stderr).toMatch(/^ornstein: Data row 2 is so far from the rows of the fit/);
  });
});
