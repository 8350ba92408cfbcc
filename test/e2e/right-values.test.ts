import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compare, fit, predict } from "../../src/node.ts";
import type { FitOptions } from "../../src/options/options.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { commandFolder } from "./command.ts";
import { maximumLikelihood } from "./least-squares.ts";

// Models that once were answered wrongly without a word, from file to number, by the command and the library.
const cases = new URL("../../../shared/cases/", import.meta.url).pathname;
const { folder, ornstein } = commandFolder("right");

/** A coefficient is within 0.1 sd of the right mean (Monte Carlo makes 0.016 sd of it, the skewness of few events some more), its sd within 4%. */
function expectRight(found: { mean: number; sd: number }, mean: number, sd: number) {
  expect(Math.abs(found.mean - mean) / sd).toBeLessThan(0.1);
  expect(Math.abs(found.sd / sd - 1)).toBeLessThan(0.04);
}

type Case = readonly [
  file: string,
  formula: string,
  flags: string[],
  right: Record<string, [mean: number, sd: number]>,
];

const known: Case[] = [
  [
    "counts.csv",
    "count ~ 0 + region",
    ["--family", "poisson"],
    { "region[north]": [3.911, 0.00441], "region[south]": [4.0933, 0.00415] },
  ],
  ["rare.csv", "claim ~ 0 + region", [], { "region[north]": [-3.345, 0.172], "region[south]": [-2.833, 0.14] }],
  ["rare.csv", "claim ~ region - 1", [], { "region[north]": [-3.345, 0.172], "region[south]": [-2.833, 0.14] }],
  ["origin.csv", "y ~ 0 + x", [], { x: [0.7458, 0.0088] }],
  ["trend.csv", "y ~ year + I(year^2)", ["--prior", "normal(0, 10000)"], { "I(year^2)": [-0.0488, 0.000506] }],
  // σ is learned here; at its mean, 0.00295, 80 digits give 0.6118 ± 0.3278.
  [
    "poly10.csv",
    `y ~ x + ${Array.from({ length: 9 }, (_, k) => `I(x^${k + 2})`).join(" + ")}`,
    ["--prior", "normal(0, 100)"],
    { x: [0.6118, 0.3278] },
  ],
];

describe.skipIf(!existsSync(cases))("small inputs (skipped where ../shared/cases is absent)", () => {
  it.each(known)("%s, %s %j", async (file, formula, flags, right) => {
    const run = await ornstein("fit", join(cases, file), "-f", formula, ...flags, "--json", "fit.json", "--quiet");
    expect(run.stderr).toBe("");
    const json = JSON.parse(readFileSync(join(folder, "fit.json"), "utf8"));
    const options = Object.fromEntries(
      flags.map((flag, k) => [flag.slice(2), flags[k + 1]]).filter((_, k) => k % 2 === 0),
    );
    const posterior = await fit({ path: join(cases, file), formula }, options as FitOptions);
    for (const [name, [mean, sd]] of Object.entries(right)) {
      for (const { coefficients } of [json, posterior])
        expectRight(
          coefficients.find((c: { name: string }) => c.name === name),
          mean,
          sd,
        );
    }
  });

  it("a fit through the origin predicts 0 there, and is saved so", async () => {
    expect(
      (await ornstein("fit", join(cases, "origin.csv"), "-f", "y ~ 0 + x", "--save", "o.nc", "--quiet")).stderr,
    ).toBe("");
    writeFileSync(join(folder, "at.csv"), "x\n0\n10\n");
    expect((await ornstein("predict", "o.nc", "at.csv", "--out", "o.csv", "--quiet")).status).toBe(0);
    const [names, zero, ten] = readFileSync(join(folder, "o.csv"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const mean = names.indexOf("mean");
    expect(Number(zero[mean])).toBe(0);
    expect(Number(ten[mean])).toBeCloseTo(7.458, 2);
  });

  it("a prior that dominates is named, with the coefficient and the cure", async () => {
    const input = { path: join(cases, "trend.csv"), formula: "y ~ year + I(year^2)" };
    const byDefault = await fit(input);
    expect(byDefault.certificate.verdict).toBe("failed");
    const check = byDefault.certificate.checks.find(({ id }) => id === "prior");
    expect(check?.message).toMatch(
      /^The prior dominates what the data say of .*I\(year\^2\).*poly\(x, k\), or a wider/,
    );
    const shift = byDefault.coefficients.find(({ name }) => name === "I(year^2)")?.standardized.priorShift;
    expect(Math.abs(shift ?? 0)).toBeGreaterThan(100);
    // The user's own prior is the user's business: said, but no failure.
    const chosen = await fit(input, { prior: "normal(0, 2)" });
    expect(chosen.certificate.verdict).toBe("warning");
    const orthogonal = await fit({ ...input, formula: "y ~ poly(year, 2)" });
    expect(orthogonal.certificate.verdict).toBe("ok");
  });

  it.each(["normal(0, 100)", "normal(0, 10000)", "normal(0, 1000000)"])(
    "cubic.csv fits with %s, and not exactly",
    async (prior) => {
      const posterior = await fit(
        { path: join(cases, "cubic.csv"), formula: "y ~ year + I(year^2) + I(year^3)" },
        { prior },
      );
      const sigma = posterior.coefficients.at(-1)!;
      expectRight(sigma, 1.978, 0.0256);
    },
  );
});

/** Rows with a category, numbers far from 0, and a target of each family. */
function table(numRows: number) {
  const random = createRandom(17, 0, 3);
  const a = Array.from({ length: numRows }, () => "pqr"[Math.floor(3 * random.uniform())]);
  const b = Array.from({ length: numRows }, () => 5 + random.normal());
  const x = Array.from({ length: numRows }, () => 2 * random.normal() - 3);
  const eta = a.map(
    (level, n) => "pqr".indexOf(level) - 0.3 * b[n] + ("pqr".indexOf(level) - 1) * 0.2 * b[n] + 0.1 * x[n],
  );
  return {
    a,
    b,
    x,
    gaussian: eta.map((value) => 20 + value + 0.7 * random.normal()),
    bernoulli: eta.map((value) => (random.uniform() < 1 / (1 + Math.exp(-value)) ? 1 : 0)),
    poisson: eta.map((value) => {
      // As many waiting times as fit into the mean.
      let count = -1;
      let left = Math.exp(1 + 0.5 * value);
      while (left > 0) {
        left += Math.log(random.uniform());
        count++;
      }
      return count;
    }),
  };
}

const is = (a: string[], level: string) => a.map((value) => Number(value === level));

describe("formulas without an intercept, against maximum likelihood", () => {
  const data = table(4000);
  const flat = { prior: "normal(0, 1000)" } as const;
  const levels = ["p", "q", "r"].map((level) => is(data.a, level));
  const times = (u: number[], v: number[]) => u.map((value, n) => value * v[n]);
  const designs: Record<string, number[][]> = {
    "0 + a + x": [...levels, data.x],
    "x + b - 1": [data.x, data.b],
    "0 + C(a)*b": [...levels, data.b, times(levels[1], data.b), times(levels[2], data.b)],
    "0 + a:b": levels.map((level) => times(level, data.b)),
    "0 + I(b - b + 1) + x": [data.b.map(() => 1), data.x],
  };
  for (const family of ["gaussian", "bernoulli", "poisson"] as const) {
    it.each(Object.entries(designs))(`${family} ~ %s`, async (terms, columns) => {
      const rows = data.a.map((_, n) => columns.map((column) => column[n]));
      const right = maximumLikelihood(rows, data[family], family);
      const posterior = await fit({ data, formula: `${family} ~ ${terms}` }, { ...flat, family, sampler: "laplace" });
      right.estimates.forEach((mean, j) => {
        expectRight(posterior.coefficients[j], mean, right.sds[j]);
      });
      // Predictions of the first rows, on the scale of the linear predictor, are those of maximum likelihood.
      const few = { a: data.a.slice(0, 5), b: data.b.slice(0, 5), x: data.x.slice(0, 5) };
      const { columns: predicted } = await predict(posterior, few);
      const means = predicted[family === "bernoulli" ? "probability" : "mean"] as Float64Array;
      const link = { gaussian: (m: number) => m, bernoulli: (m: number) => Math.log(m / (1 - m)), poisson: Math.log }[
        family
      ];
      means.forEach((value, n) => {
        const eta = rows[n].reduce((sum, entry, j) => sum + entry * right.estimates[j], 0);
        expect(Math.abs(link(value) - eta)).toBeLessThan(0.05);
      });
    });
  }

  it("is the same dense and sparse, from arrays and from compressed rows", async () => {
    const columns = [...levels, data.x];
    const rows = data.a.map((_, n) => columns.map((column) => column[n]));
    const right = maximumLikelihood(rows, data.gaussian, "gaussian");
    const y = data.gaussian;
    const indptr = [0];
    const [indices, values]: number[][] = [[], []];
    for (const row of rows) {
      row.forEach((value, j) => {
        if (value === 0) return;
        indices.push(j);
        values.push(value);
      });
      indptr.push(indices.length);
    }
    const fits = [
      await fit({ data, formula: "gaussian ~ 0 + a + x" }, { ...flat, storage: "sparse" }),
      await fit({ x: rows, y, intercept: false }, flat),
      await fit({ sparse: { indptr, indices, values, columns: 4 }, y, intercept: false }, flat),
    ];
    for (const { coefficients } of fits)
      right.estimates.forEach((mean, j) => {
        expectRight(coefficients[j], mean, right.sds[j]);
      });
  });

  it("has classes without an intercept", async () => {
    const target = data.gaussian.map((value) => (value > 20 ? "high" : value > 19 ? "middle" : "low"));
    const posterior = await fit(
      { data: { ...data, target }, formula: "target ~ 0 + a" },
      { prior: "normal(0, 100)", sampler: "laplace" },
    );
    // A saturated model: the log odds of the classes' shares within each level.
    for (const level of ["p", "q", "r"]) {
      const within = target.filter((_, n) => data.a[n] === level);
      const count = (name: string) => within.filter((value) => value === name).length;
      for (const name of ["low", "middle"]) {
        const found = posterior.coefficients.find((c) => c.name === `target[${name}]:a[${level}]`)!;
        const [own, reference] = [count(name), count("high")];
        expectRight(found, Math.log(own / reference), Math.sqrt(1 / own + 1 / reference));
      }
    }
  });

  it("compares samplers over it", { timeout: 120_000 }, async () => {
    const few = table(400);
    const comparison = await compare(
      { data: few, formula: "gaussian ~ 0 + a + x" },
      { samplers: ["control-variate", "nuts", "laplace"], draws: 500, sigma: 1 },
    );
    for (const row of comparison.samplers) {
      expect(row.message, row.sampler).toBeUndefined();
      expect(row.worstMeanError).toBeLessThan(0.1);
    }
  });
});
