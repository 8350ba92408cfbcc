import { describe, expect, test } from "vitest";
import { designFromArrays } from "../../../src/design/design-from-arrays.ts";
import { createInlineEngine, type Engine } from "../../../src/engine/engine.ts";
import { conjugatePosterior } from "../../../src/estimation/conjugate.ts";
import { estimate } from "../../../src/estimation/estimate.ts";
import { estimateLowRank } from "../../../src/estimation/estimate-low-rank.ts";
import { diagonal } from "../../../src/linalg/matrix.ts";
import { createModel, type ModelOptions } from "../../../src/models/create-model.ts";
import { type Model, rowBlockOf } from "../../../src/models/model.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { controlVariate } from "../../../src/sampling/algorithms/control-variate.ts";
import { iasg } from "../../../src/sampling/algorithms/iasg.ts";
import { wideLangevin } from "../../../src/sampling/algorithms/wide-langevin.ts";
import type { LowRankRun } from "../../../src/sampling/run.ts";
import { sampleFrom } from "../../../src/sampling/run.ts";
import type { Sampler } from "../../../src/sampling/sampler.ts";
import { sandwichCovariance } from "../../../src/theory/averaging.ts";

const options = { tolerance: 0.02, chains: 4, draws: 1000, seed: 3 };

/** Indicators of levels with few rows each, the reference level rare too, and a column of numbers. */
async function modelOf(
  engine: Engine,
  numRows: number,
  numLevels: number,
  given: Partial<ModelOptions>,
): Promise<Model> {
  const random = createRandom(8, 0, 9);
  const levels = Array.from({ length: numRows }, (_, n) =>
    n < 3 ? 0 : 1 + Math.floor((numLevels - 1) * random.uniform()),
  );
  const x = levels.map((level) => {
    const row = new Float64Array(numLevels);
    if (level > 0) row[level - 1] = 1;
    row[numLevels - 1] = random.normal();
    return row;
  });
  const y = x.map((row, n) => Math.sin(levels[n]) + 0.5 * row[numLevels - 1] + random.normal());
  const isBinary = given.family === "bernoulli";
  let address = 0;
  const memory = {
    allocateRows(rows: number, stride: number) {
      address = engine.memory.allocate(4 * rows * stride);
      return engine.memory.f32(address, rows * stride);
    },
  };
  const targets = isBinary ? y.map((value) => value > 0.3) : y;
  const design = await designFromArrays({ x, y: targets }, { storage: "sparse", memory });
  return createModel(engine.memory, rowBlockOf(design, address), { family: "gaussian", ...given });
}

async function runOn(local: LowRankRun["local"], sampler: Sampler, given = options): Promise<LowRankRun> {
  return (await sampleFrom(local, sampler, given)) as LowRankRun;
}

/** Mean and sd of each parameter, and how many draws its autocorrelation leaves of all. */
function momentsOf(positions: readonly Float32Array[], dimension: number) {
  const draws = positions[0].length / dimension;
  return Array.from({ length: dimension }, (_, j) => {
    const values = positions.flatMap((chain) => Array.from({ length: draws }, (_, k) => chain[k * dimension + j]));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { mean, sd: Math.sqrt(variance) };
  });
}

// Draws stand an autocorrelation time of the slowest direction apart: at least a third of them count.
const effective = (options.chains * options.draws) / 3;

describe("wide Langevin dynamics", () => {
  test("of a linear model has the exact posterior, though only three rows bear on the reference level", async () => {
    const engine = await createInlineEngine();
    const model = await modelOf(engine, 2000, 40, {});
    const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
    const local = await estimateLowRank(workspace, model, 1);
    expect(local.directions.length).toBeGreaterThan(0);
    const { positions } = (await runOn(local, wideLangevin)).output;
    const exact = await conjugatePosterior(workspace, model);
    const sds = diagonal(exact.covariance).map(Math.sqrt);
    momentsOf(positions, model.dimension).forEach(({ mean, sd }, j) => {
      // Four standard errors of 41 parameters' mean and sd, and 1% for what halving the step may still change.
      expect(Math.abs(mean - exact.mean[j]) / sds[j]).toBeLessThan(4 / Math.sqrt(effective) + 0.01);
      expect(Math.abs(sd / sds[j] - 1)).toBeLessThan(4 / Math.sqrt(2 * effective) + 0.01);
    });
  });

  test("of a logistic model has the posterior that control variates have", async () => {
    const engine = await createInlineEngine();
    const model = await modelOf(engine, 800, 8, { family: "bernoulli" });
    const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
    const { positions } = (await runOn(await estimateLowRank(workspace, model, 1), wideLangevin)).output;
    const plan = await controlVariate.plan(await estimate(workspace, model, 1), { ...options, tolerance: 0.04 });
    const expected = await plan.sample();
    const sds = diagonal(expected.covariance).map(Math.sqrt);
    momentsOf(positions, model.dimension).forEach(({ mean, sd }, j) => {
      // Both have Monte Carlo error; 2% and 4% are the tolerances.
      expect(Math.abs(mean - expected.mean[j]) / sds[j]).toBeLessThan((4 * Math.SQRT2) / Math.sqrt(effective) + 0.04);
      expect(Math.abs(sd / sds[j] - 1)).toBeLessThan(4 / Math.sqrt(effective) + 0.04);
    });
  });

  test("gives a coefficient that no row bears on the sd of its prior", async () => {
    const engine = await createInlineEngine();
    const model = await modelOf(engine, 500, 6, {
      priors: Array.from({ length: 7 }, () => ({ kind: "normal", mean: 0.7, sd: 2 })),
    });
    const { memory, rows } = model;
    // Column 2 loses its entries and its shift, as a level that the rows do not have.
    memory.f64(rows.sparse!.shift, 7)[2] = 0;
    for (const start of memory.u32(rows.address, rows.numRows)) {
      const words = memory.u32(start, 4);
      for (let e = 0; e < words[0]; e++) {
        const entry = start + 16 + 8 * e;
        if (memory.u32(entry, 1)[0] === 2) memory.f32(entry + 4, 1)[0] = 0;
      }
    }
    const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
    const { positions } = (await runOn(await estimateLowRank(workspace, model, 1), wideLangevin)).output;
    const { mean, sd } = momentsOf(positions, model.dimension)[2];
    expect(Math.abs(mean - 0.7) / 2).toBeLessThan(4 / Math.sqrt(effective));
    expect(Math.abs(sd / 2 - 1)).toBeLessThan(4 / Math.sqrt(2 * effective));
  });
});

test("wide iterate averaging has the sandwich covariance", async () => {
  const engine = await createInlineEngine();
  const model = await modelOf(engine, 2000, 12, {});
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const given = { ...options, draws: 400 };
  const { plan, output } = await runOn(await estimateLowRank(workspace, model, 1), iasg, given);
  const { settings, prediction } = plan;
  const { positions } = output;
  const { hessian, noiseCovariance, numRows, mode } = await estimate(workspace, model, 1);
  const sds = diagonal(sandwichCovariance(hessian, noiseCovariance, numRows)).map(Math.sqrt);
  expect(prediction).toMatchObject({ law: "averages" });
  expect("windowError" in prediction && prediction.windowError).toBeLessThanOrEqual(given.tolerance);
  // Windows far longer than the chain's memory are independent of one another.
  const count = given.chains * settings.draws;
  momentsOf(positions, model.dimension).forEach(({ mean, sd }, j) => {
    // Four standard errors of 13 parameters; the windows' length and the step's, of order h, may add the tolerance each.
    expect(Math.abs(sd / sds[j] - 1)).toBeLessThan(4 / Math.sqrt(2 * count) + 2 * given.tolerance);
    const standardError = sds[j] / Math.sqrt((count * settings.stepsPerDraw * settings.batchSize!) / numRows);
    // With batches of 2hN rows iterates have a quarter of the posterior's variance, which raises log σ by M/(8N).
    const shift = j === mode.length - 1 ? model.dimension / (8 * numRows) : 0;
    expect(Math.abs(mean - mode[j] - shift)).toBeLessThan(4 * standardError);
  });
});
