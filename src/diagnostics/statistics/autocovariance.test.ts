import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mean, meanAutocovariance, variance } from "./autocovariance.ts";

const chainsArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 66, max: 200 }))
  .chain(([chains, draws]) =>
    fc.array(
      fc
        .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: draws, maxLength: draws })
        .map((values) => Float64Array.from(values)),
      { minLength: chains, maxLength: chains },
    ),
  );

/** The definition, one lag at a time. */
function byDefinition(chains: Float64Array[], lag: number): number {
  let total = 0;
  for (const chain of chains) {
    const center = chain.reduce((sum, draw) => sum + draw, 0) / chain.length;
    for (let n = 0; n + lag < chain.length; n++) total += (chain[n] - center) * (chain[n + lag] - center);
  }
  return total / (chains.length * chains[0].length);
}

describe("meanAutocovariance", () => {
  it("equals its definition at every lag, summed directly or by Fourier transforms", () => {
    fc.assert(
      fc.property(chainsArbitrary, (chains) => {
        const draws = chains[0].length;
        const direct = meanAutocovariance(chains);
        const transformed = meanAutocovariance(chains);
        transformed.at(draws - 1); // From a late lag on, every lag comes from the transforms.
        for (let lag = 0; lag < draws; lag++) {
          const expected = byDefinition(chains, lag);
          expect(Math.abs(direct.at(lag) - expected)).toBeLessThan(1e-11);
          expect(Math.abs(transformed.at(lag) - expected)).toBeLessThan(1e-11);
        }
      }),
      { seed: 1, numRuns: 30 },
    );
  });
});

describe("mean and variance", () => {
  it("find no variance in equal values", () => {
    const values = new Float64Array(1001).fill(0.1);
    expect(mean(values)).toBe(0.1);
    expect(variance(values)).toBe(0);
  });

  it("follow their definitions", () => {
    expect(mean(Float64Array.of(1, 2, 6))).toBe(3);
    expect(variance(Float64Array.of(1, 2, 6))).toBe(7);
    expect(variance(Float64Array.of(1))).toBeNaN();
    expect(mean(Float64Array.of(1, Infinity))).toBe(Infinity);
  });
});
