import { describe, expect, it } from "vitest";
import { createRandom, type Xoshiro } from "../rng/xoshiro.ts";
import { ScoreControls } from "./score-controls.ts";
import { ScoreLaw } from "./score-law.ts";
import type { ScoredParameter } from "./scored-parameter.ts";

/** A law with the density e^−U, its draws and U'. */
interface Law {
  draw(random: Xoshiro): number;
  slope(x: number): number;
}

const normal: Law = { draw: (random) => 7 + 2 * random.normal(), slope: (x) => (x - 7) / 4 };
/** log of a gamma variable with shape 9: U = e^x − 9 x, skewness −0.34. */
const logGamma: Law = {
  draw: (random) => Math.log(Array.from({ length: 9 }, () => -Math.log(1 - random.uniform())).reduce((a, b) => a + b)),
  slope: (x) => Math.exp(x) - 9,
};
/** ψ(9) and ψ'(9), and Φ of the 0.03 quantile by the Poisson sum P(gamma ≤ e^x) = 1 − Σ_{k<9} e^−λ λ^k/k!. */
const truth = { mean: 2.1406414779556, variance: 0.11751201469493 };
function gammaBelow(x: number): number {
  const rate = Math.exp(x);
  let [term, sum] = [Math.exp(-rate), 0];
  for (let k = 0; k < 9; k++) {
    sum += term;
    term *= rate / (k + 1);
  }
  return 1 - sum;
}

function chainsOf(law: Law, seed: number, draws = 1000, variance = 0.12): ScoredParameter {
  const values = [0, 1, 2, 3].map((chain) => {
    const random = createRandom(seed, chain, 1);
    return Float64Array.from({ length: draws }, () => law.draw(random));
  });
  return { values, scores: values.map((chain) => chain.map((x) => variance * law.slope(x))), variance };
}

function weightedMean({ weights }: ScoreControls, series: readonly Float64Array[]): number {
  let [sum, count] = [0, 0];
  series.forEach((chain, k) => {
    chain.forEach((value, step) => {
      sum += weights[k][step] * value;
      count++;
    });
  });
  return sum / count;
}

const rootMeanSquare = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

const plainError = (chains: readonly Float64Array[]) => {
  const pooled = chains.flatMap((chain) => [...chain]);
  const mean = pooled.reduce((sum, value) => sum + value, 0) / pooled.length;
  const squares = pooled.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares) / pooled.length;
};

describe("ScoreControls", () => {
  it("leaves nothing to chance in the mean and the variance of a normal law", () => {
    const parameter = chainsOf(normal, 1);
    const controls = ScoreControls.of([parameter])!;
    expect(weightedMean(controls, parameter.values)).toBeCloseTo(7, 10);
    const squares = parameter.values.map((chain) => chain.map((x) => (x - 7) ** 2));
    expect(weightedMean(controls, squares)).toBeCloseTo(4, 10);
    expect(plainError(controls.residuals(squares))).toBeLessThan(1e-10);
  });

  it("has no bias and the errors that are stated for a skewed law, a fifth of the draws'", () => {
    const seeds = 200;
    const functions = [(x: number) => x - truth.mean, (x: number) => (x - truth.mean) ** 2 - truth.variance];
    for (const of of functions) {
      const runs = Array.from({ length: seeds }, (_, seed) => {
        const parameter = chainsOf(logGamma, seed);
        const controls = ScoreControls.of([parameter])!;
        const series = parameter.values.map((chain) => chain.map(of));
        const mean = weightedMean(controls, series);
        return { mean, error: plainError(controls.residuals(series)), plain: plainError(series) };
      });
      const actual = rootMeanSquare(runs.map(({ mean }) => mean));
      const stated = rootMeanSquare(runs.map(({ error }) => error));
      const bias = runs.reduce((sum, { mean }) => sum + mean, 0) / seeds;
      expect(Math.abs(bias)).toBeLessThan((4 * actual) / Math.sqrt(seeds));
      // A root mean square of 200 is known to 5%.
      expect(actual / stated).toBeGreaterThan(0.85);
      expect(actual / stated).toBeLessThan(1.15);
      expect(stated).toBeLessThan(0.3 * rootMeanSquare(runs.map(({ plain }) => plain)));
    }
  });

  it("is not used where the scores are not those of the draws", () => {
    const parameter = chainsOf(normal, 1);
    const wrong = { ...parameter, scores: parameter.scores.map((chain) => chain.map((score) => 1.3 * score)) };
    expect(ScoreControls.of([wrong])).toBeNull();
    const shifted = { ...parameter, scores: parameter.scores.map((chain) => chain.map((score) => score + 0.01)) };
    expect(ScoreControls.of([shifted])).toBeNull();
    expect(
      ScoreControls.of([{ ...parameter, scores: parameter.scores.map((s) => s.map(() => Number.NaN)) }]),
    ).toBeNull();
  });

  it("is not used where a bound cuts the density off, where parts leave what is there", () => {
    const exponential: Law = { draw: (random) => -Math.log(1 - random.uniform()), slope: () => 1 };
    expect(ScoreControls.of([chainsOf(exponential, 3)])).toBeNull();
  });

  it("is not used of few steps, or of a parameter that never moves", () => {
    expect(ScoreControls.of([chainsOf(normal, 1, 100)])).toBeNull();
    expect(ScoreControls.of([chainsOf({ draw: () => 3, slope: () => 0 }, 1)])).toBeNull();
  });

  it("takes the scores of several parameters for a function of them", () => {
    const [first, second] = [chainsOf(normal, 1), chainsOf(normal, 2)];
    const controls = ScoreControls.of([first, second])!;
    const sums = first.values.map((chain, k) => chain.map((x, step) => x ** 2 + 3 * second.values[k][step]));
    expect(weightedMean(controls, sums)).toBeCloseTo(49 + 4 + 21, 9);
  });
});

describe("ScoreLaw", () => {
  const lawOf = (parameter: ScoredParameter) => {
    const pooled = parameter.values.flatMap((chain) => [...chain]);
    const order = Uint32Array.from([...pooled.keys()].sort((a, b) => pooled[a] - pooled[b]));
    return new ScoreLaw(parameter, order);
  };

  it("is the normal law where the scores are a normal law's", () => {
    const law = lawOf(chainsOf(normal, 5));
    for (const x of [3, 5, 6.5, 7, 8, 11]) {
      const a = (x - law.center) / law.sd;
      const z = (x - 7) / 2;
      // h = t s²/4 + (c − 7) s/4: the moments of these draws stand in for the law's, and what that leaves is what scores correct.
      expect(law.at(a).density / law.sd).toBeCloseTo(Math.exp(-0.5 * z * z) / (2 * Math.sqrt(2 * Math.PI)), 3);
    }
  });

  it("has the probabilities of a skewed law, with the errors of its contributions", () => {
    const seeds = 100;
    for (const x of [1.45, 1.9, 2.4, 2.7]) {
      const runs = Array.from({ length: seeds }, (_, seed) => {
        const law = lawOf(chainsOf(logGamma, seed));
        const a = (x - law.center) / law.sd;
        const contributions = [law.contributionsAt(a).probability];
        return { error: law.at(a).probability - gammaBelow(x), stated: plainError(contributions) };
      });
      const [actual, stated] = [
        rootMeanSquare(runs.map(({ error }) => error)),
        rootMeanSquare(runs.map(({ stated }) => stated)),
      ];
      const bias = runs.reduce((sum, { error }) => sum + error, 0) / seeds;
      expect(Math.abs(bias)).toBeLessThan((4 * actual) / Math.sqrt(seeds));
      // Of 100 runs the root mean square is known to 7%.
      expect(actual / stated).toBeGreaterThan(0.75);
      expect(actual / stated).toBeLessThan(1.25);
      const p = gammaBelow(x);
      expect(actual).toBeLessThan(0.5 * Math.sqrt((p * (1 - p)) / 4000));
    }
  });
});
