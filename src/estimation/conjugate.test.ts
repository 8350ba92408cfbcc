import { describe, expect, it } from "vitest";
import { fit } from "../posterior/fit-inline.ts";

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
