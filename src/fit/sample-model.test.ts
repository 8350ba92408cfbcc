import { describe, expect, it } from "vitest";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { mcseOfMean } from "../diagnostics/statistics/effective-sample-size.ts";
import { createInlineEngine } from "../engine/engine.ts";
import { EngineMemory } from "../engine/memory.ts";
import { estimateCustom } from "../estimation/estimate-custom.ts";
import { type CustomModelOptions, customModel, modelOf } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { sampleModel } from "./sample-model.ts";

/** A logistic regression written by hand, in double precision, and the same for the built-in family. */
function logistic(numRows = 500, scale = 1) {
  const random = createRandom(41, 0, 9);
  const x = Array.from({ length: numRows }, () => Float64Array.of(random.normal(), random.normal(), 1));
  const y = Float64Array.from(x, ([a, b]) => Number(random.uniform() < 1 / (1 + Math.exp(0.5 - a + 0.5 * b))));
  const lossAndGradient: CustomModelOptions["lossAndGradient"] = (position, rows) => {
    let loss = 0;
    const gradient = new Float64Array(3);
    for (const n of rows) {
      const eta = x[n].reduce((sum, value, j) => sum + value * position[j], 0);
      loss += (Math.log1p(Math.exp(eta)) - y[n] * eta) / rows.length;
      const slope = (1 / (1 + Math.exp(-eta)) - y[n]) / rows.length;
      for (let j = 0; j < 3; j++) gradient[j] += scale * slope * x[n][j];
    }
    return { loss, gradient };
  };
  const prior = { mean: 0, sd: 2.5 };
  const options: CustomModelOptions = { dimension: 3, numRows, lossAndGradient, prior };
  const target: Target = { name: "", x, y, family: "bernoulli", prior, standardize: "none", intercept: false };
  return { options, target };
}

async function estimatesOf({ options, target }: ReturnType<typeof logistic>) {
  const memory = new EngineMemory();
  const model = customModel(options);
  const engine = await createInlineEngine();
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const seed = { seed: 1, findMode: true };
  const { local: custom } = await estimateCustom(workspace, modelOf(memory, model), model.start, seed);
  const { local: builtIn } = await problemOf(engine, target);
  return { custom, builtIn };
}

describe("a custom logistic regression", () => {
  it("has the mode, curvature and noise of the built-in family", async () => {
    const { custom, builtIn } = await estimatesOf(logistic());
    if (custom.curvature !== "dense") throw new TypeError("four parameters are held densely");
    const largest = (values: Float64Array) => Math.max(...values.map(Math.abs));
    custom.mode.forEach((value, j) => {
      const sd = Math.sqrt(builtIn.laplaceCovariance.data[4 * j]);
      expect(Math.abs(value - builtIn.mode[j]) / sd).toBeLessThan(2e-3);
    });
    // Central differences at a tenth of an sd: errors of (0.1 sd)²/6 times the fourth derivative.
    for (const [name, tolerance] of [
      ["hessian", 2e-3],
      ["noiseCovariance", 2e-3],
      ["laplaceCovariance", 4e-3],
    ] as const) {
      const difference = custom[name].data.map((value, k) => value - builtIn[name].data[k]);
      expect(largest(difference) / largest(builtIn[name].data), name).toBeLessThan(tolerance);
    }
  });

  it.each([
    ["auto", {}],
    ["constant-sgd", { preconditioner: "full" as const }],
    ["momentum-sgd", {}],
    ["sgfs", {}],
    ["iasg", {}],
    ["sgld", {}],
    ["laplace", {}],
    ["nuts", {}],
  ])("%s draws from its posterior", async (sampler, tuning) => {
    const { options } = logistic();
    const { builtIn } = await estimatesOf(logistic());
    const posterior = await sampleModel(customModel(options), { sampler, ...tuning, draws: 200, tolerance: 0.1 });
    posterior.coefficients.forEach(({ mean, sd, mcse_mean, ess_bulk }, j) => {
      const laplace = Math.sqrt(builtIn.laplaceCovariance.data[4 * j]);
      // The posterior itself is within 0.05 sd of the mode, and its sd within 3 %, of this many rows.
      expect(Math.abs(mean - builtIn.mode[j])).toBeLessThan(4.5 * mcse_mean! + 0.1 * laplace);
      expect(Math.abs(sd / laplace - 1)).toBeLessThan(4.5 / Math.sqrt(2 * ess_bulk!) + 0.06);
    });
    expect(posterior.settings.because.length).toBeGreaterThan(10);
    expect(posterior.certificate.meanSquareStable).toBe(true);
  });

  it("gives the same draws for the same seed, and others for another", async () => {
    const model = customModel(logistic(200).options);
    const run = async (seed: number) => (await sampleModel(model, { seed, draws: 20, tolerance: 0.5 })).positions[0];
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  it("reports draws by name, with the Monte Carlo error that their chains have", async () => {
    const names = ["a", "b", "intercept"];
    const posterior = await sampleModel(customModel({ ...logistic(200).options, names }), {
      draws: 100,
      tolerance: 0.5,
    });
    expect([...posterior.draws.keys()]).toEqual(names);
    const [chain] = posterior.draws.get("b")!;
    expect(chain[7]).toBe(posterior.positions[0][7 * 3 + 1]);
    expect(mcseOfMean(posterior.draws.get("b")!)).toBeGreaterThan(0);
  });

  it("around a start that is no mode says so", async () => {
    const { options } = logistic();
    const model = customModel({ ...options, start: [1.5, 0, 0] });
    const { certificate, mode } = await sampleModel(model, { findMode: false, draws: 50, tolerance: 0.5 });
    expect([...mode]).toEqual([1.5, 0, 0]);
    expect(certificate.notes.join()).toMatch(/The start is not a mode/);
  });
});

it("thousands of parameters: diagonal steps have the posterior's sds where parameters are independent", async () => {
  const [dimension, numRows] = [2100, 200];
  const random = createRandom(42, 0, 9);
  const y = Array.from({ length: numRows }, () => Float64Array.from({ length: dimension }, () => random.normal()));
  const model = customModel({
    ...{ dimension, numRows, prior: { mean: 0, sd: 0.1 } },
    lossAndGradient(position, rows) {
      let loss = 0;
      const gradient = new Float64Array(dimension);
      for (const n of rows) {
        for (let j = 0; j < dimension; j++) {
          const error = position[j] - y[n][j];
          loss += (0.5 * error ** 2) / rows.length;
          gradient[j] += error / rows.length;
        }
      }
      return { loss, gradient };
    },
  });
  const { coefficients, certificate } = await sampleModel(model, { draws: 50, chains: 4, batchSize: 40 });
  // Precision 200 of the data and 100 of the prior.
  const ratios = coefficients.map(({ sd }) => (sd * Math.sqrt(300)) ** 2);
  const mean = ratios.reduce((sum, value) => sum + value, 0) / dimension;
  // Each variance is known to √(2/n) from n draws, and C_kk, which the injected noise rests on, to √(2/200) from 200 rows.
  expect(Math.abs(mean - 1)).toBeLessThan((4.5 * Math.sqrt(2 / 100 + 2 / 200)) / Math.sqrt(dimension) + 0.01);
  const shift = coefficients.reduce((sum, { mean: own, standardized }) => sum + own - standardized.laplaceMean, 0);
  expect(Math.abs(shift * Math.sqrt(300)) / Math.sqrt(dimension)).toBeLessThan(4.5 / Math.sqrt(100));
  expect(certificate.notes.join()).toMatch(/known by their diagonals alone/);
  await expect(sampleModel(model, { sampler: "nuts" })).rejects.toThrow(/matrices of all pairs/);
});

describe("what cannot be used", () => {
  const { options } = logistic(50);
  const sampled =
    (changed: Partial<CustomModelOptions>, more = {}) =>
    async () =>
      sampleModel(customModel({ ...options, ...changed }), { draws: 20, tolerance: 0.5, ...more });

  it.each([
    [
      "a wrong gradient",
      logistic(50, -1).options,
      {},
      /gradient is not that of its loss.*per unit and the gradient says/,
    ],
    [
      "a short gradient",
      { lossAndGradient: () => ({ loss: 1, gradient: [1] }) },
      {},
      /a gradient of 1 entries where 3/,
    ],
    ["NaN", { lossAndGradient: () => ({ loss: Number.NaN, gradient: [1, 1, 1] }) }, {}, /a loss of NaN/],
    ["no rows", { numRows: 0 }, {}, /numRows of a custom model cannot be 0/],
    ["half a dimension", { dimension: 1.5 }, {}, /dimension of a custom model cannot be 1.5/],
    ["names that do not fit", { names: ["a"] }, {}, /names of a custom model has 1 entries/],
    ["a prior without spread", { prior: { mean: 0, sd: 0 } }, {}, /prior of parameter 1/],
    ["a sampler that needs rows", {}, { sampler: "control-variate" }, /control-variate cannot be used here/],
    ["conjugate", {}, { sampler: "conjugate" }, /conjugate cannot be used here/],
    ["noise from single rows", {}, { noiseEstimate: "within-batch" }, /mean gradient of a batch only/],
  ] as const)("%s", async (_, changed, more, message) => {
    await expect(sampled(changed as Partial<CustomModelOptions>, more)).rejects.toThrow(message);
  });

  it("stops where it is aborted", async () => {
    const controller = new AbortController();
    let calls = 0;
    const lossAndGradient: CustomModelOptions["lossAndGradient"] = async (position, rows) => {
      if (++calls === 500) controller.abort(new Error("enough"));
      return options.lossAndGradient(position, rows);
    };
    await expect(sampled({ lossAndGradient }, { signal: controller.signal })).rejects.toThrow("enough");
    expect(calls).toBeLessThan(700);
  });
});
