import { afterAll, describe, expect, it } from "vitest";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { sgld } from "../../src/sampling/algorithms/sgld.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { problemOf, quadraticTarget, skewedTarget } from "./targets.ts";

const options: SamplerOptions = { tolerance: 0.05, chains: 2, draws: 100, seed: 7 };
const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

describe.each([quadraticTarget(), skewedTarget()])("Langevin dynamics, $name", (target) => {
  it("takes the largest rate that the tolerance allows, whatever the batch", async () => {
    const { local } = await problemOf(engine, target);
    for (const tolerance of [0.01, 0.05]) {
      const rowsPerDraw = [];
      for (const batchSize of [4, 16]) {
        const { settings, prediction } = await sgld.plan(local, { ...options, tolerance, batchSize });
        expect(prediction.maxSdError).toBeLessThan(tolerance);
        expect(prediction.maxSdError).toBeGreaterThan(0.8 * tolerance);
        rowsPerDraw.push(prediction.autocorrelationTime * settings.batchSize!);
      }
      // Rows an independent draw: the same, as long as minibatch noise makes most of the error.
      expect(rowsPerDraw[1] / rowsPerDraw[0]).toBeLessThan(1.3);
      expect(rowsPerDraw[1] / rowsPerDraw[0]).toBeGreaterThan(0.9);
    }
  });

  it("falls from a rate beyond the tolerance to one within, and is within on the whole", async () => {
    const { local } = await problemOf(engine, target);
    const constant = await sgld.plan(local, options);
    const falling = await sgld.plan(local, { ...options, schedule: "decreasing" });
    expect(falling.prediction.maxSdError).toBeLessThan(options.tolerance);
    expect(falling.prediction.maxSdError).toBeGreaterThan(0.7 * options.tolerance);
    expect(falling.settings.learningRate! / constant.settings.learningRate!).toBeGreaterThan(2);
    expect(falling.settings.stepsPerDraw / constant.settings.stepsPerDraw).toBeLessThan(1.6);
    const from = await sgld.plan(local, { ...options, learningRate: falling.settings.learningRate! });
    expect(from.prediction.maxSdError).toBeGreaterThan(2 * options.tolerance);
  });

  it("says what a learning rate of the user's costs", async () => {
    const { local } = await problemOf(engine, target);
    for (const schedule of ["constant", "decreasing"] as const) {
      const usual = await sgld.plan(local, { ...options, schedule });
      const plan = await sgld.plan(local, {
        ...options,
        schedule,
        learningRate: usual.settings.learningRate! / 10,
      });
      expect(plan.prediction.maxSdError).toBeLessThan(0.3 * usual.prediction.maxSdError);
      expect(plan.notes.join()).toMatch(/the theory's/);
    }
  });
});
