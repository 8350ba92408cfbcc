import { afterAll, describe, expect, it } from "vitest";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { diagonal } from "../../src/linalg/matrix.ts";
import { constantSgd } from "../../src/sampling/algorithms/constant-sgd.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { estimateOnline } from "../../src/sampling/tuning/online-noise.ts";
import { chooseSgdStep } from "../../src/sampling/tuning/sgd-step.ts";
import { stateDependentCovariance } from "../../src/theory/stability.ts";
import { problemOf, quadraticTarget, skewedTarget } from "./targets.ts";

const options: SamplerOptions = { tolerance: 0.02, chains: 4, draws: 100, seed: 7 };
const batchSize = 20;
const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

describe.each([quadraticTarget(), skewedTarget()])("noise estimated online, $name", (target) => {
  it("is the noise averaged over the chain's law, within 4.5 standard errors, and takes fewer batches from all their rows", async () => {
    const { local } = await problemOf(engine, target);
    const { hessian, numRows, noise } = local;
    const batches = [];
    for (const kind of ["within-batch", "first-row"] as const) {
      const step = (noiseCovariance: typeof hessian) =>
        chooseSgdStep("full-exact", { hessian, noiseCovariance, numRows, batchSize });
      const settings = { preconditioner: "full-exact" as const, batchSize };
      const online = await estimateOnline(local, kind, settings, step, options);
      const preconditioner = step(online.covariance).step;
      const sgd = { preconditioner, hessian, noiseCovariance: local.noiseCovariance, batchSize };
      const { noiseCovariance: expected } = await stateDependentCovariance(sgd, noise);
      const exact = diagonal(expected);
      diagonal(online.covariance).forEach((value, k) => {
        // Four chains know their spread to 40% only, and the coordinates' spreads differ: hence the factor of 2.
        expect(Math.abs(value / exact[k] - 1), `${kind}, parameter ${k}`).toBeLessThan(4.5 * 2 * online.relativeError);
      });
      expect(online.sdError).toBeLessThan(options.tolerance / 3);
      expect(online.notes).toEqual([]);
      batches.push(online.batches);
    }
    expect(batches[1] / batches[0]).toBeGreaterThanOrEqual(4);
  });
});

// Where the loss is not quadratic the chain's own law, over which it averages, is not the normal one of the prediction.
it("leads to settings as good as those of a pass on a quadratic target", async () => {
  const { local } = await problemOf(engine, quadraticTarget());
  for (const preconditioner of ["full-exact", "diagonal"] as const) {
    const pass = await constantSgd.plan(local, { ...options, preconditioner });
    const online = await constantSgd.plan(local, { ...options, preconditioner, noiseEstimate: "within-batch" });
    expect(online.prediction.maxSdError).toBeLessThan(pass.prediction.maxSdError + options.tolerance);
    expect(online.settings.because).toMatch(/estimated online from [\d,]+ batches/);
  }
});

it("batches of one row tell nothing of the noise: a sentence", async () => {
  const { local } = await problemOf(engine, quadraticTarget());
  const plan = constantSgd.plan(local, { ...options, batchSize: 1, noiseEstimate: "within-batch" });
  await expect(plan).rejects.toThrow(/--batch-size of 2 or more/);
});
