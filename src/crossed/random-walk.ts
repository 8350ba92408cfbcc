import { expect } from "vitest";
import { createInlineEngine } from "../engine/engine.ts";
import { families } from "../families/families.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { type CrossedSimulation, errorOf, mean, sd, simulateCrossed } from "./crossed-fixtures.ts";
import { crossedPosterior } from "./crossed-posterior.ts";
import type { CrossedModel } from "./model.ts";
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

/** Simulates rows and compares the draws of their posterior with those of the random walk, by means and spreads. */
export async function expectDrawsOfRandomWalk(told: CrossedSimulation): Promise<void> {
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
}
