import { describe, expect, it } from "vitest";
import { fit } from "../../../src/node.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";

/** Many rows, few events, and levels so rare that some have none: posteriors like half a normal. */
function rareEvents(numRows: number) {
  const random = createRandom(5, 0, 9);
  const group: string[] = [];
  const columns = { a: new Float64Array(numRows), b: new Float64Array(numRows), y: new Float64Array(numRows) };
  for (let n = 0; n < numRows; n++) {
    group.push(`g${Math.min(11, Math.floor(-Math.log2(random.uniform())))}`);
    columns.a[n] = random.normal();
    columns.b[n] = random.normal() + 0.5 * columns.a[n];
    const eta = -5.5 + columns.a[n] - 0.5 * columns.b[n];
    columns.y[n] = random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  }
  return { data: { ...columns, group }, formula: "y ~ a + b + group" };
}

describe("NUTS on a coreset", () => {
  it("is the posterior of all rows, where the normal approximation is far from it", async () => {
    const table = rareEvents(50_000);
    const auto = await fit(table, { family: "bernoulli", seed: 1 });
    const all = await fit(table, { family: "bernoulli", sampler: "nuts", draws: 4000, seed: 2 });
    expect(auto.settings.sampler).toBe("coreset-nuts");
    expect(auto.settings.because).not.toMatch(/50,000 rows/);
    // 4,000 draws know an sd to 2.2%, two standard errors, which is above the tolerance of 2%: a warning, and no other.
    const doubts = auto.certificate.checks.filter(({ passed }) => !passed);
    expect(doubts).toEqual([expect.objectContaining({ id: "accuracy", slight: true })]);
    expect(auto.certificate.verdict).toBe("warning");
    const rows = auto.coefficients.map(({ name, standardized, ess_bulk }) => {
      const reference = all.coefficients.find((c) => c.name === name)!;
      const { mean, sd, laplaceSd } = reference.standardized;
      // Monte Carlo errors of both, of an sd as for tails like a normal's.
      const error = Math.hypot(1 / Math.sqrt(ess_bulk!), 1 / Math.sqrt(reference.ess_bulk!));
      return {
        name,
        mean: (standardized.mean - mean) / sd,
        sd: standardized.sd / sd - 1,
        laplace: laplaceSd / sd - 1,
        error,
      };
    });
    console.info(
      `${auto.settings.because}; ${auto.timing.total.toFixed(1)} s, all rows ${all.timing.total.toFixed(1)} s`,
    );
    for (const row of rows) console.info(row.name, row.mean.toFixed(4), row.sd.toFixed(4), row.laplace.toFixed(2));
    expect(Math.max(...rows.map(({ laplace }) => Math.abs(laplace)))).toBeGreaterThan(0.2);
    for (const { name, mean, sd, error } of rows) {
      expect(Math.abs(mean), `mean of ${name}, in sds`).toBeLessThan(0.02 + 4 * error);
      expect(Math.abs(sd), `sd of ${name}, relative`).toBeLessThan(0.02 + 4 * error);
    }
  });
});
