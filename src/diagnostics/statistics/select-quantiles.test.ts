import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantileOfSorted } from "./rank-normalize.ts";
import { selectQuantiles } from "./select-quantiles.ts";

// Few distinct values, so that ties are common, or any.
const value = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.double({ noNaN: true, min: -1e9, max: 1e9 }));
const probability = fc.oneof(fc.constantFrom(0, 0.05, 0.5, 0.95, 1), fc.double({ min: 0, max: 1, noNaN: true }));

describe("selectQuantiles", () => {
  it("gives the quantiles of the sorted values, and keeps the values", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.array(probability, { minLength: 1, maxLength: 4 }),
        (numbers, any) => {
          const probabilities = [...any].sort((a, b) => a - b);
          const sorted = Float64Array.from(numbers).sort();
          const values = Float64Array.from(numbers);
          const quantiles = selectQuantiles(values, probabilities);
          // toBe tells 0 from −0, which are equal here.
          quantiles.forEach((quantile, k) => {
            expect(quantile === quantileOfSorted(sorted, probabilities[k])).toBe(true);
          });
          expect(values.map((v) => v + 0).sort()).toEqual(sorted.map((v) => v + 0));
        },
      ),
      { seed: 7, numRuns: 2000 },
    );
  });

  it("refuses what is no probability", () => {
    expect(() => selectQuantiles(Float64Array.of(1, 2), [1.5])).toThrow(RangeError);
  });
});
