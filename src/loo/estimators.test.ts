import { describe, expect, it } from "vitest";
import { estimateSum } from "./estimators.ts";
import { stackingWeights } from "./stacking.ts";

const y = Float64Array.of(-1.5, -0.2, -2.75, -0.9, -4.1, -0.6);
const surrogates = Float32Array.of(-1.4, -0.3, -2.5, -1, -3.5, -0.6);

/** Every sample of n of the rows. */
function* samplesOf(n: number, from = 0): Generator<number[]> {
  if (n === 0) yield [];
  else for (let i = from; i < y.length; i++) for (const rest of samplesOf(n - 1, i + 1)) yield [i, ...rest];
}
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

describe("a sum from a sample of its rows", () => {
  it.each([
    ["with surrogates", surrogates],
    ["without", undefined],
  ])("is right on average over all samples, and so are its standard errors, %s", (_, all) => {
    const found = [...samplesOf(3)].map((places) =>
      estimateSum(
        Float64Array.from(places, (i) => y[i]),
        y.length,
        all && { all, places: Float64Array.from(places) },
      ),
    );
    const average = (of: (own: (typeof found)[number]) => number) => sum(found.map(of)) / found.length;
    const whole = estimateSum(y, y.length);
    expect(average((own) => own.sum)).toBeCloseTo(whole.sum, 6);
    // The variance over samples is the average of the estimated ones.
    const variance = average((own) => (own.sum - whole.sum) ** 2);
    expect(average((own) => own.subsampling ** 2)).toBeCloseTo(variance, 6);
    expect(average((own) => own.se ** 2)).toBeCloseTo(whole.se ** 2, 6);
  });

  it("of all rows is the sum with √(N Var)", () => {
    const mean = sum(y) / 6;
    const se = Math.sqrt(sum(y.map((value) => (value - mean) ** 2)));
    const found = estimateSum(y, 6);
    expect(found.sum).toBeCloseTo(sum(y), 12);
    expect(found.se).toBeCloseTo(se, 12);
    expect(found.subsampling).toBe(0);
  });
});

describe("stacking weights", () => {
  const models = [
    Float64Array.of(-1, -3, -0.5, -2, -4),
    Float64Array.of(-2, -1, -1.5, -2.2, -1),
    Float64Array.of(-3, -3.5, -2.5, -3, -4.5),
  ];
  const score = (weights: ArrayLike<number>) =>
    sum(models[0].map((_, n) => Math.log(sum(models.map((own, k) => weights[k] * Math.exp(own[n]))))));

  it("are those of the best mixture", () => {
    const weights = stackingWeights(models);
    expect(sum(weights)).toBeCloseTo(1, 12);
    // Nothing on a grid of mixtures is better, and the model that is worst in every row has no part.
    for (let a = 0; a <= 200; a++) expect(score([a / 200, 1 - a / 200, 0])).toBeLessThan(score(weights) + 1e-7);
    expect(weights[2]).toBeLessThan(1e-6);
  });
});
