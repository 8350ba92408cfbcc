import { afterAll, describe, expect, it } from "vitest";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { preconditioners } from "../../src/options/tuning.ts";
import { constantSgd } from "../../src/sampling/algorithms/constant-sgd.ts";
import { momentumSgd } from "../../src/sampling/algorithms/momentum-sgd.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { problemOf, quadraticTarget, skewedTarget } from "./targets.ts";

const options: SamplerOptions = { tolerance: 0.5, chains: 2, draws: 100, seed: 7 };
const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

describe("momentum at μ = 1", () => {
  it.each(preconditioners)("%s: constant SGD, to the bit where the step is dense", async (preconditioner) => {
    for (const target of [quadraticTarget(), skewedTarget()]) {
      const { local } = await problemOf(engine, target);
      const plain = await (await constantSgd.plan(local, { ...options, preconditioner })).sample();
      const plan = await momentumSgd.plan(local, { ...options, preconditioner, momentum: 1 });
      const { positions } = await plan.sample();
      if (preconditioner.startsWith("full")) expect(positions).toEqual(plain.positions);
      // Without a velocity the shorter path of the kernel rounds otherwise, the f32 copy of θ now and then with it.
      else
        positions[1].forEach((value, k) => {
          const j = k % local.mode.length;
          const sd = Math.sqrt(plan.prediction.covariance.data[j * (local.mode.length + 1)]);
          expect(Math.abs(value - plain.positions[1][k])).toBeLessThan(1e-4 * sd);
        });
    }
  });
});

describe("momentum's choices", () => {
  it("draws become independent as fast for every μ, and the paper's settings err the less the smaller it is", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const plans = [];
    for (const momentum of [0.1, 0.4, 1])
      plans.push(await momentumSgd.plan(local, { ...options, momentum, preconditioner: "full" }));
    const [small, middle, none] = plans.map((plan) => plan.prediction);
    expect(small.autocorrelationTime / none.autocorrelationTime).toBeCloseTo(1, 1);
    expect(small.maxSdError).toBeLessThan(middle.maxSdError);
    expect(middle.maxSdError).toBeLessThan(none.maxSdError);
  });

  it("refuses a momentum out of range, in a sentence", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    await expect(momentumSgd.plan(local, { ...options, momentum: 1.5 })).rejects.toThrow(
      /--momentum 1.5 is out of range/,
    );
  });

  it("says what a learning rate of the user's costs, and refuses an unstable one", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const best = await momentumSgd.plan(local, options);
    const learningRate = 3 * best.settings.learningRate!;
    const plan = await momentumSgd.plan(local, { ...options, learningRate });
    expect(plan.prediction.maxSdError).toBeGreaterThan(0.5);
    expect(plan.notes.join()).toMatch(/the theory's/);
    const unstable = 1.02 * plan.prediction.largestStableScale! * learningRate;
    await expect(momentumSgd.plan(local, { ...options, learningRate: unstable })).rejects.toThrow(
      /not mean-square stable/,
    );
    const nearly = 0.97 * plan.prediction.largestStableScale! * learningRate;
    const shaky = await momentumSgd.plan(local, { ...options, learningRate: nearly });
    expect(shaky.prediction.maxSdError).toBeGreaterThan(1);
  });
});
