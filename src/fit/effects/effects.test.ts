import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";
import type { Posterior } from "../posterior.ts";

const random = createRandom(41, 0, 9);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const all = (posterior: Posterior, name: string) => posterior.draws.get(name)!.flatMap((chain) => [...chain]);

/** Gaussian rows with an intercept that varies by g, or by a and g within a. */
function simulated({ outer, inner, rows }: { outer: number; inner: number; rows: number }) {
  const table = { a: [] as number[], g: [] as string[], x: [] as number[], y: [] as number[] };
  const known: { u: number; v: number }[] = [];
  for (let a = 0; a < outer; a++) {
    const u = 1.2 * random.normal();
    for (let k = 0; k < inner; k++) {
      const v = 0.8 * random.normal();
      for (let n = 0; n < rows; n++) {
        const x = random.normal();
        table.a.push(a);
        table.g.push(`${a}-${k}`);
        table.x.push(x);
        table.y.push(3 + 0.5 * x + u + v + 0.7 * random.normal());
        known.push({ u, v });
      }
    }
  }
  return table;
}

/** Moments over the draws of a mean and a variance at each of them. */
function mixed(means: readonly number[], variances: readonly number[]) {
  const own = mean(means);
  return { mean: own, sd: Math.sqrt(mean(variances) + mean(means.map((value) => (value - own) ** 2))) };
}

describe("effects of gaussian groups", () => {
  const table = simulated({ outer: 12, inner: 1, rows: 4 });
  const options = { sampler: "laplace", draws: 500, seed: 3 } as const;
  const fitted = fit({ data: table, formula: "y ~ x + (1 | g)" }, options);

  it("are the exact conditional means, averaged over the posterior", async () => {
    const posterior = await fitted;
    const [effects] = posterior.groupEffects!;
    expect([effects.factor, effects.names, effects.numLevels]).toEqual(["g", ["Intercept"], 12]);
    const [beta, alpha, sigma, tau] = ["x", "Intercept", "sigma", "sd(g)[Intercept]"].map((name) =>
      all(posterior, name),
    );
    for (let level = 0; level < 12; level++) {
      const rows = table.g.flatMap((name, n) => (name === effects.level(level) ? [n] : []));
      expect(rows.length).toBe(4);
      const shares = tau.map((own, s) => own ** 2 / (own ** 2 + sigma[s] ** 2 / rows.length));
      const means = tau.map((_, s) => shares[s] * mean(rows.map((n) => table.y[n] - alpha[s] - beta[s] * table.x[n])));
      const exact = mixed(
        means,
        tau.map((own, s) => own ** 2 * (1 - shares[s])),
      );
      // Of 100 draws, whose weights make the mean of what is linear in θ exact.
      expect(Math.abs(effects.mean[level] - exact.mean)).toBeLessThan(0.02 * exact.sd);
      expect(Math.abs(effects.sd[level] / exact.sd - 1)).toBeLessThan(0.03);
    }
  });

  it("are what predictions of known groups are made of; new ones are integrated over them, and the population has none", async () => {
    const posterior = await fitted;
    const [effects] = posterior.groupEffects!;
    const [beta, alpha, sigma, tau] = ["x", "Intercept", "sigma", "sd(g)[Intercept]"].map((name) =>
      all(posterior, name),
    );
    const rows = { x: [0.5, 0.5, -1], g: [effects.level(2), "unseen", effects.level(7)] };
    const known = await posterior.predict(rows);
    const sds = known.columns.sd as Float64Array;
    const means = known.columns.mean as Float64Array;
    const fixed = mean(alpha.map((own, s) => own + 0.5 * beta[s]));
    expect(Math.abs(means[0] - fixed - effects.mean[2])).toBeLessThan((4 * sds[0]) / Math.sqrt(1000));
    expect(known.warnings).toEqual([expect.stringMatching(/^1 row with a level of g that no row of the fit has/)]);
    const spread = Math.sqrt(mean(tau.map((own) => own ** 2)));
    expect(Math.abs(means[1] - fixed)).toBeLessThan((4 * spread) / Math.sqrt(1000));
    expect(Math.abs(sds[1] / spread - 1)).toBeLessThan(0.15);
    const asNew = await posterior.predict(rows, { groups: "new" });
    expect(asNew.warnings).toEqual([]);
    expect(Math.abs((asNew.columns.sd as Float64Array)[0] / spread - 1)).toBeLessThan(0.15);
    const width =
      (asNew.columns.predictive_high as Float64Array)[0] - (asNew.columns.predictive_low as Float64Array)[0];
    const total = Math.sqrt(mean(tau.map((own, s) => own ** 2 + sigma[s] ** 2)));
    expect(Math.abs(width / (2 * 1.645 * total) - 1)).toBeLessThan(0.15);
    const population = await posterior.predict({ x: rows.x }, { groups: "population" });
    expect((population.columns.mean as Float64Array)[0]).toBeCloseTo(fixed, 1);
    expect((population.columns.sd as Float64Array)[0]).toBeLessThan(0.6 * spread);
  });

  it("are refused where none are kept, or where there are no groups", async () => {
    const none = await fit({ data: table, formula: "y ~ x + (1 | g)" }, { ...options, effects: false });
    expect(none.groupEffects).toBeUndefined();
    await expect(none.predict(table)).rejects.toThrow(/kept no effects of its groups/);
    expect((await none.predict(table, { groups: "new" })).missingRows).toBe(0);
    const flat = await fit({ data: table, formula: "y ~ x" }, { sampler: "laplace", draws: 100 });
    await expect(flat.predict(table, { groups: "new" })).rejects.toThrow(/this one has none/);
  });
});

describe("effects of so many nested groups that levels have laws", () => {
  it("have the exact moments, and so have predictions", async () => {
    const table = simulated({ outer: 500, inner: 5, rows: 5 });
    const options = { sampler: "laplace", draws: 500, seed: 3, effects: true } as const;
    const posterior = await fit({ data: table, formula: "y ~ x + (1 | a) + (1 | g)" }, options);
    const [outer, inner] = posterior.groupEffects!;
    expect([outer.known.kind, inner.known.kind, outer.numLevels, inner.numLevels]).toEqual(["laws", "laws", 500, 2500]);
    const names = ["x", "Intercept", "sigma", "sd(a)[Intercept]", "sd(g)[Intercept]"];
    const [beta, alpha, sigma, tauA, tauG] = names.map((name) => all(posterior, name));
    const chosen = [0, 13, 77, 499];
    const at = { a: [] as number[], g: [] as string[], x: [] as number[] };
    const exact: { mean: number; sd: number }[] = [];
    for (const a of chosen) {
      const levels = Array.from({ length: 5 }, (_, k) =>
        table.g.flatMap((name, n) => (name === `${a}-${k}` ? [n] : [])),
      );
      // Given θ: group means m_k of y − xβ; v_k shrunk by c, and u by the means' total precision.
      const u = { means: [] as number[], variances: [] as number[] };
      const sum = { means: [] as number[], variances: [] as number[] };
      alpha.forEach((_, s) => {
        const means = levels.map((rows) => mean(rows.map((n) => table.y[n] - alpha[s] - beta[s] * table.x[n])));
        const noise = sigma[s] ** 2 / 5;
        const precision = 5 / (noise + tauG[s] ** 2) + 1 / tauA[s] ** 2;
        const own = means.reduce((a, b) => a + b, 0) / (noise + tauG[s] ** 2) / precision;
        const share = tauG[s] ** 2 / (tauG[s] ** 2 + noise);
        u.means.push(own);
        u.variances.push(1 / precision);
        // u + v_0 + α = u (1 − c) + c m_0 + α, with the remaining variance of v.
        sum.means.push(alpha[s] + own * (1 - share) + share * means[0]);
        sum.variances.push((1 - share) ** 2 / precision + share * noise);
      });
      const ofOuter = mixed(u.means, u.variances);
      const level = Array.from({ length: 500 }, (_, l) => l).find((l) => outer.level(l) === String(a))!;
      expect(Math.abs(outer.mean[level] - ofOuter.mean)).toBeLessThan(0.02 * ofOuter.sd);
      expect(Math.abs(outer.sd[level] / ofOuter.sd - 1)).toBeLessThan(0.03);
      at.a.push(a);
      at.g.push(`${a}-0`);
      at.x.push(0);
      exact.push(mixed(sum.means, sum.variances));
    }
    const { columns } = await posterior.predict(at);
    exact.forEach((own, k) => {
      expect(Math.abs((columns.mean as Float64Array)[k] - own.mean)).toBeLessThan(4.5 * own.sd * Math.sqrt(1 / 1000));
      expect(Math.abs((columns.sd as Float64Array)[k] / own.sd - 1)).toBeLessThan(4.5 * Math.sqrt(1 / 2000) + 0.02);
    });
  });
});
