import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { orderDraws } from "./ordered-draws.ts";
import { type ScoredNumber, scoreInterval } from "./score-interval.ts";

/** log of a gamma variable with shape 9, U = e^x − 9 x, at which scores explain much but not all. */
function scored(seed: number, isLogarithm: boolean): ScoredNumber {
  const values = [0, 1, 2, 3].map((chain) => {
    const random = createRandom(seed, chain, 1);
    const gamma = () => Array.from({ length: 9 }, () => -Math.log(1 - random.uniform())).reduce((a, b) => a + b);
    return Float64Array.from({ length: 1000 }, () => Math.log(gamma()));
  });
  const scores = values.map((chain) => chain.map((x) => 0.12 * (Math.exp(x) - 9)));
  return { parameter: { values, scores, variance: 0.12 }, isLogarithm };
}

const rootMeanSquare = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

/** Ends where the densities are equal and 94% lie between, by scipy.stats.gamma(9) and brentq; sds √ψ'(9) and 3. */
const truth = {
  parameter: { low: 1.4901685, high: 2.7696683, sd: 0.3428003 },
  exponential: { low: 3.7553689, high: 14.6398607, sd: 3 },
};

describe("scoreInterval", () => {
  it.each([
    ["of the parameter itself", false, truth.parameter],
    ["of its exponential, where the interval is the shortest", true, truth.exponential],
  ] as const)("%s: ends without bias, and the errors that are stated", (_, isLogarithm, { low, high, sd }) => {
    const seeds = 100;
    const runs = Array.from({ length: seeds }, (_, seed) => {
      const number = scored(seed, isLogarithm);
      return scoreInterval(number, orderDraws(number.parameter.values))!;
    });
    const compare = (deviations: readonly number[], errors: readonly number[]) => {
      const bias = deviations.reduce((sum, value) => sum + value, 0) / seeds;
      const actual = rootMeanSquare(deviations.map((value) => value - bias));
      expect(Math.abs(bias) / sd).toBeLessThan((4 * actual) / Math.sqrt(seeds) / sd);
      expect(rootMeanSquare(errors) / actual).toBeGreaterThan(0.8);
      expect(rootMeanSquare(errors) / actual).toBeLessThan(1.25);
      // The draws' own are some 0.045 sd off.
      expect(actual / sd).toBeLessThan(0.03);
    };
    compare(
      runs.map((run) => run.low - low),
      runs.map(({ lowError }) => lowError),
    );
    compare(
      runs.map((run) => run.high - high),
      runs.map(({ highError }) => highError),
    );
  });

  it("is none where the density is highest at the law's own end", () => {
    const random = createRandom(1, 0, 1);
    const values = [Float64Array.from({ length: 4000 }, () => -Math.log(1 - random.uniform()))];
    const parameter = { values, scores: [new Float64Array(4000).fill(1)], variance: 1 };
    expect(scoreInterval({ parameter, isLogarithm: false }, orderDraws(values))).toBeNull();
  });

  it("is none where the scores are those of another law", () => {
    const { parameter, isLogarithm } = scored(1, false);
    const scores = parameter.scores.map((chain) => chain.map((score) => score - 0.06));
    expect(scoreInterval({ parameter, isLogarithm }, orderDraws(parameter.values))).not.toBeNull();
    expect(
      scoreInterval({ parameter: { ...parameter, scores }, isLogarithm }, orderDraws(parameter.values)),
    ).toBeNull();
  });
});
