import { afterEach, describe, expect, it } from "vitest";
import { mcseOfMean } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { families } from "../../src/families/families.ts";
import { negativeLogDensity, type Prior } from "../../src/priors/densities.ts";
import { readPrior } from "../../src/priors/prior.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { problemOf, type Target } from "./targets.ts";

const options = { tolerance: 0.02, chains: 4, draws: 1000, seed: 7 };
const samplerNamed = (name: string) => denseSamplers.find((sampler) => sampler.name === name)!;

type CurveFamily = "bernoulli" | "poisson" | "gaussian";

/** Few rows, so that the prior counts. One column and no intercept: the posterior is a curve. */
function curve(prior: string, family: CurveFamily): Target {
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

/** Priors that are not normal, each with a family: npm test has one for each, npm run test:slow all of them. */
export const priorsInOneFamily: readonly (readonly [string, CurveFamily])[] = [
  ["laplace(0, 0.2)", "bernoulli"],
  ["laplace(0.1, 0.05)", "poisson"],
  ["student-t(3, 0.2, 0.1)", "gaussian"],
  ["student-t(1, 0, 0.3)", "bernoulli"],
];
export const priorsInEveryFamily = priorsInOneFamily.flatMap(([prior]) =>
  (["bernoulli", "poisson", "gaussian"] as const).map((family) => [prior, family] as const),
);

/** Control variates and NUTS against the trapezoid rule. */
export function describePriors(cases: readonly (readonly [string, CurveFamily])[]): void {
  const engines: Engine[] = [];
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
  });
  describe.each(cases)("prior %s, %s", (prior, family) => {
    it("control variates within 0.05 sd and 3 percent, nuts within chance", async () => {
      const target = curve(prior, family);
      const engine = await createInlineEngine();
      engines.push(engine);
      const { local: found } = await problemOf(engine, target);
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
    });
  });
}
