import { afterAll, expect, it } from "vitest";
import { createInlineEngine } from "../../../src/engine/engine.ts";
import { controlVariate } from "../../../src/sampling/algorithms/control-variate.ts";
import { problemOf, skewedTarget } from "../../conformance/targets.ts";

const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

it("control variates say what a damping of 1 costs", async () => {
  const { local } = await problemOf(engine, skewedTarget());
  const options = { chains: 4, draws: 500, seed: 7 };
  // Noise averaged over two steps leaves an error of second order in h: even h = 1 costs 0.3% here.
  const coarse = await controlVariate.plan!(local, { ...options, tolerance: 0.002, damping: 1, batchSize: 400 });
  const fine = await controlVariate.plan!(local, { ...options, tolerance: 0.01, damping: 0.05 });
  expect(coarse.prediction.maxSdError).toBeGreaterThan(0.002);
  expect(coarse.prediction.maxSdError).toBeGreaterThan(2 * fine.prediction.maxSdError);
  expect(coarse.notes.join()).toMatch(/With the damping 1 /);
});
