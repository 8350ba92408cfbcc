import { describe, expect, it } from "vitest";
import { mcseOfMean } from "../diagnostics/statistics/effective-sample-size.ts";
import { type CustomModelOptions, customModel } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { estimatesOf, expectPosteriorBy, logistic } from "./logistic-by-hand.ts";
import { sampleModel } from "./sample-model.ts";

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

  // The others in test/slow/custom-models.test.ts.
  it.each(["auto", "constant-sgd"])("%s draws from its posterior", expectPosteriorBy);

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

  it("has the right sds by nuts from a gradient that is wrong and was not checked", async () => {
    const run = (scale: number) => {
      const options = { sampler: "nuts", checkGradient: false, tolerance: 0.1 };
      return sampleModel(customModel(logistic(300, scale).options), options);
    };
    const [right, wrong] = [await run(1), await run(1.02)];
    wrong.coefficients.forEach(({ sd, mcse_sd }, j) => {
      const of = right.coefficients[j];
      expect(Math.abs(sd - of.sd)).toBeLessThan(4 * Math.hypot(mcse_sd!, of.mcse_sd!));
    });
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
