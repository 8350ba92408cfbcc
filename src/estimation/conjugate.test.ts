import { describe, expect, it } from "vitest";
import { fit } from "../fit/fit-inline.ts";

/** Deterministic data: y = 1 + 2 x + noise. */
function data(numRows: number) {
  const x = Array.from({ length: numRows }, (_, n) => Math.sin(1.3 * n));
  const y = x.map((value, n) => 1 + 2 * value + 0.5 * Math.cos(7.7 * n * n));
  return { x, y };
}

/** Moments of (x's coefficient, Intercept, σ) by brute force over σ on the standardised scale, β integrated by hand. */
function bruteForce({ x, y }: { x: number[]; y: number[] }) {
  const standardise = (v: number[]) => {
    const mean = v.reduce((a, b) => a + b) / v.length;
    const sd = Math.sqrt(v.reduce((s, a) => s + (a - mean) ** 2, 0) / v.length);
    return v.map((a) => (a - mean) / sd);
  };
  const [xs, ys] = [standardise(x), standardise(y)];
  const n = x.length;
  const xy = xs.reduce((s, a, i) => s + a * ys[i], 0);
  let total = 0;
  const sums = new Float64Array(4);
  for (let sigma = 0.001; sigma < 12; sigma += 0.001) {
    // Features are centred with sd 1, so XᵀX = n I and the two coefficients are independent given σ.
    const precision = n / sigma ** 2 + 1 / 2.5 ** 2;
    const mean = xy / sigma ** 2 / precision;
    const interceptPrecision = n / sigma ** 2 + 1 / 100;
    const log =
      -n * Math.log(sigma) -
      0.5 * Math.log(precision * interceptPrecision) -
      0.5 * (n / sigma ** 2 - precision * mean ** 2) -
      sigma;
    const weight = Math.exp(log + 0.5 * n);
    total += weight;
    [mean, mean ** 2 + 1 / precision, sigma, sigma ** 2].forEach((value, k) => {
      sums[k] += weight * value;
    });
  }
  const [m1, m2, s1, s2] = sums.map((sum) => sum / total);
  return { mean: m1, sd: Math.sqrt(m2 - m1 ** 2), sigmaMean: s1, sigmaSd: Math.sqrt(s2 - s1 ** 2) };
}

/** β and σ of the most probable τ, exactly and in double precision, of rows that count as often as `w` says. */
function weightedFit({ x, y }: { x: number[]; y: number[] }, w: number[]) {
  const rows = x.map((value) => [value, 1]);
  const priors = [2.5, 10];
  const at = (tau: number) => {
    const precision = Math.exp(-2 * tau);
    const [a, b, d] = [0, 1, 3].map((entry) => {
      const [i, j] = [Math.floor(entry / 2), entry % 2];
      const sum = rows.reduce((total, row, n) => total + w[n] * row[i] * row[j], 0);
      return precision * sum + (i === j ? priors[i] ** -2 : 0);
    });
    const [u, v] = [0, 1].map((j) => precision * rows.reduce((total, row, n) => total + w[n] * row[j] * y[n], 0));
    const determinant = a * d - b * b;
    const beta = [(d * u - b * v) / determinant, (a * v - b * u) / determinant];
    const left = rows.reduce((total, row, n) => total + w[n] * (y[n] - row[0] * beta[0] - row[1] * beta[1]) ** 2, 0);
    const log =
      -w.reduce((total, weight) => total + weight, 0) * tau -
      0.5 * (Math.log(determinant) + precision * left + (beta[0] / 2.5) ** 2 + (beta[1] / 10) ** 2) -
      Math.exp(tau) +
      tau;
    return { log, beta, sds: [Math.sqrt(d / determinant), Math.sqrt(a / determinant)], sigma: Math.exp(tau) };
  };
  let best = at(0);
  for (let tau = -14; tau < 2; tau += 0.0005) if (at(tau).log > best.log) best = at(tau);
  return best;
}

describe("a row that counts for many", () => {
  it.each([1, 1e4, 1e6, 1e8, 1e10])("%d times: the fit passes through it as closely as it must", async (weight) => {
    const table = data(100);
    const w = table.x.map((_, n) => (n === 5 ? weight : 1));
    const exact = weightedFit(table, w);
    for (const sampler of ["conjugate", "laplace", "nuts"]) {
      const { coefficients } = await fit(
        { data: { ...table, w }, formula: "y ~ x" },
        { sampler, weights: "w", standardize: "none", seed: 2, tolerance: 0.05 },
      );
      [0, 1].forEach((j) => {
        const { name, mean, sd } = coefficients[j];
        // 4000 draws, and the tails of few rows, in which σ is not known.
        expect(Math.abs(mean - exact.beta[j]) / exact.sds[j], `${sampler}, ${name}`).toBeLessThan(0.12);
        expect(Math.abs(sd / exact.sds[j] - 1), `${sampler}, ${name}`).toBeLessThan(0.06);
      });
      expect(Math.abs(coefficients[2].mean / exact.sigma - 1), sampler).toBeLessThan(0.03);
    }
  });
});

describe("a linear model with few rows", () => {
  it("has the exact posterior that brute-force integration gives", async () => {
    const table = data(12);
    const posterior = await fit({ data: table, formula: "y ~ x" }, { seed: 3 });
    expect(posterior.settings.sampler).toBe("conjugate");
    const [slope, , sigma] = posterior.coefficients.map((c) => c.standardized);
    const exact = bruteForce(table);
    expect(slope.mean).toBeCloseTo(exact.mean, 4);
    expect(slope.sd / exact.sd).toBeCloseTo(1, 3);
    // σ comes from the draws: four standard errors of 4000 independent ones (its law is skewed, hence 1.5).
    expect(Math.abs(sigma.mean - exact.sigmaMean)).toBeLessThan((4 * exact.sigmaSd) / Math.sqrt(4000));
    expect(Math.abs(sigma.sd / exact.sigmaSd - 1)).toBeLessThan((4 * 1.5) / Math.sqrt(2 * 4000));
  });

  it("is proper with fewer rows than columns: no coefficient is wider than its prior", async () => {
    const posterior = await fit({
      data: { a: [1, 2, 4], b: [2, 1, 4], c: [3, 5, 1], d: [4, 3, 1], y: [1.5, 2.5, 0.5] },
      formula: "y ~ .",
    });
    for (const { name, standardized } of posterior.coefficients.slice(0, 4)) {
      expect(standardized.sd, name).toBeGreaterThan(1);
      expect(standardized.sd, name).toBeLessThan(2.5);
    }
    expect(posterior.warnings.join()).toMatch(/fewer rows \(3\) than columns \(5\)/);
  });

  it("agrees with control variates, which know nothing of conjugacy, where Laplace does not", async () => {
    const table = data(150);
    const exact = await fit({ data: table, formula: "y ~ x" }, { sampler: "conjugate" });
    const sampled = await fit({ data: table, formula: "y ~ x" }, { sampler: "control-variate", seed: 4 });
    sampled.coefficients.forEach(({ name, standardized }, j) => {
      const reference = exact.coefficients[j].standardized;
      expect(Math.abs(standardized.mean - reference.mean) / reference.sd, name).toBeLessThan(0.02);
      expect(Math.abs(standardized.sd / reference.sd - 1), name).toBeLessThan(0.02);
    });
    const sigma = exact.coefficients[2].standardized;
    expect(Math.abs(sigma.laplaceMean - sigma.mean) / sigma.sd).toBeGreaterThan(0.1);
  });
});
