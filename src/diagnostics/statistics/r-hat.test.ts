import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { largestByChance, potentialScaleReduction, rHat } from "./r-hat.ts";

const chainsArbitrary = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 4, max: 60 }))
  .chain(([chains, draws]) =>
    fc.array(
      fc
        .array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: draws, maxLength: draws })
        .map((values) => Float64Array.from(values)),
      { minLength: chains, maxLength: chains },
    ),
  );

const mapped = (chains: Float64Array[], map: (draw: number) => number) => chains.map((chain) => chain.map(map));

/** Draws symmetric about 0, so that an increasing odd map keeps the order of the distances from the median too. */
const symmetric = (chains: Float64Array[]) => [...chains, ...mapped(chains, (draw) => -draw)];

describe("rHat", () => {
  it("does not change under change of units", () => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        expect(rHat(mapped(chains, (draw) => 3 * draw + 12345))).toBe(rHat(chains));
      }),
      { seed: 1 },
    );
  });

  it("does not change under increasing maps that keep the order of distances from the median", () => {
    fc.assert(
      fc.property(
        // An odd length drops draws, an even one keeps the median at 0.
        chainsArbitrary.filter((chains) => chains[0].length % 2 === 0),
        (chains) => {
          expect(rHat(mapped(symmetric(chains), (draw) => draw ** 3))).toBe(rHat(symmetric(chains)));
        },
      ),
      { seed: 2 },
    );
  });

  it("does not change with the order of chains", () => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        expect(rHat([...chains].reverse())).toBeCloseTo(rHat(chains), 10);
      }),
      { seed: 3 },
    );
  });

  it("sees chains apart in location, in scale, and in time", () => {
    const wave = Float64Array.from({ length: 200 }, (_, index) => Math.sin(index * 2.4));
    const apart = (map: (draw: number, index: number) => number) => rHat([wave, wave.map(map)]);
    expect(apart((draw) => draw)).toBeLessThan(1.01);
    expect(apart((draw) => draw + 1)).toBeGreaterThan(1.1);
    expect(apart((draw) => 4 * draw)).toBeGreaterThan(1.1);
    expect(apart((draw, index) => draw + index / 50)).toBeGreaterThan(1.1);
  });

  it("is NaN without two chains, without four draws, with a NaN, or where nothing moves", () => {
    const chain = Float64Array.of(1, 3, 2, 4, 5);
    expect(rHat([chain])).toBeNaN();
    expect(rHat([chain.subarray(0, 3), chain.subarray(1, 4)])).toBeNaN();
    expect(rHat([chain, Float64Array.of(1, 2, Number.NaN, 3, 4)])).toBeNaN();
    expect(rHat([chain.map(() => 0.1), chain.map(() => 0.1)])).toBeNaN();
    expect(JSON.stringify({ rHat: rHat([chain]) })).toBe('{"rHat":null}');
  });

  it("is infinite where every chain stands still at its own place", () => {
    expect(rHat([0.1, 0.2, 0.3].map((place) => new Float64Array(10).fill(place)))).toBe(Infinity);
  });
});

describe("potentialScaleReduction", () => {
  it("is √((B/W + N − 1)/N)", () => {
    // Means 2 and 4, variances 1 and 1: B = 3 · 2, W = 1.
    const chains = [Float64Array.of(1, 2, 3), Float64Array.of(3, 4, 5)];
    expect(potentialScaleReduction(chains)).toBeCloseTo(Math.sqrt(8 / 3), 14);
  });
});

it("the largest R̂ of many coefficients of independent draws is about what chance allows", () => {
  const random = createRandom(4, 0, 5);
  const count = 2000;
  let largest = 0;
  for (let k = 0; k < count; k++) {
    const chains = Array.from({ length: 4 }, () => Float64Array.from({ length: 100 }, () => random.normal()));
    largest = Math.max(largest, rHat(chains));
  }
  const limit = largestByChance(400, 8, count);
  // Beyond the limit once in a hundred times; one coefficient's limit is passed by the largest of 2,000 for certain.
  expect(largest).toBeLessThan(limit);
  expect(largest).toBeGreaterThan(largestByChance(400, 8, 1));
});
