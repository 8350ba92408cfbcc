import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { highestDensityInterval } from "./highest-density-interval.ts";

describe("highestDensityInterval", () => {
  it("finds the narrowest interval, the lowest of equally narrow ones", () => {
    const draws = Float64Array.of(9, 0, 1, 2, 20, 3, 14, 4, 6, 30);
    expect(highestDensityInterval([draws], 0.4)).toEqual({ low: 0, high: 4 });
    expect(highestDensityInterval([Float64Array.of(1, 2, 3, 4)], 0.5)).toEqual({ low: 1, high: 3 });
  });

  it("holds at least the asked share, and no shift by one draw is narrower", () => {
    const drawsArbitrary = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 80 });
    fc.assert(
      fc.property(drawsArbitrary, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (draws, probability) => {
        const { low, high } = highestDensityInterval([Float64Array.from(draws)], probability);
        expect(draws.filter((draw) => draw >= low && draw <= high).length).toBeGreaterThan(probability * draws.length);
        const sorted = Float64Array.from(draws).sort();
        const steps = Math.floor(probability * draws.length);
        for (let first = 0; first + steps < draws.length; first++) {
          expect(sorted[first + steps] - sorted[first]).toBeGreaterThanOrEqual(high - low);
        }
      }),
      { seed: 1 },
    );
  });

  it("is NaN at both ends for a NaN draw, and refuses impossible probabilities", () => {
    const chains = [Float64Array.of(1, Number.NaN, 2, 3)];
    expect(highestDensityInterval(chains)).toEqual({ low: Number.NaN, high: Number.NaN });
    expect(() => highestDensityInterval(chains, 1)).toThrow(RangeError);
  });
});
