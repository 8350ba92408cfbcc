import { afterEach, describe, expect, it } from "vitest";
import { mcseOfMean } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { families } from "../../src/families/families.ts";
import { negativeLogDensity, type Prior } from "../../src/priors/densities.ts";
import { readPrior } from "../../src/priors/prior.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { problemOf, type Target } from "./targets.ts";

// Priors that are not normal, offsets and weights, against integration over a grid and against what they amount to.
const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function local(target: Target): Promise<DenseApproximation> {
  const engine = await createInlineEngine();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

const options = { tolerance: 0.02, chains: 4, draws: 1000, seed: 7 };
const samplerNamed = (name: string) => denseSamplers.find((sampler) => sampler.name === name)!;

/** Few rows, so that the prior counts. One column and no intercept: the posterior is a curve. */
function curve(prior: string, family: "bernoulli" | "poisson" | "gaussian"): Target {
  const random = createRandom(21, 0, 9);
  const x = Array.from({ length: 40 }, () => Float64Array.of(random.normal()));
  const y = Float64Array.from(x, ([value]) =>
    family === "gaussian"
      ? 0.1 * value + random.normal()
      : family === "poisson"
        ? families.poisson.predictive.draw(random, Float64Array.of(0.2 * value), new Float64Array())
        : Number(random.uniform() < 1 / (1 + Math.exp(-0.4 * value))),
  );
  return { name: prior, x, y, family, prior, auxiliaries: { sigma: 1 }, intercept: false };
}

/** Mean and sd of the posterior of one coefficient, by the trapezoid rule on a grid that has the prior's kink on it. */
function integrate({ x, y, family, prior }: Target, rows: { mean: number; scale: number }): [mean: number, sd: number] {
  const density = readPrior(prior, "prior") as Prior;
  const { predictive } = families[family];
  const sums = [0, 0, 0];
  for (let k = -3000; k <= 3000; k++) {
    const theta = k / 1000;
    let log = -negativeLogDensity(density, theta).value;
    x.forEach(([value], n) => {
      log += predictive.logDensity(
        y[n],
        Float64Array.of(((value - rows.mean) / rows.scale) * theta),
        Float64Array.of(1),
      );
    });
    const weight = Math.exp(log + 20);
    [1, theta, theta ** 2].forEach((value, power) => {
      sums[power] += weight * value;
    });
  }
  const mean = sums[1] / sums[0];
  return [mean, Math.sqrt(sums[2] / sums[0] - mean ** 2)];
}

/** Within 4.5 Monte Carlo standard errors. */
function expectMean(chains: Float64Array[], expected: number) {
  const mean = chains.reduce((sum, chain) => sum + chain.reduce((a, b) => a + b, 0) / chain.length, 0) / chains.length;
  expect(Math.abs(mean - expected)).toBeLessThan(4.5 * mcseOfMean(chains));
}

describe.each(["laplace(0, 0.2)", "laplace(0.1, 0.05)", "student-t(3, 0.2, 0.1)", "student-t(1, 0, 0.3)"])(
  "prior %s",
  (prior) => {
    it.each(["bernoulli", "poisson", "gaussian"] as const)(
      "%s: control variates within 0.05 sd and 3 percent, nuts within chance",
      async (family) => {
        const target = curve(prior, family);
        const found = await local(target);
        const values = target.x.map(([value]) => value);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
        const [exactMean, exactSd] = integrate(target, { mean, scale });
        const output = await (await samplerNamed("control-variate").plan(found, options)).sample();
        expect(Math.abs(output.mean[0] - exactMean) / exactSd).toBeLessThan(0.05);
        expect(Math.abs(Math.sqrt(output.covariance.data[0]) / exactSd - 1)).toBeLessThan(0.03);
        const draws = (await (await samplerNamed("nuts").plan(found, options)).sample()).positions;
        const squares = draws.map((chain) => chain.map((value) => ((value - exactMean) / exactSd) ** 2));
        expectMean(
          draws.map((chain) => chain.map((value) => (value - exactMean) / exactSd)),
          0,
        );
        expectMean(squares, 1);
      },
    );
  },
);

describe("weights and offsets", () => {
  const familiesWithWeights = ["gaussian", "student-t", "bernoulli", "poisson", "negative-binomial"] as const;

  function weighted(family: (typeof familiesWithWeights)[number]): Target {
    const random = createRandom(22, 0, 9);
    const x = Array.from({ length: 200 }, () => Float64Array.of(random.normal(), random.normal()));
    const offset = Float64Array.from(x, () => 0.3 * random.normal());
    const weights = Float64Array.from(x, (_, n) => 1 + (n % 3));
    const y = Float64Array.from(x, ([a, b], n) => {
      const eta = Float64Array.of(0.4 * a - 0.2 * b + offset[n] + 0.3);
      return families[family].predictive.draw(random, eta, Float64Array.of(0.7, 5));
    });
    return { name: family, x, y, family, prior: "normal(0, 1)", offset, weights, standardize: "none" };
  }

  it.each(familiesWithWeights)("%s: a row of weight 3 is three rows", async (family) => {
    const target = weighted(family);
    const repeated = target.x.flatMap((_, n) => Array<number>(target.weights![n]).fill(n));
    const pick = (values: Float64Array) => Float64Array.from(repeated, (n) => values[n]);
    const once = await local(target);
    const often = await local({
      ...target,
      weights: undefined,
      x: repeated.map((n) => target.x[n]),
      y: pick(target.y),
      offset: pick(target.offset!),
    });
    once.mode.forEach((value, j) => {
      const sd = Math.sqrt(often.laplaceCovariance.data[j * (often.mode.length + 1)]);
      expect(Math.abs(value - often.mode[j]) / sd).toBeLessThan(1e-4);
      expect(Math.sqrt(once.laplaceCovariance.data[j * (once.mode.length + 1)]) / sd).toBeCloseTo(1, 4);
    });
  });

  it("gaussian: an offset is taken off the target", async () => {
    const target = weighted("gaussian");
    const first = await local(target);
    const second = await local({ ...target, offset: undefined, y: target.y.map((y, n) => y - target.offset![n]) });
    first.mode.forEach((value, j) => {
      expect(value).toBeCloseTo(second.mode[j], 5);
    });
  });

  it("poisson: the logarithm of an exposure of 2 halves the rate", async () => {
    const target = weighted("poisson");
    const plain = await local(target);
    const doubled = await local({ ...target, offset: target.offset!.map((value) => value + Math.LN2) });
    const intercept = plain.mode.length - 1;
    expect(plain.mode[intercept] - doubled.mode[intercept]).toBeCloseTo(Math.LN2, 2);
    expect(plain.mode[0]).toBeCloseTo(doubled.mode[0], 3);
  });
});
