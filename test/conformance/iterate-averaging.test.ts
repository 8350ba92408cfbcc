import { afterAll, describe, expect, it } from "vitest";
import { certify } from "../../src/diagnostics/certificate/certify.ts";
import { effectiveSampleSize } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { largestEntry } from "../../src/linalg/matrix.ts";
import { constantSgd } from "../../src/sampling/algorithms/constant-sgd.ts";
import { iasg } from "../../src/sampling/algorithms/iasg.ts";
import type { ChainOutput, Plan, SamplerOptions } from "../../src/sampling/plan.ts";
import { sampleDensely } from "../../src/sampling/run.ts";
import { largestSdError } from "../../src/theory/divergence.ts";
import { problemOf, quadraticTarget, skewedTarget, type Target } from "./targets.ts";

const options: SamplerOptions = { tolerance: 0.05, chains: 4, draws: 500, seed: 7 };
const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

/** The noise is half of what the model says it is, and depends on the first feature: the sandwich is far from P. */
function misspecifiedTarget(): Target {
  const target = quadraticTarget();
  const y = target.y.map((value, n) => value + (target.x[n][0] > 0 ? 1.5 : 0) * Math.sin(7 * n));
  return { ...target, name: "misspecified", y, auxiliaries: { sigma: 0.5 } };
}

/** Largest difference between measured and predicted sds, in standard errors from the draws' own effective sample size. */
function worstDeviation(plan: Plan, output: ChainOutput): number {
  let worst = 0;
  for (let j = 0; j < output.dimension; j++) {
    const k = j * (output.dimension + 1);
    const squares = output.positions.map((values) =>
      Float64Array.from({ length: output.draws }, (_, n) => (values[n * output.dimension + j] - output.mean[j]) ** 2),
    );
    const ratio = Math.sqrt(output.covariance.data[k] / plan.prediction.covariance.data[k]);
    worst = Math.max(worst, Math.abs(ratio - 1) / (Math.SQRT1_2 / Math.sqrt(effectiveSampleSize(squares))));
  }
  return worst;
}

describe("iterate averaging", () => {
  it("is constant SGD where a window is one step", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const shared = { ...options, preconditioner: "scalar" as const, batchSize: 20, learningRate: 0.03 };
    const plain = await constantSgd.plan(local, shared);
    const single = await iasg.plan(local, { ...shared, window: 20 / 2000, covariance: "sandwich" });
    expect(single.settings.stepsPerDraw).toBe(1);
    const scale = largestEntry(plain.prediction.covariance);
    single.prediction.covariance.data.forEach((value, k) => {
      expect(Math.abs((value * 2000) / 20 - plain.prediction.covariance.data[k]) / scale).toBeLessThan(1e-9);
    });
    expect(single.notes.join()).toMatch(/shorter than a pass/);
  });

  it("has the sandwich covariance of a wrong model, and its certificate does not call that an error", async () => {
    const { local } = await problemOf(engine, misspecifiedTarget());
    const plan = await iasg.plan(local, { ...options, covariance: "sandwich" });
    expect(largestSdError(plan.prediction.covariance, local.laplaceCovariance)).toBeGreaterThan(0.3);
    expect(plan.prediction.maxSdError).toBeLessThan(0.05);
    const output = await plan.sample();
    expect(worstDeviation(plan, output)).toBeLessThan(4.5);
    const coefficients = [{ name: "x1", essBulk: 2000, rHat: 1 }];
    const run = await sampleDensely(local, iasg, { ...options, covariance: "sandwich" });
    const context = { coefficients, options: { tolerance: 0.05 }, checks: [], remarks: [], notes: [] };
    const certificate = await certify(run, context);
    expect(certificate.maxSdError.measured).toBeLessThan(0.15);
    expect(certificate.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(certificate.assumptions.find(({ id }) => id === "A5")?.passed).toBe(false);
  });

  it("has the posterior covariance of the same model by the linear map", async () => {
    const { local } = await problemOf(engine, misspecifiedTarget());
    const plan = await iasg.plan(local, options);
    expect(plan.prediction.covariance).toBe(local.laplaceCovariance);
    expect(worstDeviation(plan, await plan.sample())).toBeLessThan(4.5);
  });

  it("predicts what windows far too short and steps far too long do", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const given = { ...options, covariance: "sandwich" as const, batchSize: 10, draws: 2000 };
    for (const setting of [
      { window: 1, learningRate: 0.005 },
      { window: 1, learningRate: 0.6 },
    ]) {
      const plan = await iasg.plan(local, { ...given, ...setting });
      expect(plan.prediction.maxSdError).toBeGreaterThan(0.1);
      expect(plan.notes.join()).toMatch(/With (--window|the learning rate)/);
      expect(worstDeviation(plan, await plan.sample())).toBeLessThan(4.5);
    }
  });

  it("takes a smaller step where the loss is not quadratic, so that the averages stay centred", async () => {
    const { local } = await problemOf(engine, skewedTarget());
    const chosen = await iasg.plan(local, options);
    const { learningRate } = chosen.settings;
    const longer = await iasg.plan(local, { ...options, learningRate: 8 * (learningRate ?? 0) });
    const meanError = ({ prediction }: Plan) => (prediction.law === "averages" ? prediction.meanError : Number.NaN);
    expect(meanError(chosen)).toBeLessThan(0.05);
    expect(meanError(longer)).toBeGreaterThan(0.1);
  });

  it("makes fewer draws where a pass for each costs too much, and says so", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const plan = await iasg.plan(local, { ...options, draws: 1_000_000 });
    expect(plan.settings.draws).toBeLessThan(1_000_000);
    expect(plan.notes.join()).toMatch(/draws a chain in place of 1,000,000; --sampler control-variate/);
  });

  it("refuses, in a sentence, data whose gradient noise does not reach every direction", async () => {
    const target = quadraticTarget();
    for (const row of target.x) row[3] = row[0];
    const { local } = await problemOf(engine, target);
    await expect(iasg.plan(local, options)).rejects.toThrow(/needs gradient noise in every direction/);
  });
});
