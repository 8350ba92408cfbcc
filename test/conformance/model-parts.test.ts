import { afterEach, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { families } from "../../src/families/families.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { describePriors, priorsInOneFamily } from "./prior-curves.ts";
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

describePriors(priorsInOneFamily);

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
