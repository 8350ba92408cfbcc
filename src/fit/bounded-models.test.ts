import { describe, expect, it } from "vitest";
import { type CustomModelOptions, customModel } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { sampleModel } from "./sample-model.ts";

// Models of which the density is 0 beyond a bound, said by an infinite loss, against posteriors that are known.

const random = createRandom(5, 0, 9);

/** y_n ~ Exponential(θ), θ > 0 with a flat prior: θ | y ~ Gamma(N + 1, Σ y). */
function exponentialRate(numRows: number, rate = 2) {
  const y = Array.from({ length: numRows }, () => -Math.log1p(-random.uniform()) / rate);
  const lossAndGradient: CustomModelOptions["lossAndGradient"] = ([theta], rows) => {
    if (!(theta > 0)) return { loss: Infinity, gradient: [Number.NaN] };
    let sum = 0;
    for (const n of rows) sum += y[n] / rows.length;
    return { loss: theta * sum - Math.log(theta), gradient: [sum - 1 / theta] };
  };
  const total = y.reduce((sum, value) => sum + value, 0);
  const options = { dimension: 1, numRows, lossAndGradient, start: [1] };
  return { options, mean: (numRows + 1) / total, sd: Math.sqrt(numRows + 1) / total };
}

/** y_n ~ N(θ, 1), θ uniform on (low, high): the posterior is N(ȳ, 1/N) truncated there. */
function boundedMean(numRows: number, mean: number, [low, high]: readonly [number, number]) {
  // Rows whose mean is what is asked for: the answer depends on nothing else.
  const y = Array.from({ length: numRows }, (_, n) => mean + ((n % 5) - 2) * 0.5);
  const lossAndGradient: CustomModelOptions["lossAndGradient"] = ([theta], rows) => {
    if (!(theta > low && theta < high)) return { loss: Infinity, gradient: [0] };
    let loss = 0;
    let gradient = 0;
    for (const n of rows) {
      loss += (theta - y[n]) ** 2 / 2 / rows.length;
      gradient += (theta - y[n]) / rows.length;
    }
    return { loss, gradient: [gradient] };
  };
  const center = y.reduce((sum, value) => sum + value, 0) / numRows;
  const density = (theta: number) => Math.exp((-numRows * (theta - center) ** 2) / 2);
  const [from, to] = [Math.max(low, center - 9 / Math.sqrt(numRows)), Math.min(high, center + 9 / Math.sqrt(numRows))];
  const steps = 20_000;
  const moments = [0, 0, 0];
  for (let k = 0; k < steps; k++) {
    const theta = from + ((k + 0.5) / steps) * (to - from);
    moments.forEach((_, power) => {
      moments[power] += density(theta) * theta ** power;
    });
  }
  const [first, second] = [moments[1] / moments[0], moments[2] / moments[0]];
  const options = { dimension: 1, numRows, lossAndGradient, start: [(2 * low + high) / 3] };
  return { options, mean: first, sd: Math.sqrt(second - first ** 2) };
}

const cases: Record<string, () => ReturnType<typeof boundedMean>> = {
  "a rate of three rows": () => exponentialRate(3),
  "a rate of forty rows": () => exponentialRate(40),
  "a mean with a wall one sd above it": () => boundedMean(25, 0.8, [0, 1]),
  "a mean between two walls": () => boundedMean(10, 0.5, [0.4, 0.7]),
  "a mean that the data put beyond the wall": () => boundedMean(25, 1.1, [0, 1]),
};

describe("NUTS keeps within the bounds of", () => {
  it.each(Object.entries(cases))("%s", async (_, make) => {
    const { options, mean, sd } = make();
    const posterior = await sampleModel(customModel(options), { sampler: "nuts", draws: 600, seed: 3 });
    const [own] = posterior.coefficients;
    expect(Math.abs(own.mean - mean)).toBeLessThan(4.5 * own.mcse_mean!);
    // An sd of n effective draws errs by √((κ − 1)/4n), κ the kurtosis: up to 5 for the rate of three rows.
    expect(Math.abs(own.sd / sd - 1)).toBeLessThan(4.5 * Math.sqrt(1 / own.ess_bulk!) + 0.01);
    for (const chain of posterior.positions)
      for (const theta of chain)
        expect((await options.lossAndGradient(Float64Array.of(theta), Uint32Array.of(0))).loss).toBeLessThan(Infinity);
    expect(own.ess_bulk).toBeGreaterThan(250);
    // At a wall a trajectory ends; only where the gradient grows without bound, at a rate of 0, may a few diverge.
    const messages = posterior.certificate.checks.map(({ message }) => message).join(" ");
    // Where the gradient grows without bound, at a rate of 0, some trajectories do diverge.
    if (options.numRows > 3) expect(messages).not.toMatch(/trajectories diverged/);
    if (options.numRows > 3) expect(posterior.certificate.verdict, messages).not.toBe("failed");
  });
});

describe("other samplers", () => {
  const far = () => exponentialRate(500);

  it("are as ever where the bound is far away", async () => {
    const { options, mean, sd } = far();
    const posterior = await sampleModel(customModel(options), { draws: 200, tolerance: 0.1 });
    expect(posterior.settings.sampler).toBe("constant-sgd");
    const [own] = posterior.coefficients;
    expect(Math.abs(own.mean - mean)).toBeLessThan(4.5 * own.mcse_mean! + 0.1 * sd);
    expect(Math.abs(own.sd / sd - 1)).toBeLessThan(4.5 / Math.sqrt(2 * own.ess_bulk!) + 0.06);
  });

  it.each(["constant-sgd", "momentum-sgd", "sgld", "sgfs", "iasg", "laplace"])(
    "%s refuses in a sentence where a chain or the normal approximation leaves the support",
    async (sampler) => {
      const { options } = boundedMean(25, 0.95, [0, 1]);
      await expect(sampleModel(customModel(options), { sampler, draws: 200, tolerance: 0.2 })).rejects.toMatchObject({
        name: "InputError",
        message: expect.stringMatching(
          /^The density of the custom model is 0 .* use .*nuts.*, or parameters without bounds/,
        ),
      });
    },
  );

  it("auto takes NUTS there, and says why", async () => {
    const { options, mean } = boundedMean(25, 0.95, [0, 1]);
    const { settings, coefficients } = await sampleModel(customModel(options), { draws: 500 });
    expect(settings.sampler).toBe("nuts");
    expect(settings.because).toMatch(/density is 0 beyond a bound/);
    expect(Math.abs(coefficients[0].mean - mean)).toBeLessThan(4.5 * coefficients[0].mcse_mean!);
  });
});

describe("what is no density", () => {
  const { options } = exponentialRate(10);
  const at = (loss: number, when = (theta: number) => theta > 0) =>
    customModel({
      ...options,
      lossAndGradient: (theta, rows) =>
        when(theta[0]) ? { loss, gradient: [1] } : options.lossAndGradient(theta, rows),
    });

  it.each([
    ["NaN", at(Number.NaN), /a loss of NaN, which is neither/],
    ["minus infinity", at(Number.NEGATIVE_INFINITY), /a loss of -Infinity, which is neither/],
    ["NaN somewhere", at(Number.NaN, (theta) => theta > 2.5), /a loss of NaN, which is neither/],
    [
      "a density of 0 at the start",
      customModel({ ...options, start: [-1] }),
      /^The density .* is 0 .* at the start: give a start/,
    ],
    [
      "nothing",
      customModel({ ...options, lossAndGradient: (() => undefined) as never }),
      /lossAndGradient of the custom model returned is missing/,
    ],
  ])("%s is an error", async (_, model, message) => {
    const error = await sampleModel(model, { sampler: "nuts", draws: 50 }).catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: "InputError", message: expect.stringMatching(message) });
  });
});
