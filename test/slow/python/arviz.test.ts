import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeDraws } from "../../../cli/outputs/write-draws.ts";
import { summaryStatistics } from "../../../src/diagnostics/statistics/summary-statistics.ts";
import type { Posterior } from "../../../src/fit/posterior.ts";
import { fit, saveFit } from "../../../src/node.ts";

// Saved fits as ArviZ, xarray and CmdStanPy in Python read them. Needs Python 3.11 or later with pip, and a package index;
// the environment is made once.
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const environment = here("../../../node_modules/.cache/ornstein-arviz");
const python = join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const folder = mkdtempSync(join(tmpdir(), "ornstein-arviz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Why there is no ArviZ, or nothing where there is. */
function missing(): string | undefined {
  const [wanted, stamp] = [here("arviz-requirements.txt"), join(environment, "requirements.txt")];
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(wanted, "utf8")) return undefined;
  rmSync(environment, { recursive: true, force: true });
  const made = spawnSync("python3", ["-m", "venv", environment], { encoding: "utf8" });
  if (made.status !== 0) return `python3 -m venv failed: ${made.error?.message ?? made.stderr}`;
  const installed = spawnSync(python, ["-m", "pip", "install", "--quiet", "-r", wanted], { encoding: "utf8" });
  if (installed.status !== 0) return `pip could not install ArviZ: ${installed.stderr.trim().split("\n").at(-1)}`;
  cpSync(wanted, stamp);
  return undefined;
}
const reason = missing();
if (reason) console.warn(`The comparisons with ArviZ are skipped: ${reason}`);

interface Row {
  name: string;
  mean: number;
  sd: number;
  "hdi_3%": number;
  "hdi_97%": number;
  mcse_mean: number;
  ess_bulk: number;
  ess_tail: number;
  r_hat: number;
}

interface Seen {
  groups: string[];
  engines: Record<
    string,
    {
      dims: Record<string, string[]>;
      sizes: Record<string, number>;
      names: Record<string, string | null>;
      sum: Record<string, number>;
    }
  >;
  attributes: Record<string, string>;
  summary: Row[];
  statistics: Record<string, [string, number]> | null;
  observed?: Record<string, number[]>;
  loo?: Record<"elpd_loo" | "se" | "p_loo" | "n_samples" | "n_data_points" | "good_k", number> & {
    dims: string[];
    loo_i: number[];
    pareto_k: number[];
  };
  cmdstan?: Row[];
  cmdstanpy?: { columns: string[]; draws: number[] };
}

function read(path: string, chains: string[] = []): Seen {
  const run = spawnSync(python, [here("arviz-summary.py"), path, ...chains], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

const n = 400;
const column = (f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));
const table = {
  y: column((i) => 1 + Math.cos(i) + Math.sin(12.9898 * i * i)),
  "km/h": column((i) => Math.cos(i)),
  draw: column((i) => Math.sin(3 * i)),
  city: column((i) => i % 3).map((k) => ["São Paulo", "a:b [c]", "Oslo"][k]),
};

/** Relative to the larger of the value and its sd: the sums are added in another order. */
function expectClose(actual: number, expected: number, sd: number): void {
  expect(Math.abs(actual - expected)).toBeLessThan(1e-9 * Math.max(Math.abs(expected), sd));
}

function expectSameSummary(rows: Row[], { coefficients, draws }: Posterior): void {
  expect(rows).toHaveLength(coefficients.length);
  rows.forEach((row, j) => {
    const { name, mean, mcse_mean } = coefficients[j];
    const own = summaryStatistics(draws.get(name)!);
    const { sd } = own;
    expectClose(row.mean, own.mean, sd);
    expectClose(row.sd, sd, sd);
    expectClose(row["hdi_3%"], own.hdiLow, sd);
    expectClose(row["hdi_97%"], own.hdiHigh, sd);
    // The reported ends are those of smooth tails over more positions (docs/decisions/0013); ArviZ's are known to 0.1 sd.
    expect(Math.abs(row["hdi_3%"] - coefficients[j]["hdi_3%"])).toBeLessThan(0.4 * sd);
    expect(Math.abs(row["hdi_97%"] - coefficients[j]["hdi_97%"])).toBeLessThan(0.4 * sd);
    expectClose(row.ess_bulk, coefficients[j].ess_bulk!, 1);
    expectClose(row.ess_tail, coefficients[j].ess_tail!, 1);
    expectClose(row.r_hat, coefficients[j].r_hat!, 1);
    // The reported mean is over all steps, ArviZ's over the kept draws (docs/decisions/0003).
    expect(Math.abs(row.mean - mean)).toBeLessThan(4.5 * Math.hypot(row.mcse_mean, mcse_mean!));
  });
}

describe.skipIf(reason !== undefined)("a saved fit in ArviZ", () => {
  let posterior: Posterior;
  let seen: Seen;

  beforeAll(async () => {
    posterior = await fit({ data: table, formula: "y ~ `km/h` + draw + city" }, { keepTarget: true });
    await saveFit(posterior, join(folder, "fit.nc"), { command: "ornstein fit …" });
    await writeDraws(posterior, join(folder, "draws.csv"), "0.0.0");
    seen = read(
      join(folder, "fit.nc"),
      [1, 2, 3, 4].map((chain) => join(folder, `draws_${chain}.csv`)),
    );
  });

  it("has named dimensions, the names of our table and the same numbers in both of xarray's engines", () => {
    const variables = ["km∕h", "draw_2", "city[São Paulo]", "city[a:b [c]]", "Intercept", "sigma"];
    const names = posterior.coefficients.map(({ name }) => name);
    expect(seen.groups).toEqual(["posterior", "observed_data"]);
    for (const { dims, sizes, names: written, sum } of Object.values(seen.engines)) {
      expect(dims).toEqual(Object.fromEntries(variables.map((variable) => [variable, ["chain", "draw"]])));
      expect(sizes).toEqual({ chain: 4, draw: 1000 });
      expect(written).toEqual(Object.fromEntries(variables.map((variable, j) => [variable, names[j]])));
      variables.forEach((variable, j) => {
        const own = summaryStatistics(posterior.draws.get(names[j])!);
        expectClose(sum[variable] / 4000, own.mean, own.sd);
      });
    }
    expect(seen.summary.map(({ name }) => name)).toEqual(variables);
    expect(JSON.parse(seen.attributes.ornstein_result).coefficients).toHaveLength(6);
    expect(seen.attributes.inference_library).toBe("ornstein");
    expect(seen.observed).toEqual({ y: [...posterior.observed!] });
  });

  it("has our summary", () => expectSameSummary(seen.summary, posterior));

  it("has the same draws as CmdStan's files, which CmdStanPy reads too", () => {
    const names = ["beta[0]", "beta[1]", "beta[2]", "beta[3]", "beta[4]", "sigma"];
    expect(seen.cmdstan!.map(({ name }) => name)).toEqual(names);
    expectSameSummary(seen.cmdstan!, posterior);
    expect(seen.cmdstanpy).toEqual({
      columns: ["lp__", "beta[1]", "beta[2]", "beta[3]", "beta[4]", "beta[5]", "sigma"],
      draws: [1000, 4, 7],
    });
  });

  it("has what NUTS says of itself", async () => {
    const nuts = await fit({ data: table, formula: "y ~ draw" }, { sampler: "nuts", chains: 2, draws: 300 });
    await saveFit(nuts, join(folder, "nuts.nc"));
    await writeDraws(nuts, join(folder, "nuts.csv"), "0.0.0");
    const read1 = read(
      join(folder, "nuts.nc"),
      [1, 2].map((chain) => join(folder, `nuts_${chain}.csv`)),
    );
    expectSameSummary(read1.summary, nuts);
    expect(read1.groups).toEqual(["posterior", "sample_stats"]);
    const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const near = (key: "energy" | "acceptance" | "treeDepth") =>
      expect.closeTo(meanOf(nuts.hamiltonian!.flatMap((chain) => [...chain[key]])), 9);
    expect(read1.statistics).toEqual({
      energy: ["float64", near("energy")],
      acceptance_rate: ["float64", near("acceptance")],
      tree_depth: [expect.stringContaining("int"), near("treeDepth")],
      diverging: ["bool", 0],
      step_size: ["float64", expect.closeTo(meanOf(nuts.hamiltonian!.map(({ stepSize }) => stepSize)), 9)],
    });
    expect(read1.cmdstanpy!.draws).toEqual([300, 2, 9]);
  });

  it.each(["y ~ draw", "y ~ draw + (1 | city)"])(
    "has the log likelihood of %s, of which az.loo is loo",
    async (formula) => {
      const own = await fit({ data: table, formula }, { keepLogLikelihood: true, effects: true, draws: 250 });
      await saveFit(own, join(folder, "loo.nc"));
      const { dims, loo_i, pareto_k, ...sums } = read(join(folder, "loo.nc")).loo!;
      const found = await own.loo(table);
      expect(dims).toEqual(["chain", "draw", "row"]);
      for (const [name, value] of Object.entries(sums))
        expect(found[name as keyof typeof sums]).toEqual(expect.closeTo(value, 7));
      expect([...found.loo_i]).toEqual(loo_i.map((value) => expect.closeTo(value, 7)));
      expect([...found.pareto_k]).toEqual(pareto_k.map((value) => expect.closeTo(value, 7)));
    },
  );

  it("has one vector where there are very many coefficients, labelled by their names", async () => {
    // Enough rows for Laplace, which is refused where the joint mode with sigma is far from the posterior.
    const x = Array.from({ length: 2500 }, (_, i) =>
      Float64Array.from({ length: 210 }, (__, j) => Math.sin((i + 1) * (j + 2))),
    );
    const y = x.map(([a, b], i) => a - b + Math.cos(7.7 * i * i));
    const names = Array.from({ length: 210 }, (_, j) => `word[${j}/ü]`);
    const wide = await fit({ x, y, names }, { sampler: "laplace", draws: 250 });
    await saveFit(wide, join(folder, "wide.nc"));
    const { engines, summary } = read(join(folder, "wide.nc"));
    for (const { dims } of Object.values(engines))
      expect(dims).toEqual({ beta: ["chain", "draw", "coefficient"], sigma: ["chain", "draw"] });
    expect(summary.map(({ name }) => name)).toEqual([
      ...[...names, "Intercept"].map((name) => `beta[${name}]`),
      "sigma",
    ]);
    expectSameSummary(summary, wide);
  });
});
