import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantileOfSorted, rankNormalize, splitChains } from "./rank-normalize.ts";

describe("rankNormalize", () => {
  it("gives the normal scores of ranks, averaged among ties", () => {
    // scipy.stats.norm.ppf((scipy.stats.rankdata([3, -1, 3, 7, 0]) - 3/8) / 5.25)
    const [scores] = rankNormalize([Float64Array.of(3, -1, 3, 7, 0)]).bulk;
    const expected = [
      0.24104039388602685, -1.1797611176118612, 0.24104039388602685, 1.1797611176118612, -0.49720057068155404,
    ];
    expected.forEach((score, index) => {
      expect(scores[index]).toBeCloseTo(score, 14);
    });
  });

  it("keeps the order of the draws, ties and signed zeros included", () => {
    const draw = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 }), fc.constant(-0));
    fc.assert(
      fc.property(fc.array(draw, { minLength: 1, maxLength: 300 }), (draws) => {
        const [scores] = rankNormalize([Float64Array.from(draws)]).bulk;
        for (let index = 1; index < draws.length; index++) {
          const order = draws[index] < draws[index - 1] ? -1 : draws[index] > draws[index - 1] ? 1 : 0;
          expect(Math.sign(scores[index] - scores[index - 1])).toBe(order);
        }
      }),
      { seed: 1 },
    );
  });
});

describe("rankNormalize, folded", () => {
  it("gives the scores of the distances from the median", () => {
    const draw = fc.oneof(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(fc.array(draw, { minLength: 1, maxLength: 300 }), (draws) => {
        const sorted = Float64Array.from(draws).sort();
        const median = (sorted[(draws.length - 1) >> 1] + sorted[draws.length >> 1]) / 2;
        const distances = Float64Array.from(draws, (value) => Math.abs(value - median));
        expect(rankNormalize([Float64Array.from(draws)]).folded).toEqual(rankNormalize([distances]).bulk);
      }),
      { seed: 2 },
    );
  });
});

describe("splitChains", () => {
  it("drops the middle draw of an odd length", () => {
    expect(splitChains([Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(6, 7, 8, 9, 10)])).toEqual(
      [
        [1, 2],
        [6, 7],
        [4, 5],
        [9, 10],
      ].map((half) => Float64Array.from(half)),
    );
  });
});

describe("order statistics", () => {
  it("interpolates between order statistics", () => {
    const sorted = Float64Array.of(1, 2, 4, 8);
    expect([0, 0.25, 0.5, 1].map((probability) => quantileOfSorted(sorted, probability))).toEqual([1, 1.75, 3, 8]);
    expect(quantileOfSorted(Float64Array.of(7), 0.3)).toBe(7);
    expect(() => quantileOfSorted(sorted, 1.1)).toThrow(RangeError);
  });
});
