import { expect, test } from "vitest";
import { createInlineEngine } from "../../engine/engine.ts";
import { errorOf, mean, sd, simulateCrossed } from "../crossed-fixtures.ts";
import { crossedPosterior } from "../crossed-posterior.ts";
import { GaussianMarginal } from "../marginal/gaussian-marginal.ts";
import { expectDrawsOfRandomWalk } from "../random-walk.ts";
import { sampledPosterior } from "./sampled-posterior.ts";

test(
  "draws agree with those of a random walk, as those of other models do in test/slow/samplers/crossed-walk.test.ts",
  { timeout: 300_000 },
  () =>
    expectDrawsOfRandomWalk({
      ...{ family: "negative-binomial", numRows: 40, levels: [6, 4], theta: [-0.5, -1, 0.3], weighted: true },
    }),
);

test("gaussian rows have the law that integrating them exactly gives, σ too", async () => {
  const { model, layout } = simulateCrossed({
    ...{ family: "gaussian", numRows: 600, levels: [60, 40], theta: [-0.3, -0.7, -0.5], weighted: true },
  });
  const settings = { chains: 4, draws: 2000, seed: 9 };
  const exact = await crossedPosterior(await createInlineEngine(), model, settings);
  expect(exact.error.kind).toBe("interpolated");
  const sampled = await sampledPosterior(await createInlineEngine(), model, settings);
  const width = model.numFixed + layout.size;
  for (let at = 0; at < width; at++) {
    const [left, right] = [exact, sampled].map(({ draws }) =>
      draws.flatMap((chain) => [...chain].filter((_, index) => index % width === at)),
    );
    expect(Math.abs(mean(left) - mean(right))).toBeLessThan(4 * Math.hypot(errorOf(left), errorOf(right)));
    expect(Math.abs(sd(left) / sd(right) - 1)).toBeLessThan(0.08);
  }
  for (const factor of [0, 1])
    for (const [at, center] of exact.effects[factor].mean.entries()) {
      const spread = exact.effects[factor].sd[at];
      expect(Math.abs(sampled.effects[factor].mean[at] - center) / spread).toBeLessThan(0.1);
      expect(Math.abs(sampled.effects[factor].sd[at] / spread - 1)).toBeLessThan(0.08);
    }
});

/** log p(θ | y) on a line through the other parameters' integral is not to be had; its slope's mean over the posterior is: 0. */
test("correlated slopes: the exact slope of log p(θ | y) has the mean 0 over the draws", async () => {
  const { model, layout } = simulateCrossed({
    ...{ family: "gaussian", numRows: 250, levels: [15, 8], effects: [[-1, 1], [-1]] },
    theta: [-0.3, -0.7, 0.5, -0.6, 0],
  });
  const { draws } = await sampledPosterior(await createInlineEngine(), model, { chains: 4, draws: 500, seed: 9 });
  const marginal = new GaussianMarginal(await createInlineEngine(), model, layout);
  const width = model.numFixed + layout.size;
  const thetas = draws.flatMap((chain) =>
    Array.from({ length: 500 }, (_, draw) => chain.slice(draw * width + model.numFixed, (draw + 1) * width)),
  );
  const slopes: Float64Array[] = [];
  for (const theta of thetas) slopes.push((await marginal.slopeAt(theta)).slope);
  for (let at = 0; at < layout.size; at++) {
    const own = slopes.map((slope) => slope[at]);
    expect(Math.abs(mean(own))).toBeLessThan(4 * errorOf(own));
    // E[θ ∂log p/∂θ] = −1: the width of the law.
    const center = mean(thetas.map((theta) => theta[at]));
    const widths = thetas.map((theta, k) => (theta[at] - center) * own[k]);
    expect(Math.abs(mean(widths) + 1)).toBeLessThan(4 * errorOf(widths));
  }
});

test("kept effects are those of the draws they are said to belong to", async () => {
  const { model } = simulateCrossed({ family: "bernoulli", numRows: 100, levels: [8, 5], theta: [0, -0.5] });
  const { kept, effects } = await crossedPosterior(await createInlineEngine(), model, {
    ...{ chains: 2, draws: 400, seed: 3, effectDraws: 800 },
  });
  expect([...kept.draws]).toEqual([...Array(800).keys()]);
  for (const [factor, { mean: means, sd: sds }] of effects.entries())
    for (const [at, value] of means.entries()) {
      const own = kept.effects[factor].filter((_, index) => index % means.length === at);
      expect(mean(own)).toBeCloseTo(value, 5);
      expect(sd(own)).toBeCloseTo(sds[at], 2);
    }
});
