import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Prior } from "./prior.ts";
import { curvature, logScaleDensity, negativeLogDensity, slope } from "./prior-density.ts";
import type { ScalePrior } from "./scale-prior.ts";

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const scale = real(0.1, 10);
const mean = real(-5, 5);

const priors: fc.Arbitrary<Prior> = fc.oneof(
  fc.record({ kind: fc.constant("normal" as const), mean, sd: scale }),
  fc.record({ kind: fc.constant("student-t" as const), degrees: real(0.5, 30), mean, scale }),
  fc.record({ kind: fc.constant("laplace" as const), mean, scale }),
);
const scalePriors: fc.Arbitrary<ScalePrior> = fc.oneof(
  fc.record({ kind: fc.constant("exponential" as const), rate: scale }),
  fc.record({ kind: fc.constant("half-normal" as const), scale }),
  fc.record({ kind: fc.constant("half-student-t" as const), degrees: real(0.5, 30), scale }),
  fc.record({ kind: fc.constant("gamma" as const), shape: scale, rate: scale }),
);

/** Central differences; their error is the step squared times a third derivative, and rounding over the step. */
function expectDerivative(f: (x: number) => number, derivative: number, x: number, step: number): void {
  const difference = (f(x + step) - f(x - step)) / (2 * step);
  const size = Math.abs(derivative) + Math.abs(f(x)) + 1;
  expect(Math.abs(difference - derivative)).toBeLessThan(1e-6 * size);
}

describe("priors of coefficients", () => {
  test("slope and curvature are the derivatives, 0 and least at the mean", () => {
    fc.assert(
      fc.property(priors, real(-4, 4), (prior, z) => {
        const width = prior.kind === "normal" ? prior.sd : prior.scale;
        const step = 1e-4 * width;
        expect(negativeLogDensity(prior, prior.mean)).toBe(0);
        expect(slope(prior, prior.mean)).toBe(0);
        // The laplace density has a kink at its mean.
        fc.pre(Math.abs(z) > 1e-3);
        const x = prior.mean + z * width;
        expect(negativeLogDensity(prior, x)).toBeGreaterThan(0);
        // In units of the width, in which all derivatives are of order 1 (and of 1/degrees below 1 degree).
        expectDerivative((u) => negativeLogDensity(prior, u * width), slope(prior, x) * width, x / width, step / width);
        expectDerivative(
          (u) => slope(prior, u * width) * width,
          curvature(prior, x) * width ** 2,
          x / width,
          step / width,
        );
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("are the densities of their names", () => {
    // By hand: e^(−z²/2), (1 + z²/ν)^(−(ν + 1)/2), e^(−|z|).
    expect(negativeLogDensity({ kind: "normal", mean: 1, sd: 2 }, 5)).toBe(2);
    expect(Math.exp(-negativeLogDensity({ kind: "student-t", degrees: 1, mean: 0, scale: 2 }, 2))).toBeCloseTo(0.5, 12);
    expect(Math.exp(-negativeLogDensity({ kind: "student-t", degrees: 3, mean: 0, scale: 1 }, 1))).toBeCloseTo(
      9 / 16,
      12,
    );
    expect(negativeLogDensity({ kind: "laplace", mean: -1, scale: 0.5 }, 1)).toBe(4);
  });
});

/** p(s) without its constant, written down from its definition. */
function density(prior: ScalePrior, s: number): number {
  switch (prior.kind) {
    case "exponential":
      return Math.exp(-prior.rate * s);
    case "half-normal":
      return Math.exp(-0.5 * (s / prior.scale) ** 2);
    case "half-student-t":
      return (1 + (s / prior.scale) ** 2 / prior.degrees) ** (-(prior.degrees + 1) / 2);
    case "gamma":
      return s ** (prior.shape - 1) * Math.exp(-prior.rate * s);
  }
}

describe("priors of positive parameters", () => {
  test("are those of the logarithm, with its Jacobian", () => {
    fc.assert(
      fc.property(scalePriors, real(-2, 1), real(-2, 1), (prior, a, b) => {
        const minusLog = (tau: number) => -Math.log(density(prior, Math.exp(tau))) - tau;
        const expected = minusLog(a) - minusLog(b);
        fc.pre(Number.isFinite(expected));
        const found = logScaleDensity(prior, a).value - logScaleDensity(prior, b).value;
        expect(Math.abs(found - expected)).toBeLessThan(1e-9 * (1 + Math.abs(minusLog(a)) + Math.abs(minusLog(b))));
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  test("slope and curvature are the derivatives in τ", () => {
    fc.assert(
      fc.property(scalePriors, real(-4, 2), (prior, tau) => {
        const at = logScaleDensity(prior, tau);
        expectDerivative((t) => logScaleDensity(prior, t).value, at.slope, tau, 1e-4);
        expectDerivative((t) => logScaleDensity(prior, t).slope, at.curvature, tau, 1e-4);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test("a half-student-t far out", () => {
    const prior: ScalePrior = { kind: "half-student-t", degrees: 3, scale: 1 };
    expect(logScaleDensity(prior, 400)).toMatchObject({ slope: 3, curvature: 0 });
    expect(logScaleDensity(prior, -400)).toMatchObject({ slope: -1, curvature: 0 });
  });
});
