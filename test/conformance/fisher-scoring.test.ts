import { afterAll, describe, expect, it } from "vitest";
import { effectiveSampleSize } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { largestEntry } from "../../src/linalg/matrix.ts";
import type { PreconditionerName } from "../../src/options/tuning.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { constantSgd } from "../../src/sampling/algorithms/constant-sgd.ts";
import { sgfs } from "../../src/sampling/algorithms/sgfs.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { problemOf, quadraticTarget, type Target } from "./targets.ts";

const options: SamplerOptions = { tolerance: 0.05, chains: 4, draws: 500, seed: 7 };
const engine = await createInlineEngine();
afterAll(() => engine.executor.close());

/** The fourth column is the first one again: the gradient noise is missing in one direction, which the prior alone bounds. */
function collinearTarget(): Target {
  const target = quadraticTarget();
  for (const row of target.x) row[3] = row[0];
  return { ...target, name: "collinear", auxiliaries: { sigma: 1 } };
}

describe("Fisher scoring in its limits", () => {
  const shapes: PreconditionerName[] = ["scalar", "diagonal", "full", "full-exact"];

  it.each(shapes)("%s: constant SGD as the minibatch makes all the noise", async (preconditioner) => {
    const { local } = await problemOf(engine, quadraticTarget());
    const shared = { ...options, preconditioner, batchSize: 20 };
    const plain = await constantSgd.plan(local, shared);
    const scored = await sgfs.plan(local, { ...shared, learningRate: 1e9 });
    const expected = plain.prediction.covariance;
    const scale = largestEntry(expected);
    scored.prediction.covariance.data.forEach((value, k) => {
      expect(Math.abs(value - expected.data[k]) / scale).toBeLessThan(1e-6);
    });
  });

  it("full: the posterior itself as the injected noise makes all the noise", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const errors = [];
    for (const learningRate of [1, 0.1, 0.001]) {
      const plan = await sgfs.plan(local, { ...options, preconditioner: "full", learningRate });
      errors.push(plan.prediction.maxSdError);
    }
    expect(errors[1]).toBeLessThan(errors[0]);
    expect(errors[2]).toBeLessThan(1e-4);
  });
});

describe("Fisher scoring where the gradient noise is missing in a direction", () => {
  it.each(["full", "full-exact"] as const)("%s: bounded steps sample it all the same", async (preconditioner) => {
    const { local } = await problemOf(engine, collinearTarget());
    const plan = await sgfs.plan(local, { ...options, preconditioner });
    // A finite step ρ inflates an sd by (1 − ρ/2)^(-1/2) where H is tuned for continuous time: 15.5% at ρ = 1/2.
    expect(plan.prediction.maxSdError).toBeLessThan(preconditioner === "full" ? 0.156 : 1e-6);
    expect(plan.prediction.largestContraction).toBeLessThan(0.5 + 1e-9);
    expect(plan.notes.join()).toMatch(/Steps longer than .* are cut/);
    const output = await plan.sample();
    for (let j = 0; j < output.dimension; j++) {
      const k = j * (output.dimension + 1);
      const squares = output.positions.map((values) =>
        Float64Array.from({ length: output.draws }, (_, n) => (values[n * output.dimension + j] - output.mean[j]) ** 2),
      );
      const measured = Math.sqrt(output.covariance.data[k] / plan.prediction.covariance.data[k]);
      // The sd of n independent normal draws has relative standard error √(2/n)/2.
      expect(Math.abs(measured - 1)).toBeLessThan((4 * Math.SQRT1_2) / Math.sqrt(effectiveSampleSize(squares)));
    }
  });

  it.each(["scalar", "diagonal"] as const)("%s: the injected noise alone keeps the law regular", async (name) => {
    const { local } = await problemOf(engine, collinearTarget());
    const plan = await sgfs.plan(local, { ...options, preconditioner: name });
    expect(plan.prediction.largestStableScale).toBeGreaterThan(1);
    expect(Number.isFinite(plan.prediction.maxSdError)).toBe(true);
    const plain = constantSgd.plan(local, { ...options, preconditioner: name });
    await expect(plain).rejects.toThrow(/needs gradient noise in every direction.*full-exact/);
  });

  it("a bound of the user's holds for every eigenvalue of H, and slows the chain down", async () => {
    const { local } = await problemOf(engine, quadraticTarget());
    const free = await sgfs.plan(local, options);
    const bounded = await sgfs.plan(local, { ...options, maxStep: 0.002 });
    expect(free.settings.maxStep).toBeNull();
    expect(bounded.settings.maxStep).toBe(0.002);
    expect(bounded.prediction.autocorrelationTime).toBeGreaterThan(2 * free.prediction.autocorrelationTime);
    expect(bounded.prediction.maxSdError).toBeLessThan(0.01);
  });

  it("a direction without noise, to rounding, is not searched for its end: every finite step seems within the bound", async () => {
    const random = createRandom(4, 0, 21);
    const column = (shift: number) => Array.from({ length: 200 }, () => shift + random.normal());
    const data = {
      y: column(0).map((value) => Math.floor(Math.exp(value))),
      x: column(1e6),
      z: column(0),
      u: column(0),
    };
    const { certificate } = await fit(
      { data, formula: "y ~ x + z + u" },
      {
        family: "negative-binomial",
        sampler: "sgfs",
        preconditioner: "full",
        standardize: "none",
        chains: 2,
        draws: 20,
        tolerance: 0.5,
      },
    );
    expect(certificate.verdict).toBe("failed");
  });
});
