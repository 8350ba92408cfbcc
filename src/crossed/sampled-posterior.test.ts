import { describe, expect, test } from "vitest";
import { createInlineEngine } from "../engine/engine.ts";
import { families } from "../families/families.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { type CrossedSimulation, errorOf, mean, sd, simulateCrossed } from "./crossed-fixtures.ts";
import { crossedPosterior } from "./crossed-posterior.ts";
import { GaussianMarginal } from "./gaussian-marginal.ts";
import type { CrossedModel } from "./model.ts";
import { sampledPosterior } from "./sampled-posterior.ts";
import { logPrior, tauOf, type VarianceLayout } from "./variances.ts";

/**
 * Another sampler for the same posterior, slow and simple: a random walk in one unknown or variance parameter at a time, with the
 * effects as multiples L(θ)⁻¹ b of their own scale, and the density written out from the losses of src/families.
 */
function walk(model: CrossedModel, layout: VarianceLayout, sweeps: number, seed: number) {
  const sizes = model.factors.map(({ numLevels }) => numLevels);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const size = total + model.numFixed + layout.size;
  const { row } = families[model.family];
  const logDensity = (x: Float64Array) => {
    const theta = x.subarray(total + model.numFixed);
    let sum = logPrior(layout, theta);
    const tau = tauOf(layout, theta);
    for (let at = 0; at < total; at++) sum -= 0.5 * x[at] ** 2;
    for (let d = 0; d < model.numFixed; d++) sum -= 0.5 * model.priorPrecision[d] * x[total + d] ** 2;
    for (let n = 0; n < model.numRows; n++) {
      let eta = model.offset ? model.offset[n] : 0;
      let from = 0;
      for (const [factor, { levelOf, effects }] of model.factors.entries()) {
        const value = effects[0] < 0 ? 1 : model.x[n * model.stride + effects[0]];
        eta += Math.exp(theta[factor]) * x[from + levelOf[n]] * value;
        from += sizes[factor];
      }
      for (let d = 0; d < model.numFixed; d++) eta += x[total + d] * model.x[n * model.stride + d];
      sum -= (model.weights ? model.weights[n] : 1) * row!.loss(eta, tau, model.y[n]);
    }
    return sum;
  };
  const random = createRandom(seed, 0, 2);
  const x = new Float64Array(size);
  const steps = new Float64Array(size).fill(0.5);
  let current = logDensity(x);
  const kept: number[][] = [];
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let at = 0; at < size; at++) {
      const old = x[at];
      x[at] += steps[at] * random.normal();
      const next = logDensity(x);
      const isTaken = Math.log(random.uniform()) < next - current;
      if (isTaken) current = next;
      else x[at] = old;
      if (sweep < 500) steps[at] *= Math.exp((isTaken ? 0.56 : -0.44) * (sweep + 1) ** -0.5);
    }
    if (sweep < 500) continue;
    const first = Math.exp(x[total + model.numFixed]) * x[0];
    kept.push([...x.subarray(total), first]);
  }
  return Array.from({ length: kept[0].length }, (_, at) => kept.map((values) => values[at]));
}

const toys: Record<string, CrossedSimulation> = {
  bernoulli: { family: "bernoulli", numRows: 70, levels: [8, 5], theta: [0, -0.5] },
  "bernoulli with weights": { family: "bernoulli", numRows: 40, levels: [6, 4], theta: [0.3, -0.5], weighted: true },
  poisson: { family: "poisson", numRows: 50, levels: [7, 4], theta: [-0.5, -1] },
  "a variance near 0": { family: "bernoulli", numRows: 60, levels: [6, 5], theta: [-6, 0] },
  "student-t": { family: "student-t", numRows: 60, levels: [7, 4], theta: [-0.3, -0.5, -0.7, 1] },
  "student-t with ν fixed": {
    ...{ family: "student-t", numRows: 50, levels: [6, 4], theta: [-0.3, -0.5, -0.7] },
    auxiliaries: { nu: 3, sigma: { kind: "half-normal", scale: 1 } },
  },
  "negative-binomial": { family: "negative-binomial", numRows: 60, levels: [7, 4], theta: [-0.5, -1, -0.5] },
  "negative-binomial with weights": {
    ...{ family: "negative-binomial", numRows: 40, levels: [6, 4], theta: [-0.5, -1, 0.3], weighted: true },
  },
  "slopes alone": { family: "bernoulli", numRows: 70, levels: [6, 5], effects: [[1], [-1]], theta: [0, 0] },
};

describe.each(Object.entries(toys))("%s", (_, told) => {
  test("draws agree with those of a random walk", { timeout: 300_000 }, async () => {
    const { model, layout } = simulateCrossed(told);
    const expected = walk(model, layout, 12_000, 7);
    const posterior = await crossedPosterior(await createInlineEngine(), model, { chains: 4, draws: 2000, seed: 8 });
    const width = model.numFixed + layout.size;
    for (let at = 0; at < width; at++) {
      const found = posterior.draws.flatMap((chain) => [...chain].filter((__, index) => index % width === at));
      // log τ has a long tail to the left: of the exponential law's rate, or longer.
      const transform = at < model.numFixed ? (value: number) => value : (value: number) => Math.log1p(Math.exp(value));
      const [left, right] = [found.map(transform), expected[at].map(transform)];
      expect(Math.abs(mean(left) - mean(right))).toBeLessThan(4 * Math.hypot(errorOf(left), errorOf(right)));
      const center = mean(right);
      const squares = (values: number[]) => values.map((value) => (value - center) ** 2);
      const [spreadLeft, spreadRight] = [squares(left), squares(right)];
      expect(Math.abs(mean(spreadLeft) - mean(spreadRight))).toBeLessThan(
        4.5 * Math.hypot(errorOf(spreadLeft), errorOf(spreadRight)),
      );
    }
    const first = expected[width];
    const { mean: means, sd: sds } = posterior.effects[0];
    expect(Math.abs(means[0] - mean(first))).toBeLessThan(4 * 1.3 * errorOf(first) + 0.03 * sd(first));
    const center = mean(first);
    const squares = first.map((value) => (value - center) ** 2);
    expect(Math.abs(sds[0] ** 2 - mean(squares))).toBeLessThan(4 * 1.3 * errorOf(squares) + 0.06 * mean(squares));
  });
});

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
