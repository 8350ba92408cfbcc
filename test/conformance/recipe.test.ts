// In the lists before anything derives choices from them.
import "./recipe/geometric.ts";
import "./recipe/polya.ts";
import "./recipe/antithetic.ts";
import { describe, expect, it } from "vitest";
import { createInlineEngine, createReferenceEngine } from "../../src/engine/engine.ts";
import { type FamilyName, families } from "../../src/families/families.ts";
import { fitWithEngine, type RunOptions } from "../../src/fit/fit.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { expectLaw } from "./law.ts";
import { antithetic } from "./recipe/antithetic.ts";
import { geometric } from "./recipe/geometric.ts";
import { problemOf, quadraticTarget, skewedTarget } from "./targets.ts";

// What is made of nothing but the recipes of docs/architecture.md runs through the whole program.

const random = createRandom(23, 0, 9);
const x = Array.from({ length: 300 }, () => random.normal());
const y = x.map((value) => geometric.predictive.draw(random, Float64Array.of(0.4 + 0.5 * value), new Float64Array()));
const input = { data: { x, y }, formula: "y ~ x" };

async function fitOnPlainEngine(options: RunOptions) {
  return fitWithEngine(input, options, await createReferenceEngine());
}

describe("a family of one file and one line", () => {
  const isOne = families["negative-binomial"].row!;
  const own = geometric.row!;

  it.each([[-2], [0], [1.7]])("has the derivatives of the negative binomial with dispersion 1 at η = %d", (eta) => {
    for (const y of [0, 1, 7, 40]) {
      const of = (row: typeof own) => {
        const [slopes, curvatures] = [new Float64Array(3), new Float64Array(6)];
        row.slopesInto(slopes, eta, [0], y);
        row.curvaturesInto(curvatures, eta, [0], y);
        return [slopes[0], curvatures[0]];
      };
      const expected = of(isOne);
      of(own).forEach((value, k) => {
        expect(value).toBeCloseTo(expected[k], 10);
      });
    }
  });

  it.each(["laplace", "control-variate"])("is fitted by %s, certified and predicted from", async (sampler) => {
    const options: RunOptions = { sampler, draws: 25, chains: 2, tolerance: 0.5, seed: 5 };
    const posterior = await fitOnPlainEngine({ ...options, family: "geometric" as FamilyName });
    const same = await fit(input, { ...options, family: "negative-binomial", dispersion: 1 });
    expect(posterior.family).toBe("geometric");
    expect(posterior.certificate.verdict).toBe(same.certificate.verdict);
    // The same loss and the same random numbers; the kernels round rows to single precision in some places.
    posterior.coefficients.forEach(({ name, mean, sd }, j) => {
      const other = same.coefficients[j];
      expect(name).toBe(other.name);
      expect(Math.abs(mean - other.mean) / other.sd).toBeLessThan(1e-3);
      expect(Math.abs(sd / other.sd - 1)).toBeLessThan(1e-3);
    });
    const predicted = await posterior.predict({ x: [0, 1] });
    const expected = await same.predict({ x: [0, 1] });
    (predicted.columns.mean as Float64Array).forEach((mean, n) => {
      expect(mean).toBeCloseTo((expected.columns.mean as Float64Array)[n], 2);
    });
  });

  it("refuses what is no count of its, and options of other families", async () => {
    const family = "geometric" as FamilyName;
    const fractions = { data: { x, y: y.map((value) => value + 0.5) }, formula: "y ~ x" };
    await expect(fit(fractions, { family })).rejects.toThrow(/^The geometric family needs whole numbers of at least 0/);
    await expect(fit(input, { family, dispersion: 1 })).rejects.toThrow(
      /^The option dispersion is for the negative-binomial family, and this fit is of the geometric family/,
    );
  });
});

describe("an auxiliary parameter of one entry", () => {
  const options = { sampler: "laplace", draws: 25, chains: 2, tolerance: 0.5, seed: 5 };
  const given = (own: Record<string, unknown>) => ({ ...options, family: "polya" as FamilyName, ...own }) as RunOptions;

  it.each([
    [{}, {}],
    [{ excessPrior: "half-normal(0.5)" }, { dispersionPrior: "half-normal(0.5)" }],
    [{ excess: 0.7 }, { dispersion: 0.7 }],
  ])("has options, is learned or fixed, and reported: %j", async (own, others) => {
    const posterior = await fitOnPlainEngine(given(own));
    const same = await fit(input, { ...options, family: "negative-binomial", ...others });
    const names = posterior.coefficients.map(({ name }) => name);
    expect(names).toEqual(["x", "Intercept", ...("excess" in own ? [] : ["excess"])]);
    posterior.coefficients.forEach(({ mean, sd }, j) => {
      expect(Math.abs(mean - same.coefficients[j].mean) / sd).toBeLessThan(1e-3);
    });
    expect(posterior.recipe.fixed).toEqual("excess" in own ? { excess: 0.7 } : {});
  });

  it("is refused with other families, and with what it does not take", async () => {
    await expect(fitOnPlainEngine({ ...given({ excess: 1 }), family: "poisson" })).rejects.toThrow(
      "The option excess is for the polya family, and this fit is of the poisson family",
    );
    await expect(fitOnPlainEngine(given({ excess: 0 }))).rejects.toThrow(
      "The option excess cannot be 0: it takes learned, or a number from 0.000001 to 1,000,000.",
    );
    await expect(fitOnPlainEngine(given({ excess: 1, excessPrior: "exponential(1)" }))).rejects.toThrow(
      "The option excessPrior is of no use where excess is 1",
    );
  });
});

describe("a sampler of one file and one line", () => {
  const options = { tolerance: 0.05, chains: 4, draws: 500, seed: 7 };

  it.each([quadraticTarget(), skewedTarget()])("obeys its predicted law: $name", async (target) => {
    const engine = await createInlineEngine();
    const { local } = await problemOf(engine, target);
    const plan = await antithetic.plan(local, options);
    const output = await plan.sample();
    expectLaw(local, plan, output, options.seed);
    expect(await plan.sample()).toEqual(output);
    await engine.executor.close();
  });

  it("is taken by name, certified, and refuses settings that it does not have", async () => {
    const posterior = await fit(input, { family: "poisson", sampler: "antithetic", draws: 200 });
    expect(posterior.settings).toMatchObject({ sampler: "antithetic", batchSize: null, draws: 200 });
    expect(posterior.coefficients.every(({ ess_bulk }) => ess_bulk! > 100)).toBe(true);
    await expect(fit(input, { family: "poisson", sampler: "antithetic", batchSize: 5 })).rejects.toThrow(
      "--batch-size does not apply to antithetic; leave it out, or use --sampler",
    );
  });
});
