import { describe, expect, it } from "vitest";
import { createRandom, type Xoshiro } from "../../rng/xoshiro.ts";
import { highestDensityInterval } from "./highest-density-interval.ts";
import { type IntervalEnds, intervalEnds } from "./interval-ends.ts";

type Chain = (random: Xoshiro, draws: number) => Float64Array;

const independent =
  (draw: (random: Xoshiro) => number): Chain =>
  (random, draws) =>
    Float64Array.from({ length: draws }, () => draw(random));

/** x ← φ x + √(1 − φ²) z, and a function of it. */
const autoregressive =
  (phi: number, of = (x: number) => x): Chain =>
  (random, draws) => {
    let x = random.normal();
    return Float64Array.from({ length: draws }, () => {
      x = phi * x + Math.sqrt(1 - phi * phi) * random.normal();
      return of(x);
    });
  };

const chainsOf = (chain: Chain, seed: number, draws = 1000) =>
  [0, 1, 2, 3].map((number) => chain(createRandom(seed, number, 1), draws));

/** Truth: the ends where the densities are equal, or the bound and the 94% quantile; sds of the laws themselves. */
const normal = { low: -1.880794, high: 1.880794, sd: 1 };
const lognormal = { low: 0.273121, high: 2.220742, sd: 0.603901 };
const laws: Record<string, { chain: Chain; low: number; high: number; sd: number }> = {
  normal: { chain: independent((random) => random.normal()), ...normal },
  lognormal: { chain: independent((random) => Math.exp(random.normal() / 2)), ...lognormal },
  exponential: {
    ...{ chain: independent((random) => -Math.log(1 - random.uniform())), low: 0, high: -Math.log(0.06), sd: 1 },
  },
  "correlated normal": { chain: autoregressive(0.8), ...normal },
  "antithetic normal": { chain: autoregressive(-0.5), ...normal },
  "correlated lognormal": { chain: autoregressive(0.7, (x) => Math.exp(x / 2)), ...lognormal },
};

const rootMeanSquare = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

describe("intervalEnds", () => {
  const seeds = 200;
  const found = (chain: Chain) => Array.from({ length: seeds }, (_, seed) => intervalEnds(chainsOf(chain, seed)));

  it.each(Object.entries(laws))(
    "%s: ends without bias, and the errors that are stated",
    (_, { chain, low, high, sd }) => {
      const runs = found(chain);
      const compare = (end: (run: IntervalEnds) => number, error: (run: IntervalEnds) => number, truth: number) => {
        const deviations = runs.map((run) => (end(run) - truth) / sd);
        const bias = deviations.reduce((sum, value) => sum + value, 0) / seeds;
        const actual = rootMeanSquare(deviations.map((value) => value - bias));
        expect(Math.abs(bias)).toBeLessThan(0.015 + (4 * actual) / Math.sqrt(seeds));
        // An end at a bound has hardly an error.
        if (truth === 0) return expect(rootMeanSquare(deviations)).toBeLessThan(0.01);
        // The sd of 200 runs is known to 5%; a fifth is what the first order leaves.
        const stated = rootMeanSquare(runs.map((run) => error(run) / sd));
        expect(stated / actual).toBeGreaterThan(0.8);
        expect(stated / actual).toBeLessThan(1.3);
      };
      compare(
        ({ low }) => low,
        ({ lowError }) => lowError,
        low,
      );
      compare(
        ({ high }) => high,
        ({ highError }) => highError,
        high,
      );
    },
  );

  it("counts in its errors that the place of the shortest interval moves with the tails", () => {
    const student = independent((random) => {
      const square = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
      return random.normal() / Math.sqrt(square / 3);
    });
    const runs = found(student);
    const deviations = runs.flatMap(({ low, high }) => [low + 2.950514, high - 2.950514]);
    const stated = rootMeanSquare(runs.flatMap(({ lowError, highError }) => [lowError, highError]));
    // 400 ends know the ratio to 3.5%; were the place fixed, the errors would be a fifth larger.
    expect(Math.abs(stated / rootMeanSquare(deviations) - 1)).toBeLessThan(0.12);
  });

  it("is twice as near to the truth as the draws' own shortest interval, of a normal law", () => {
    const scatter = (ends: readonly number[]) => rootMeanSquare(ends.map((end) => end - normal.high));
    const own = Array.from({ length: seeds }, (_, seed) => chainsOf(laws.normal.chain, seed));
    const ofDraws = scatter(own.map((chains) => highestDensityInterval(chains).high));
    const smooth = scatter(own.map((chains) => intervalEnds(chains).high));
    expect(ofDraws).toBeGreaterThan(0.06);
    expect(smooth).toBeLessThan(0.042);
  });

  it("goes with units, and takes −x for x", () => {
    const chains = chainsOf(laws.lognormal.chain, 5);
    const { low, high, lowError, highError } = intervalEnds(chains);
    const scaled = intervalEnds(chains.map((chain) => chain.map((draw) => 1000 - 1e-3 * draw)));
    expect(scaled.low).toBeCloseTo(1000 - 1e-3 * high, 6);
    expect(scaled.high).toBeCloseTo(1000 - 1e-3 * low, 6);
    expect(scaled.lowError / (1e-3 * highError)).toBeCloseTo(1, 5);
    expect(scaled.highError / (1e-3 * lowError)).toBeCloseTo(1, 5);
  });

  it("stays within the draws, and is theirs where a tail is no smooth curve or draws are few", () => {
    const bound = intervalEnds(chainsOf(laws.exponential.chain, 3));
    expect(bound.low).toBeGreaterThanOrEqual(0);
    // A second mode that the interval leaves out.
    const lump = chainsOf(
      independent((random) => (random.uniform() < 0.04 ? 10 + 0.3 * random.normal() : random.normal())),
      3,
    );
    const few = chainsOf(laws.normal.chain, 3, 40);
    for (const chains of [lump, few]) {
      const { low, high, lowError, highError } = intervalEnds(chains);
      expect({ low, high }).toEqual(highestDensityInterval(chains));
      expect(lowError).toBeGreaterThan(0);
      expect(highError).toBeGreaterThan(0);
    }
  });

  it("says that ends are hardly known where all intervals are alike", () => {
    const { lowError, highError } = intervalEnds(
      chainsOf(
        independent((random) => random.uniform()),
        3,
      ),
    );
    expect(lowError).toBeGreaterThan(0.01);
    expect(highError).toBeGreaterThan(0.01);
  });

  it("has no error where nothing moves, and nothing to say of NaN or a handful of draws", () => {
    const still = intervalEnds([new Float64Array(1000).fill(0.1), new Float64Array(1000).fill(0.1)]);
    expect(still).toEqual({ low: 0.1, high: 0.1, lowError: 0, highError: 0 });
    const unknown = intervalEnds([Float64Array.of(1, Number.NaN, 2, 3, 4, 5, 6, 7, 8)]);
    expect(unknown.low).toBeNaN();
    expect(intervalEnds([Float64Array.of(1, 2, 3, 4)])).toEqual({
      ...{ low: 1, high: 4, lowError: Number.NaN, highError: Number.NaN },
    });
  });
});
