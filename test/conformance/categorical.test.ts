import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { diagonal } from "../../src/linalg/matrix.ts";
import type { PreconditionerName } from "../../src/options/tuning.ts";
import type { ChainOutput, SamplerOptions } from "../../src/sampling/plan.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { categoricalTarget, problemOf, skewedTarget } from "./targets.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemFor(target: ReturnType<typeof categoricalTarget>): Promise<DenseApproximation> {
  const engine = await createInlineEngine();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

const options: SamplerOptions = { tolerance: 0.1, chains: 4, draws: 1000, seed: 3 };
const samplerCalled = (name: string) => denseSamplers.find((sampler) => sampler.name === name)!;

describe("a categorical target against Newton and Hamiltonian Monte Carlo in NumPy (test/golden/penguins.py)", () => {
  const golden = JSON.parse(readFileSync(new URL("../golden/penguins.json", import.meta.url), "utf8"));
  const file = new URL("../../node_modules/vega-datasets/data/penguins.json", import.meta.url);
  const rows: Record<string, string | number | null>[] = JSON.parse(readFileSync(file, "utf8"));
  const formula = `Species ~ ${golden.columns.map((name: string) => `\`${name}\``).join(" + ")}`;

  it("has its mode within 1e-5 sd, and its means and sds to the Monte Carlo error", async () => {
    const posterior = await fit({ data: rows, formula }, { seed: 2 });
    expect(posterior.family).toBe("categorical");
    expect(posterior.data).toMatchObject({ rows: golden.rows, classes: golden.levels, target: "Species" });
    expect(posterior.coefficients.map(({ name }) => name)).toEqual(
      golden.levels
        .slice(1)
        .flatMap((level: string) => [...golden.columns, "Intercept"].map((column) => `Species[${level}]:${column}`)),
    );
    // The posterior is skewed: its means are up to that far from the mode, and the sds from those at the mode.
    expect(
      Math.max(...golden.mean.map((v: number, j: number) => Math.abs(v - golden.mode[j]) / golden.sd[j])),
    ).toBeGreaterThan(0.2);
    posterior.coefficients.forEach(({ name, standardized, mcse_mean, sd: originalSd }, j) => {
      const sd = golden.sd[j];
      expect(Math.abs(standardized.laplaceMean - golden.mode[j]) / sd, name).toBeLessThan(1e-5);
      expect(Math.abs(standardized.laplaceSd / golden.laplaceSd[j] - 1), name).toBeLessThan(1e-5);
      // Both sides' Monte Carlo errors, and what the step may make: a hundredth of an sd, and 2 % of one.
      const error = 4 * Math.hypot(mcse_mean! / originalSd, 2.2e-3);
      expect(Math.abs(standardized.mean - golden.mean[j]) / sd, name).toBeLessThan(error + 0.01);
      expect(Math.abs(standardized.sd / sd - 1), name).toBeLessThan(0.03);
    });
  });

  it("in its symmetric form has that form's mode", async () => {
    const posterior = await fit({ data: rows, formula }, { classCoding: "symmetric", sampler: "laplace", draws: 100 });
    expect(posterior.coefficients).toHaveLength(9);
    expect(posterior.coefficients[0].name).toBe(`Species[${golden.levels[0]}]:${golden.columns[0]}`);
    posterior.coefficients.forEach(({ standardized }, j) => {
      const sd = golden.symmetricLaplaceSd[j];
      expect(Math.abs(standardized.laplaceMean - golden.symmetricMode[j]) / sd).toBeLessThan(1e-5);
      expect(Math.abs(standardized.laplaceSd / sd - 1)).toBeLessThan(1e-5);
    });
  });
});

it("two classes have the posterior of the bernoulli family", async () => {
  const { x, y } = skewedTarget();
  const plain = await fit({ x, y }, { seed: 4 });
  const classes = await fit({ x, y }, { seed: 5, family: "categorical" });
  expect([plain.family, classes.family]).toEqual(["bernoulli", "categorical"]);
  expect(classes.coefficients.map(({ name }) => name)).toEqual(["y[1]:x1", "y[1]:Intercept"]);
  classes.coefficients.forEach(({ mean, sd, mcse_mean, standardized }, j) => {
    const other = plain.coefficients[j];
    expect(Math.abs(mean - other.mean)).toBeLessThan(4 * Math.hypot(mcse_mean!, other.mcse_mean!));
    // An sd over the effective draws of both.
    expect(Math.abs(sd / other.sd - 1)).toBeLessThan(4 / Math.sqrt(other.ess_bulk!));
    expect(standardized.laplaceMean).toBeCloseTo(other.standardized.laplaceMean, 9);
    expect(standardized.laplaceSd).toBeCloseTo(other.standardized.laplaceSd, 6);
  });
});

describe("the symmetric form", () => {
  const target = categoricalTarget("symmetric");
  const numPredictors = 3;

  /** Mean and sd over the draws of the difference between two numPredictors' coefficients of column j. */
  function contrast(output: ChainOutput, a: number, b: number, j: number): { mean: number; sd: number } {
    const size = output.dimension / numPredictors;
    const [first, second] = [a * size + j, b * size + j];
    const at = (p: number, q: number) => output.covariance.data[p * output.dimension + q];
    return {
      mean: output.mean[first] - output.mean[second],
      sd: Math.sqrt(at(first, first) + at(second, second) - 2 * at(first, second)),
    };
  }

  it.each([
    ["control-variate", undefined],
    ["constant-sgd", "full-exact"],
    ["laplace", undefined],
  ] as [string, PreconditionerName | undefined][])(
    "%s %s has the reference form's contrasts",
    async (name, preconditioner) => {
      const sampler = samplerCalled(name);
      const symmetric = await (await sampler.plan(await problemFor(target), { ...options, preconditioner })).sample();
      const local = await problemFor(categoricalTarget());
      const size = local.mode.length / (numPredictors - 1);
      const sds = diagonal(local.laplaceCovariance).map(Math.sqrt);
      for (let j = 0; j < size; j++) {
        for (const k of [1, 2]) {
          const { mean, sd } = contrast(symmetric, k, 0, j);
          const own = (k - 1) * size + j;
          // The forms' priors differ: 3000 rows outweigh them but for some hundredths of an sd.
          expect(Math.abs(mean - local.mode[own]) / sds[own]).toBeLessThan(0.15);
          expect(Math.abs(sd / sds[own] - 1)).toBeLessThan(0.06);
        }
      }
      // What is common to all classes has the prior's law: its mean over the classes is normal(0.2, 1/√3).
      for (let j = 0; j < size - 1; j++) {
        let variance = 0;
        let mean = 0;
        for (let a = 0; a < numPredictors; a++) {
          mean += symmetric.mean[a * size + j] / numPredictors;
          for (let b = 0; b < numPredictors; b++)
            variance +=
              symmetric.covariance.data[(a * size + j) * symmetric.dimension + b * size + j] / numPredictors ** 2;
        }
        expect(Math.abs(mean - 0.2)).toBeLessThan(4.5 / Math.sqrt(numPredictors * 1000));
        expect(Math.abs(Math.sqrt(variance * numPredictors) - 1)).toBeLessThan(4.5 / Math.sqrt(2 * 1000));
      }
    },
  );

  it("other preconditioners predict that they miss the directions without noise, or say what does not", async () => {
    const local = await problemFor(target);
    for (const sampler of denseSamplers.filter(({ preconditioners }) => preconditioners.length > 0)) {
      for (const preconditioner of sampler.preconditioners) {
        const title = `${sampler.name} ${preconditioner}`;
        const planned = sampler.plan(local, { ...options, preconditioner });
        const { error, plan } = await planned.then(
          (plan) => ({ plan, error: undefined }),
          (error: Error) => ({ error, plan: undefined }),
        );
        if (error) expect(error.message, title).toMatch(/needs gradient noise in every direction/);
        // Fisher scoring injects noise everywhere, and full-exact what is missing.
        else if (sampler.name === "constant-sgd" && preconditioner !== "full-exact")
          expect(plan!.prediction.maxSdError, title).toBeGreaterThan(0.9);
        else expect(plan!.prediction.covariance.data.every(Number.isFinite), title).toBe(true);
      }
    }
  });
});

describe("data that say little", () => {
  const finite = (posterior: Awaited<ReturnType<typeof fit>>) =>
    posterior.coefficients.flatMap(({ mean, sd, standardized }) => [mean, sd, ...Object.values(standardized)]);

  it("classes that a column separates perfectly leave the size of its coefficients to the prior", async () => {
    const x = Array.from({ length: 30 }, (_, n) => [n - 14.5]);
    const y = x.map(([value]) => (value < -5 ? 0 : value < 5 ? 1 : 2));
    const posterior = await fit({ x, y }, { family: "categorical", draws: 200, tolerance: 0.1 });
    expect(finite(posterior).every(Number.isFinite)).toBe(true);
    expect(posterior.warnings.join()).toMatch(/separate the values of the target perfectly/);
    for (const { standardized } of posterior.coefficients) expect(standardized.sd).toBeLessThan(12);
  });

  it("a class of one row", async () => {
    const { x, y } = categoricalTarget();
    const rare = y.slice(0, 300).map((value, n) => (n === 7 ? 3 : value));
    const posterior = await fit({ x: x.slice(0, 300), y: rare }, { family: "categorical", sampler: "laplace" });
    expect(posterior.data.classes).toEqual(["0", "1", "2", "3"]);
    expect(finite(posterior).every(Number.isFinite)).toBe(true);
    const sd = (name: string) => posterior.coefficients.find((c) => c.name === name)!.sd;
    expect(sd("y[3]:Intercept")).toBeGreaterThan(3 * sd("y[2]:Intercept"));
  });
});
