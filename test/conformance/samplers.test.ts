import { afterEach, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import type { Executor } from "../../src/engine/executor.ts";
import { createReferenceExecutor } from "../../src/engine/reference/reference-executor.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { families } from "../../src/families/families.ts";
import type { Model } from "../../src/models/model.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import type { DenseSampler } from "../../src/sampling/sampler.ts";
import { describeSamplerLaws, variants } from "./sampler-laws.ts";
import { problemOf, quadraticTarget, separatedTarget, skewedTarget, type Target } from "./targets.ts";

// Every sampler of the registry, with each of its preconditioners, obeys the law it predicts, reads its inputs only, and
// gives the same draws for the same seed.
const seed = 7;
const options: SamplerOptions = { tolerance: 0.05, chains: 4, draws: 500, seed };
const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemOn(create: () => Promise<Engine>, target: Target) {
  const engine = await create();
  engines.push(engine);
  return problemOf(engine, target);
}

/** The skewed target, or the quadratic one for samplers of the gaussian family. */
function suitedTarget(sampler: DenseSampler): Target {
  return sampler.unsupportedReason?.({ family: families.bernoulli } as Model) ? quadraticTarget() : skewedTarget();
}

// On the nearly normal targets in test/slow/samplers/laws.test.ts.
describeSamplerLaws({ tolerance: 0.1, draws: 120, isThorough: false });

describe.each(variants)("$title", ({ sampler, options }) => {
  it("agrees with the plain TypeScript step", async () => {
    const engine = await createInlineEngine();
    engines.push(engine);
    // One plan, followed twice: settings that are chosen by pilot runs need no plain ones.
    let executor = engine.executor;
    const either: Executor = { ...executor, run: (...call) => executor.run(...call) };
    const { local } = await problemOf({ ...engine, executor: either }, suitedTarget(sampler));
    const plan = await sampler.plan(local, { ...options, tolerance: 0.5, chains: 1, draws: 5 });
    const kernel = await plan.sample();
    executor = createReferenceExecutor(engine.memory);
    const reference = await plan.sample();
    for (let j = 0; j < kernel.dimension; j++) {
      const sd = Math.sqrt(kernel.covariance.data[j * kernel.dimension + j]);
      kernel.positions[0].forEach((value, k) => {
        if (k % kernel.dimension === j)
          expect(Math.abs(value - reference.positions[0][k])).toBeLessThan(1e-3 * sd + 1e-9);
      });
    }
  });

  it("gives the same draws again, and leaves its inputs alone", async () => {
    const target = suitedTarget(sampler);
    const draws: Float64Array[] = [];
    // On any number of threads too: threads.test.ts.
    for (let run = 0; run < 2; run++) {
      const { local, rows } = await problemOn(createInlineEngine, target);
      const before = { rows: rows().slice(), mode: local.mode.slice(), hessian: local.hessian.data.slice() };
      const plan = await sampler.plan(local, { ...options, tolerance: 0.5, draws: 20 });
      draws.push((await plan.sample()).positions[3], (await plan.sample()).positions[3]);
      expect(rows()).toEqual(before.rows);
      expect(local.mode).toEqual(before.mode);
      expect(local.hessian.data).toEqual(before.hessian);
    }
    for (const other of draws.slice(1)) expect(other).toEqual(draws[0]);
  });

  it("other seeds give other draws", async () => {
    const { local } = await problemOn(createInlineEngine, quadraticTarget());
    const first = await (await sampler.plan(local, { ...options, tolerance: 0.5, draws: 20 })).sample();
    const second = await (await sampler.plan(local, { ...options, tolerance: 0.5, draws: 20, seed: 8 })).sample();
    expect(first.positions[0]).not.toEqual(second.positions[0]);
    expect(first.positions[0]).not.toEqual(first.positions[1]);
  });
});

describe("control variates with settings of the user's", () => {
  const sampler = denseSamplers.find(({ name }) => name === "control-variate")!;

  it("finds a damping that tiny batches allow where the largest does not", async () => {
    const { local } = await problemOn(createInlineEngine, separatedTarget());
    const plan = await sampler.plan(local, { ...options, tolerance: 0.5, chains: 1, draws: 20, batchSize: 2 });
    expect(plan.settings.damping).toBeLessThan(0.25);
    expect((await plan.sample()).mean.every(Number.isFinite)).toBe(true);
  });

  it("refuses, in a sentence, batches too small for the damping asked for", async () => {
    const { local } = await problemOn(createInlineEngine, separatedTarget());
    await expect(sampler.plan(local, { ...options, damping: 1, batchSize: 1 })).rejects.toThrow(
      /raise --batch-size or lower --damping/,
    );
  });
});

describe("a skewed posterior", () => {
  /** Means and sds by brute-force integration over a grid in the mode's coordinates. */
  function exactMoments(local: DenseApproximation, target: Target, rows: Float32Array) {
    const { stride, numRows } = local.model.rows;
    const sds = [0, 1].map((j) => Math.sqrt(local.laplaceCovariance.data[3 * j]));
    const sums = new Float64Array(5);
    const precision = local.model.priorPrecision;
    for (let a = -8; a <= 8; a += 0.1) {
      for (let b = -8; b <= 8; b += 0.1) {
        const theta = [local.mode[0] + a * sds[0], local.mode[1] + b * sds[1]];
        let loss = 0.5 * (precision[0] * theta[0] ** 2 + precision[1] * theta[1] ** 2);
        for (let n = 0; n < numRows; n++) {
          const eta = rows[n * stride] * theta[0] + rows[n * stride + 1] * theta[1];
          loss += Math.log1p(Math.exp(eta)) - rows[n * stride + stride - 1] * eta;
        }
        const weight = Math.exp(-loss + 40);
        [1, a, b, a * a, b * b].forEach((value, k) => {
          sums[k] += weight * value;
        });
      }
    }
    const [, ma, mb, saa, sbb] = sums.map((sum) => sum / sums[0]);
    return { target, shift: [ma, mb], sdRatio: [Math.sqrt(saa - ma ** 2), Math.sqrt(sbb - mb ** 2)] };
  }

  it("control variates follow its mean and sd where Laplace does not", async () => {
    const { local, rows } = await problemOn(createInlineEngine, skewedTarget());
    const exact = exactMoments(local, skewedTarget(), rows());
    const sampler = denseSamplers.find(({ name }) => name === "control-variate")!;
    const output = await (await sampler.plan(local, { ...options, tolerance: 0.02, draws: 1000 })).sample();
    const laplaceError = Math.max(...exact.shift.map(Math.abs));
    expect(laplaceError).toBeGreaterThan(0.15);
    exact.shift.forEach((shift, j) => {
      const sd = Math.sqrt(local.laplaceCovariance.data[3 * j]);
      expect(Math.abs((output.mean[j] - local.mode[j]) / sd - shift)).toBeLessThan(0.03);
      expect(Math.abs(Math.sqrt(output.covariance.data[3 * j]) / sd / exact.sdRatio[j] - 1)).toBeLessThan(0.02);
    });
  });
});
