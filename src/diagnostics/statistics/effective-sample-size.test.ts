import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bulkEffectiveSampleSize,
  effectiveSampleSize,
  mcseOfMean,
  mcseOfSd,
  meanEffectiveSampleSize,
  tailEffectiveSampleSize,
} from "./effective-sample-size.ts";

/** Whole numbers up to 10⁶, so that the maps below are exact or at least keep draws apart. */
const chainsArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 8, max: 60 }))
  .chain(([chains, draws]) =>
    fc.array(
      fc
        .array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: draws, maxLength: draws })
        .map((values) => Float64Array.from(values)),
      { minLength: chains, maxLength: chains },
    ),
  );

const mapped = (chains: Float64Array[], map: (draw: number) => number) => chains.map((chain) => chain.map(map));

describe("bulkEffectiveSampleSize", () => {
  it("does not change under increasing maps", () => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        const expected = bulkEffectiveSampleSize(chains);
        expect(bulkEffectiveSampleSize(mapped(chains, (draw) => draw ** 3))).toBe(expected);
        expect(bulkEffectiveSampleSize(mapped(chains, (draw) => Math.exp(draw / 1e5)))).toBe(expected);
      }),
      { seed: 1 },
    );
  });
});

describe("all effective sample sizes", () => {
  const sizes = {
    bulkEffectiveSampleSize,
    tailEffectiveSampleSize,
    meanEffectiveSampleSize,
  };

  it.each(Object.entries(sizes))("%s does not change under change of units or order of chains", (_, size) => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        const expected = size(chains);
        for (const scale of [2 ** -60, 2 ** 40]) {
          expect(size(mapped(chains, (draw) => draw * scale))).toBe(expected);
        }
        // Rounding of the shift and of sums in another order.
        expect(Math.abs(size(mapped(chains, (draw) => 3 * draw + 12345)) / expected - 1)).toBeLessThan(1e-8);
        expect(Math.abs(size([...chains].reverse()) / expected - 1)).toBeLessThan(1e-8);
      }),
      { seed: 2 },
    );
  });

  it.each(Object.entries(sizes))("%s is at most n log10 n, and n for chains that never move", (_, size) => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        const total = chains.length * 2 * Math.floor(chains[0].length / 2);
        expect(size(chains)).toBeGreaterThan(0);
        expect(size(chains)).toBeLessThanOrEqual(total * Math.log10(total) * (1 + 1e-12));
        expect(size(mapped(chains, () => 0.1))).toBe(total);
      }),
      { seed: 3 },
    );
  });

  it.each(Object.entries(sizes))("%s is NaN for a NaN draw and for fewer than four draws", (_, size) => {
    expect(size([Float64Array.of(1, 2, Number.NaN, 4, 5)])).toBeNaN();
    expect(size([Float64Array.of(1, 2, 3)])).toBeNaN();
  });
});

describe("effectiveSampleSize", () => {
  it("counts a chain that only moves by rounding as constant, and draws of size 1e-16 not", () => {
    expect(effectiveSampleSize([Float64Array.of(1, 1 + 2 ** -52, 1, 1, 1, 1)])).toBe(6);
    const chain = Float64Array.from({ length: 100 }, (_, index) => Math.sin(index / 5));
    expect(effectiveSampleSize([chain.map((draw) => draw * 2 ** -60)])).toBe(effectiveSampleSize([chain]));
    expect(effectiveSampleSize([chain])).toBeLessThan(20);
  });
});

describe("Monte Carlo standard errors", () => {
  it("scale with the draws", () => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        const larger = mapped(chains, (draw) => 4 * draw);
        expect(mcseOfMean(larger)).toBe(4 * mcseOfMean(chains));
        expect(mcseOfSd(larger)).toBe(4 * mcseOfSd(chains));
      }),
      { seed: 4 },
    );
  });
});
