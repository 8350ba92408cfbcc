import { describe, expect, it } from "vitest";
import { diffusionTime, fallingRate, rateAt, stepAtDiffusionTime } from "./falling-rate.ts";

describe("a falling rate", () => {
  it.each([0.5, 0.25, 0.05])("averages to %d of the first over diffusion time", (fraction) => {
    const rate = fallingRate(0.02, fraction, 0.55, 300);
    const steps = Math.round(stepAtDiffusionTime(rate, 300));
    let [sum, squares] = [0, 0];
    for (let step = 0; step < steps; step++) {
      sum += rateAt(rate, step);
      squares += rateAt(rate, step) ** 2;
    }
    // Sums against integrals: half of the first terms apart, 0.01 in 300 and 2e-4 in 0.3 or more.
    expect(Math.abs(sum / 300 - 1)).toBeLessThan(1e-4);
    expect(Math.abs(squares / sum / (fraction * 0.02) - 1)).toBeLessThan(1e-3);
    expect(rateAt(rate, 0)).toBe(0.02);
  });

  it("takes as many steps as its diffusion time says", () => {
    const rate = { first: 0.3, offset: 40, exponent: 0.7 };
    for (const step of [0, 1, 1000]) expect(stepAtDiffusionTime(rate, diffusionTime(rate, step))).toBeCloseTo(step, 8);
  });
});
