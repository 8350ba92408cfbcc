import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { mean, variance } from "./autocovariance.ts";
import { mcseOfMean } from "./effective-sample-size.ts";
import { pool } from "./ordered-draws.ts";
import { mcseOfSdOverSteps } from "./sd-over-steps.ts";

const seeds = 150;
const rootMeanSquare = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
const scatter = (values: readonly number[]) => {
  const center = values.reduce((sum, value) => sum + value, 0) / values.length;
  return rootMeanSquare(values.map((value) => value - center));
};

/** An autoregressive chain's steps, every `stepsPerDraw`-th of them, and the means in between. */
function chainsOf(seed: number, phi: number, stepsPerDraw: number, draws = 500) {
  const chains = [0, 1, 2, 3].map((number) => {
    const random = createRandom(seed, number, 1);
    let x = random.normal();
    return Float64Array.from({ length: draws * stepsPerDraw }, () => {
      x = phi * x + Math.sqrt(1 - phi * phi) * random.normal();
      return x;
    });
  });
  const kept = chains.map((steps) =>
    Float64Array.from({ length: draws }, (_, draw) => steps[(draw + 1) * stepsPerDraw - 1]),
  );
  const means = chains.map((steps) =>
    Float64Array.from({ length: draws }, (_, draw) =>
      mean(steps.subarray(draw * stepsPerDraw, (draw + 1) * stepsPerDraw)),
    ),
  );
  return { steps: pool(chains), kept, means };
}

describe("mcseOfSdOverSteps", () => {
  it.each([
    // Correlations of 0.14 and of nothing between draws; the error is too large by up to √2, never too small.
    [0.8, 9],
    [0.8, 40],
    [0, 1],
  ])("with steps correlated by %f, %i of them a draw: the error of the sd over all steps", (phi, stepsPerDraw) => {
    const runs = Array.from({ length: seeds }, (_, seed) => {
      const { steps, kept, means } = chainsOf(seed, phi, stepsPerDraw);
      const relative = mcseOfMean(means) / Math.sqrt(variance(pool(kept)));
      return {
        sd: Math.sqrt(variance(steps)),
        stated: mcseOfSdOverSteps(kept, { mcseOfMean: relative, isExponential: false }),
      };
    });
    const ratio = rootMeanSquare(runs.map(({ stated }) => stated)) / scatter(runs.map(({ sd }) => sd));
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.2 * Math.SQRT2);
  });

  it("has no error where moments are integrals, but for what e^τ adds to τ", () => {
    const runs = Array.from({ length: seeds }, (_, seed) => {
      const random = createRandom(seed, 0, 1);
      const tau = Float64Array.from({ length: 2000 }, () => 0.5 * random.normal());
      const values = tau.map(Math.exp);
      const options = { mcseOfMean: 1 / Math.sqrt(2000), isIntegrated: true };
      return {
        // What `auxiliaryMoments` makes of the draws where the sd of τ is known.
        sd: (Math.sqrt(variance(values)) * 0.5) / Math.sqrt(variance(tau)),
        stated: mcseOfSdOverSteps([values], { ...options, isExponential: true }) * Math.sqrt(variance(values)),
        plain: mcseOfSdOverSteps([values], { ...options, isExponential: false }),
      };
    });
    for (const { plain } of runs) expect(plain).toBe(0);
    const ratio = rootMeanSquare(runs.map(({ stated }) => stated)) / scatter(runs.map(({ sd }) => sd));
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.3);
  });
});
