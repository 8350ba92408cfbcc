import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemOf, skewedTarget, type Target } from "../../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../../engine/engine.ts";
import { diagonal } from "../../linalg/matrix.ts";
import { withHyperparameters } from "../../models/create-model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { diagonalNoise } from "../diagonal-noise.ts";
import { limitedMemoryBfgs } from "./limited-memory-bfgs.ts";
import { findMode } from "./mode.ts";
import { findModeFromNoise, meanLoss } from "./mode-from-noise.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createInlineEngine();
});
afterAll(() => engine.executor.close());

/** A linear model with learned noise scale, its columns on very different scales of correlation. */
function linearTarget(): Target {
  const random = createRandom(21, 0, 9);
  const x = Array.from({ length: 3000 }, () => {
    const shared = random.normal();
    return Float64Array.from({ length: 20 }, (_, j) => shared + (0.05 + 0.1 * j) * random.normal());
  });
  const y = Float64Array.from(x, (row) => row[0] - 2 * row[7] + 0.5 * random.normal());
  return { name: "linear", x, y, family: "gaussian", prior: { mean: 0.2, sd: 1 } };
}

/** Largest distance from the Newton mode, in posterior sds. */
async function distance(target: Target): Promise<number> {
  const { local } = await problemOf(engine, target);
  const { position, converged } = await findModeFromNoise(local.workspace, local.model);
  expect(converged).toBe(true);
  const sds = diagonal(local.laplaceCovariance).map(Math.sqrt);
  return Math.max(...position.map((value, j) => Math.abs(value - local.mode[j]) / sds[j]));
}

describe("limited-memory BFGS", () => {
  it("finds the minimum of Rosenbrock's function in 10 dimensions", async () => {
    const evaluate = async (x: Float64Array) => {
      const gradient = new Float64Array(x.length);
      let value = 0;
      for (let j = 0; j + 1 < x.length; j++) {
        const a = x[j + 1] - x[j] ** 2;
        value += 100 * a ** 2 + (1 - x[j]) ** 2;
        gradient[j] += -400 * x[j] * a - 2 * (1 - x[j]);
        gradient[j + 1] += 200 * a;
      }
      return { value, gradient };
    };
    const start = new Float64Array(10).map((_, j) => (j % 2 ? 1 : -1.2));
    const diagonal = new Float64Array(10).fill(1);
    const found = await limitedMemoryBfgs(evaluate, { start, diagonal, tolerance: 1e-20, maxIterations: 500 });
    expect(found.converged).toBe(true);
    for (const value of found.position) expect(value).toBeCloseTo(1, 9);
    expect(found.evaluations).toBeLessThan(300);
  });
});

describe("the mode without M×M memory", () => {
  it("is Newton's to a few hundredths of a posterior sd", async () => {
    // The tolerance asks for 0.01 sd a parameter in root mean square.
    expect(await distance(skewedTarget())).toBeLessThan(0.03);
    expect(await distance(linearTarget())).toBeLessThan(0.05);
  });

  it("starts from a mode under a similar prior, and needs fewer passes from there", async () => {
    const { local } = await problemOf(engine, linearTarget());
    const { workspace, model } = local;
    const priorPrecision = model.priorPrecision.map((value) => 100 * value);
    const tighter = withHyperparameters(model, { priorPrecision });
    const newton = (await findMode(workspace, tighter)).position;
    const cold = await findModeFromNoise(workspace, tighter, { tolerance: 1e-8 });
    const warm = await findModeFromNoise(workspace, tighter, { tolerance: 1e-8, start: local.mode });
    expect(warm.passes).toBeLessThan(0.8 * cold.passes);
    const distanceTo = (from: Float64Array) => Math.max(...newton.map((value, j) => Math.abs(value - from[j])));
    expect(distanceTo(warm.position)).toBeLessThan(distanceTo(local.mode) / 100);
  });

  it("measures the loss a row", async () => {
    const { local } = await problemOf(engine, skewedTarget());
    const position = new Float64Array(local.model.dimension);
    expect(await meanLoss(local.workspace, local.model, position)).toBeCloseTo(Math.log(2), 12);
  });

  it("knows the noise's diagonal to its sampling error", async () => {
    const { local } = await problemOf(engine, skewedTarget());
    const estimate = await diagonalNoise(local.workspace, local.model, local.mode, {
      count: 4000,
      random: createRandom(3, 0, 5),
    });
    // A relative error of √((kurtosis − 1)/4000): for squared slopes with kurtosis up to 30, 9 % is one sd.
    diagonal(local.noiseCovariance).forEach((value, j) => {
      expect(Math.abs(estimate[j] / value - 1)).toBeLessThan(0.25);
    });
  });
});
