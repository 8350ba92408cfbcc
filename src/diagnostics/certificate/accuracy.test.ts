import { describe, expect, it } from "vitest";
import { identity, matrix } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import { accuracyAgainst, type MeasuredLaw, measuredLaw } from "./accuracy.ts";

const random = createRandom(5, 0, 0);

/** Chains of AR(1) draws with variance 1 and lag-one correlation `rho`, and their moments. */
function output(dimension: number, draws: number, rho: number): ChainOutput {
  const chains = 4;
  const positions = Array.from({ length: chains }, () => {
    const values = new Float64Array(draws * dimension).map(() => random.normal());
    for (let k = dimension; k < values.length; k++)
      values[k] = rho * values[k - dimension] + Math.sqrt(1 - rho ** 2) * values[k];
    return values;
  });
  const mean = new Float64Array(dimension);
  const covariance = matrix(dimension, dimension);
  const total = chains * draws;
  for (const values of positions) for (let k = 0; k < values.length; k++) mean[k % dimension] += values[k] / total;
  for (const values of positions)
    for (let n = 0; n < draws; n++)
      for (let i = 0; i < dimension; i++)
        for (let j = 0; j < dimension; j++)
          covariance.data[i * dimension + j] +=
            ((values[n * dimension + i] - mean[i]) * (values[n * dimension + j] - mean[j])) / total;
  return { chains, draws, dimension, positions, intervalMeans: positions, mean, covariance };
}

const standard = (dimension: number): MeasuredLaw => ({
  mean: new Float64Array(dimension),
  covariance: identity(dimension),
  effectiveDraws: { mean: Number.POSITIVE_INFINITY, covariance: Number.POSITIVE_INFINITY },
});

describe("what chance makes of the accuracy", () => {
  it("is what perfect samplers show on average: KL, worst sd, worst mean", () => {
    const dimension = 6;
    const repeats = 200;
    const sums = { kl: 0, klByChance: 0 };
    let sdBelow = 0;
    let meanBelow = 0;
    for (let k = 0; k < repeats; k++) {
      const a = measuredLaw(output(dimension, 250, 0));
      const b = measuredLaw(output(dimension, 500, 0));
      const { kl, worstSdError, worstMeanError, byChance } = accuracyAgainst(a, b);
      sums.kl += kl! / repeats;
      sums.klByChance += byChance.kl / repeats;
      if (worstSdError < byChance.worstSdError) sdBelow++;
      if (worstMeanError < byChance.worstMeanError) meanBelow++;
    }
    // KL is a sum of M(M+3)/2 = 27 squares: its relative sd is √(2/27), that of the average 0.019; terms of order M/n add
    // 1%, the estimated numbers of draws some more.
    expect(sums.kl / sums.klByChance).toBeGreaterThan(0.92);
    expect(sums.kl / sums.klByChance).toBeLessThan(1.08);
    // Medians: 100 ± 7 of 200.
    for (const below of [sdBelow, meanBelow]) expect(Math.abs(below - repeats / 2)).toBeLessThan(28);
  });

  it.each([0.9, -0.5])("counts effective draws, of values and of squares, at a lag-one correlation of %f", (rho) => {
    const { effectiveDraws } = measuredLaw(output(3, 20_000, rho));
    const expected = { mean: (80_000 * (1 - rho)) / (1 + rho), covariance: (80_000 * (1 - rho ** 2)) / (1 + rho ** 2) };
    for (const of of ["mean", "covariance"] as const) {
      expect(effectiveDraws[of] / expected[of]).toBeGreaterThan(0.85);
      expect(effectiveDraws[of] / expected[of]).toBeLessThan(1.15);
    }
  });

  it("is nothing for moments that were integrated", () => {
    const exact = measuredLaw({ ...output(3, 50, 0), isIntegrated: true });
    expect(accuracyAgainst(standard(3), exact).byChance).toEqual({ kl: 0, worstSdError: 0, worstMeanError: 0 });
  });
});

describe("accuracy", () => {
  it("gives the worst sd and mean in the reference's sds, and no KL of a singular covariance", () => {
    const covariance = matrix(2, 2, Float64Array.of(4, 0, 0, 9));
    const reference = { ...standard(2), covariance };
    const law = { ...standard(2), mean: Float64Array.of(1, -6), covariance: matrix(2, 2, Float64Array.of(1, 0, 0, 9)) };
    const accuracy = accuracyAgainst(reference, law);
    expect(accuracy.worstSdError).toBeCloseTo(0.5, 12);
    expect(accuracy.worstMeanError).toBeCloseTo(2, 12);
    expect(accuracy.kl).toBeCloseTo(0.5 * (1 / 4 + 1 + 1 / 4 + 4 - 2 + Math.log(4)), 12);
    const flat = { ...law, covariance: matrix(2, 2, Float64Array.of(1, 1, 1, 1)) };
    expect(accuracyAgainst(reference, flat).kl).toBeNull();
  });
});
