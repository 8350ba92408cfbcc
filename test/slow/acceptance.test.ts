import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Posterior } from "../../src/fit/posterior.ts";
import { cholesky, invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { matrix, multiplyVector } from "../../src/linalg/matrix.ts";
import { fit } from "../../src/node.ts";
import { preconditioners } from "../../src/options/tuning.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { centredColumns } from "../centred-data.ts";

// The accuracy that the project promises, against long reference runs and independent values. Minutes, not seconds.
const shared = new URL("../../../shared/", import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn("../shared is absent: the comparisons with real data are skipped");
const file = (path: string) => new URL(path, shared).pathname;

/** Largest error of a mean, in reference sds, and largest relative error of an sd, on the standardised scale. */
function errors({ coefficients }: Posterior, mean: ArrayLike<number>, sd: ArrayLike<number>) {
  const standardized = coefficients.map((c) => c.standardized);
  return {
    mean: Math.max(...standardized.map((c, j) => Math.abs(c.mean - mean[j]) / sd[j])),
    sd: Math.max(...standardized.map((c, j) => Math.abs(c.sd / sd[j] - 1))),
  };
}

describe.skipIf(!hasShared)("German credit, against a long reference run", () => {
  const reference = hasShared
    ? JSON.parse(readFileSync(file("data/german-credit/german_credit_numeric_logistic.json"), "utf8"))
    : {};
  const input = { path: file("data/german-credit/german.data-numeric"), formula: "column24 ~ ." };
  const priors = { prior: "normal(0, 1)", interceptPrior: "normal(0, 1)" };
  const cases = [
    { sampler: "auto", mean: 0.05, sd: 0.03 },
    { sampler: "constant-sgd", mean: 0.08, sd: 0.06 },
  ];
  for (const { sampler, mean, sd } of cases) {
    it.each([1, 2, 3])(`${sampler}: means within ${mean} sd, sds within ${100 * sd}%, seed %i`, async (seed) => {
      const posterior = await fit(input, { ...priors, sampler, seed });
      const found = errors(posterior, reference.IDENTITY_MEAN, reference.IDENTITY_STANDARD_DEVIATION);
      console.log(sampler, seed, found);
      expect(found.mean).toBeLessThan(mean);
      expect(found.sd).toBeLessThan(sd);
    });
  }
});

describe.skipIf(!hasShared).each([
  ["wine-white", "data/wine/winequality-white.csv", "quality ~ 0 + ."],
  ["casp", "data/casp/CASP.csv", "RMSD ~ 0 + ."],
])("%s, sigma 1, S = 100", (name, path, formula) => {
  it.each(preconditioners)(
    "%s: sds as predicted with state-dependent noise, within four standard errors",
    async (preconditioner) => {
      const options = { sampler: "constant-sgd", preconditioner, batchSize: 100, sigma: 1, prior: "normal(0, 1)" };
      const data = await centredColumns({ path: file(path) });
      const { coefficients, certificate, settings } = await fit({ data, formula }, options);
      for (const { name: column, ess_bulk, standardized } of coefficients) {
        const standardErrors =
          Math.abs(standardized.sd / standardized.predictedSd - 1) * Math.sqrt(2 * (ess_bulk ?? 0));
        expect(standardErrors, `${column}, seed ${settings.seed}`).toBeLessThan(4);
      }
      console.log(name, preconditioner, certificate.klToLaplace);
      if (preconditioner === "full-exact") expect(certificate.klToLaplace.measured).toBeLessThan(0.01);
    },
  );
});

describe("rare positives and a skewed posterior, against importance sampling", () => {
  /** 1.5% positives, heavy-tailed features. */
  function table(seed: number) {
    const random = createRandom(seed, 0, 11);
    const x = Array.from({ length: 4000 }, () => {
      const [a, b, c] = [random.normal(), random.normal(), random.normal()];
      return [Math.exp(a), b ** 3, c, random.uniform() < 0.05 ? 1 : 0];
    });
    const y: number[] = x.map((row) =>
      random.uniform() < 1 / (1 + Math.exp(5 - 0.2 * row[0] - 0.15 * row[1] - 0.4 * row[2] - row[3])) ? 1 : 0,
    );
    return { x, y };
  }

  /** Posterior mean and sd by importance sampling from a multivariate t around the Laplace approximation. */
  function importanceSampling(x: number[][], y: number[], mode: number[], seed: number, numDraws = 40_000) {
    const columns = x[0].map((_, j) => x.map((row) => row[j]));
    const scaled = columns.map((values) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      const sd = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
      return Float64Array.from(values, (v) => (v - mean) / sd);
    });
    const design = [...scaled, new Float64Array(y.length).fill(1)];
    const size = design.length;
    const precision = design.map((_, j) => (j === size - 1 ? 1 / 100 : 1 / 6.25));
    const linear = (theta: ArrayLike<number>, eta: Float64Array) => {
      eta.fill(0);
      design.forEach((column, j) => {
        for (let n = 0; n < eta.length; n++) eta[n] += column[n] * theta[j];
      });
    };
    const eta = new Float64Array(y.length);
    linear(mode, eta);
    const hessian = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let sum = i === j ? precision[i] : 0;
        for (let n = 0; n < y.length; n++)
          sum += (design[i][n] * design[j][n]) / (2 + Math.exp(eta[n]) + Math.exp(-eta[n]));
        hessian.data[i * size + j] = sum;
      }
    const factor = cholesky(invertPositiveDefinite(hessian));
    const random = createRandom(seed, 0, 12);
    const freedom = 5;
    const draws: Float64Array[] = [];
    const logWeights: number[] = [];
    for (let draw = 0; draw < numDraws; draw++) {
      const z = Float64Array.from({ length: size }, () => random.normal());
      let chiSquare = 0;
      for (let k = 0; k < freedom; k++) chiSquare += random.normal() ** 2;
      const t = z.map((value) => (1.2 * value) / Math.sqrt(chiSquare / freedom));
      const theta = multiplyVector(factor, t).map((value, j) => mode[j] + value);
      linear(theta, eta);
      let log = 0;
      for (let n = 0; n < y.length; n++) log += y[n] * eta[n] - Math.log1p(Math.exp(eta[n]));
      for (let j = 0; j < size; j++) log -= 0.5 * precision[j] * theta[j] ** 2;
      const squares = t.reduce((s, v) => s + v * v, 0) / 1.44;
      draws.push(theta);
      logWeights.push(log + 0.5 * (freedom + size) * Math.log1p(squares / freedom));
    }
    const top = Math.max(...logWeights);
    const weights = logWeights.map((log) => Math.exp(log - top));
    const total = weights.reduce((a, b) => a + b);
    const mean = design.map((_, j) => draws.reduce((s, theta, k) => s + weights[k] * theta[j], 0) / total);
    const sd = design.map((_, j) =>
      Math.sqrt(draws.reduce((s, theta, k) => s + weights[k] * (theta[j] - mean[j]) ** 2, 0) / total),
    );
    return { mean, sd, effective: total ** 2 / weights.reduce((s, w) => s + w * w, 0) };
  }

  it.each([1, 2])("data set %i: sds within 4 percent", async (seed) => {
    const { x, y } = table(seed);
    const posterior = await fit({ x, y }, { seed: 1 });
    const mode = posterior.coefficients.map((c) => c.standardized.laplaceMean);
    const reference = importanceSampling(x, y, mode, seed);
    // Enough that the reference itself knows an sd to about 1%.
    expect(reference.effective).toBeGreaterThan(8000);
    const found = errors(posterior, reference.mean, reference.sd);
    const laplace = Math.max(...mode.map((value, j) => Math.abs(value - reference.mean[j]) / reference.sd[j]));
    console.log(
      seed,
      "positives",
      y.reduce((a, b) => a + b, 0),
      found,
      "Laplace's mean is off by",
      laplace,
    );
    expect(laplace).toBeGreaterThan(0.1);
    expect(found.mean).toBeLessThan(0.08);
    expect(found.sd).toBeLessThan(0.04);
  });
});
