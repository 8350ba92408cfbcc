import { describe, expect, test } from "vitest";
import { createInlineEngine } from "../../engine/engine.ts";
import { type CrossedSimulation, columnsOf, errorOf, mean, sd, simulateCrossed } from "../crossed-fixtures.ts";
import { crossedPosterior } from "../crossed-posterior.ts";
import { GaussianMarginal } from "./gaussian-marginal.ts";

/**
 * What is expected of f over the exact marginal posterior of two variance parameters, by the trapezoidal rule on a grid wide
 * enough for its long tail to the left.
 */
async function overGrid(told: CrossedSimulation, bounds: readonly (readonly [number, number])[], steps: number) {
  const { model, layout } = simulateCrossed(told);
  const marginal = new GaussianMarginal(await createInlineEngine(), model, layout);
  const places: { theta: Float64Array; logDensity: number; unknowns: Float64Array; variances: Float64Array }[] = [];
  for (let i = 0; i <= steps; i++)
    for (let j = 0; j <= steps; j++) {
      const theta = Float64Array.from([i, j], (k, at) => bounds[at][0] + (k / steps) * (bounds[at][1] - bounds[at][0]));
      const { logDensity, mean: unknowns, covariances } = await marginal.slopeAt(theta);
      places.push({ theta, logDensity, unknowns, variances: covariances[0] });
    }
  const highest = Math.max(...places.map(({ logDensity }) => logDensity));
  const weights = places.map(({ logDensity }) => Math.exp(logDensity - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const expected = (f: (place: (typeof places)[number]) => number) =>
    places.reduce((sum, place, k) => sum + (weights[k] * f(place)) / total, 0);
  return { model, layout, marginal, expected };
}

// σ is fixed, so that there are two variance parameters for a grid.
const hard: Record<string, [CrossedSimulation, readonly (readonly [number, number])[]]> = {
  "two factors of many levels": [
    { family: "gaussian", numRows: 400, levels: [40, 25], theta: [-0.5, -0.9], auxiliaries: { sigma: 0.8 } },
    [
      [-1.6, 0.4],
      [-2.2, 0.2],
    ],
  ],
  "a variance near 0, and 5 levels": [
    { family: "gaussian", numRows: 150, levels: [20, 5], theta: [-6, -0.5], auxiliaries: { sigma: 0.8 } },
    [
      [-12, 0.5],
      [-3.5, 3.5],
    ],
  ],
};

describe.each(Object.entries(hard))("%s", (_, [told, bounds]) => {
  test("draws have the law that the exact density has over a grid", { timeout: 300_000 }, async () => {
    const { model, layout, marginal, expected } = await overGrid(told, bounds, 60);
    const posterior = await crossedPosterior(await createInlineEngine(), model, { chains: 4, draws: 1500, seed: 3 });
    const columns = columnsOf(posterior.draws, model.numFixed + layout.size);
    for (let at = 0; at < layout.size; at++) {
      const tau = columns[model.numFixed + at].map(Math.exp);
      const center = expected(({ theta }) => Math.exp(theta[at]));
      const variance = expected(({ theta }) => (Math.exp(theta[at]) - center) ** 2);
      // 0.02 sds, and of the variance 4%, for the interpolation and for the grid.
      expect(Math.abs(mean(tau) - center)).toBeLessThan(4 * errorOf(tau) + 0.02 * Math.sqrt(variance));
      const squares = tau.map((value) => (value - center) ** 2);
      expect(Math.abs(mean(squares) - variance)).toBeLessThan(4 * errorOf(squares) + 0.04 * variance);
      const below = expected(({ theta }) => (theta[at] < Math.log(center) - 1 ? 1 : 0));
      const shares = tau.map((value) => (Math.log(value) < Math.log(center) - 1 ? 1 : 0));
      expect(Math.abs(mean(shares) - below)).toBeLessThan(4 * errorOf(shares) + 0.01);
    }
    for (let d = 0; d < model.numFixed; d++) {
      const center = expected(({ unknowns }) => unknowns[marginal.structure.fixedAt + d]);
      expect(Math.abs(mean(columns[d]) - center)).toBeLessThan(0.06 * sd(columns[d]));
    }
    for (let level = 0; level < model.factors[0].numLevels; level++) {
      const at = marginal.structure.offsets[0] + level;
      const center = expected(({ unknowns }) => unknowns[at]);
      const spread = Math.sqrt(expected(({ unknowns, variances }) => variances[level] + (unknowns[at] - center) ** 2));
      expect(Math.abs(posterior.effects[0].mean[level] - center)).toBeLessThan(0.06 * spread);
      expect(Math.abs(posterior.effects[0].sd[level] / spread - 1)).toBeLessThan(0.05);
    }
  });
});

test("kept draws of effects have the moments that were integrated", async () => {
  const told: CrossedSimulation = {
    ...{
      family: "gaussian",
      numRows: 300,
      levels: [20, 6],
      effects: [[-1, 1], [-1]],
      theta: [-0.5, -1, 0.4, -1, -0.2],
    },
    weighted: true,
  };
  const { model } = simulateCrossed(told);
  const posterior = await crossedPosterior(await createInlineEngine(), model, {
    chains: 2,
    draws: 1000,
    seed: 4,
    effectDraws: 2000,
  });
  for (const [factor, { mean: means, sd: sds }] of posterior.effects.entries()) {
    const size = means.length;
    const draws = posterior.kept.effects[factor];
    for (let at = 0; at < size; at++) {
      const own = draws.filter((_, index) => index % size === at);
      // Of 2,000 draws the mean has 0.022 sds, the sd 1.6%; some 50 effects are looked at.
      expect(Math.abs(mean(own) - means[at]) / sds[at]).toBeLessThan(0.1);
      expect(Math.abs(sd(own) / sds[at] - 1)).toBeLessThan(0.08);
    }
  }
});

test("levels without rows have their prior's law, and rows of two designs that share no level are fitted together", async () => {
  const { model } = simulateCrossed({ family: "gaussian", numRows: 200, levels: [16, 12], theta: [-0.5, -0.7, -0.3] });
  // Levels below half of the first factor meet those below half of the second only.
  for (let row = 0; row < model.numRows; row++) {
    const [a, b] = model.factors.map(({ levelOf }) => levelOf);
    b[row] = (b[row] % 6) + (a[row] < 8 ? 0 : 6);
  }
  const apart = { ...model, factors: [{ ...model.factors[0], numLevels: 17 }, model.factors[1]] };
  const posterior = await crossedPosterior(await createInlineEngine(), apart, { chains: 2, draws: 2000, seed: 5 });
  const columns = columnsOf(posterior.draws, 2 + 3);
  expect(Math.abs(posterior.effects[0].mean[16])).toBeLessThan(0.06 * posterior.effects[0].sd[16]);
  // Its variance is E[τ²].
  const variance = mean(columns[2].map((value) => Math.exp(2 * value)));
  expect(posterior.effects[0].sd[16] / Math.sqrt(variance)).toBeCloseTo(1, 1);
});

test("the same seed gives the same draws, and all memory is given back", async () => {
  const { model } = simulateCrossed({ family: "gaussian", numRows: 200, levels: [10, 8], theta: [-0.5, -0.7, -0.3] });
  const engine = await createInlineEngine();
  const before = engine.memory.mark();
  const settings = { chains: 2, draws: 50, seed: 6, effectDraws: 10 };
  const first = await crossedPosterior(engine, model, settings);
  expect(engine.memory.mark()).toBe(before);
  expect((await crossedPosterior(engine, model, settings)).draws).toEqual(first.draws);
  expect((await crossedPosterior(engine, model, { ...settings, seed: 7 })).draws).not.toEqual(first.draws);
});
