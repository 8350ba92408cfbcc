import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shapedPriorRecord, writeShapedPriorRecords } from "../engine/bindings/shaped-prior-record.ts";
import { loadKernels } from "../engine/kernels.ts";
import { EngineMemory } from "../engine/memory.ts";
import {
  coefficientDensities,
  negativeLogDensity,
  priorOfKernel,
  type ScalePrior,
  scaleDensities,
} from "./densities.ts";
import type { Density, KindOfPrior } from "./density.ts";
import { hasForm, parseDistribution } from "./distribution.ts";
import { priorText } from "./prior.ts";
import type { ShapedPrior } from "./shaped-prior.ts";

// Runs over the list of laws: a new one is tested by being there.
type Law = Density<KindOfPrior>;
const laws = [...coefficientDensities, ...scaleDensities] as readonly unknown[] as readonly Law[];
const isScale = ({ kind }: Law) => scaleDensities.some((law) => law.kind === kind);

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const shapes: readonly string[] = ["degrees", "shape"];
const rangeOf = (name: string) =>
  name === "mean" ? real(-5, 5).map((mean) => mean + 0) : shapes.includes(name) ? real(0.5, 30) : real(0.1, 10);
const priorsOf = (law: Law): fc.Arbitrary<KindOfPrior> =>
  fc.record({
    kind: fc.constant(law.kind),
    ...Object.fromEntries(law.parameters.map((name) => [name, rangeOf(name)])),
  });
/** Mean and width of a prior of a coefficient. */
function placeOf(prior: KindOfPrior): { mean: number; width: number } {
  const { mean = 0, sd, scale } = prior as { mean?: number; sd?: number; scale?: number };
  return { mean, width: (sd ?? scale)! };
}

/** Central differences; their error is the step squared times a third derivative, and rounding over the step. */
function expectDerivative(f: (x: number) => number, derivative: number, x: number, step: number): void {
  const difference = (f(x + step) - f(x - step)) / (2 * step);
  const size = Math.abs(derivative) + Math.abs(f(x)) + 1;
  expect(Math.abs(difference - derivative)).toBeLessThan(1e-6 * size);
}

describe.each(laws.map((law) => [law.kind, law] as const))("%s", (_, law) => {
  test("slope and curvature are the derivatives", () => {
    fc.assert(
      fc.property(priorsOf(law), real(-4, 2), (prior, z) => {
        const { mean, width } = isScale(law) ? { mean: 0, width: 1 } : placeOf(prior);
        // A density may have a kink at its mean.
        fc.pre(isScale(law) || Math.abs(z) > 1e-3);
        const x = mean + z * width;
        const found = law.at(prior, x);
        // In units of the width, in which all derivatives are of order 1 (and of 1/degrees below 1 degree).
        const at = (u: number) => law.at(prior, u * width);
        expectDerivative((u) => at(u).value, found.slope * width, x / width, 1e-4);
        expectDerivative((u) => at(u).slope * width, found.curvature * width ** 2, x / width, 1e-4);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("reads what it writes, and its example", () => {
    expect(hasForm(parseDistribution(law.example, "prior", [law]), law)).toBe(true);
    fc.assert(
      fc.property(priorsOf(law), (prior) => {
        expect(parseDistribution(priorText(prior), "prior", [law])).toEqual(prior);
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  test.skipIf(isScale(law))("is 0 and least at the mean", () => {
    fc.assert(
      fc.property(priorsOf(law), real(-4, 4), (prior, z) => {
        const { mean, width } = placeOf(prior);
        expect(law.at(prior, mean)).toMatchObject({ value: 0, slope: 0 });
        expect(law.at(prior, mean + (z === 0 ? 1 : z) * width).value).toBeGreaterThanOrEqual(0);
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  test.skipIf(!law.kernel)("the kernel's slope is the same, and its record holds the same prior", async () => {
    const memory = new EngineMemory();
    const { priorSlope } = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => number>;
    fc.assert(
      fc.property(priorsOf(law), real(-6, 3), (prior, x) => {
        const mark = memory.mark();
        const shaped = { index: 0, [isScale(law) ? "scalePrior" : "prior"]: prior } as ShapedPrior;
        const slope = priorSlope(writeShapedPriorRecords(memory, [shapedPriorRecord(shaped)]), x);
        memory.release(mark);
        const expected = law.at(prior, x).slope;
        expect(Math.abs(slope - expected)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(expected)));
        const { kind, numbersOf } = law.kernel!;
        const again = priorOfKernel(kind, numbersOf(prior));
        expect(negativeLogDensity(again, x)).toEqual(law.at(prior, x));
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  test.skipIf(!law.kink)("is averaged over a spread", () => {
    fc.assert(
      fc.property(priorsOf(law), real(-4, 4), real(0.2, 3), (prior, z, spread) => {
        const { mean, width } = placeOf(prior);
        const x = mean + z * width;
        // The trapezoidal rule, whose error at a kink is of the step squared.
        const step = 1e-3;
        let average = 0;
        for (let u = -8; u <= 8; u += step)
          average += step * law.at(prior, x + spread * u).value * (Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI));
        const averaged = (at: number) => law.kink!.averagedAt(prior, at, spread);
        expect(Math.abs(averaged(x).value - average)).toBeLessThan(1e-5 * (1 + average));
        expectDerivative((at) => averaged(at).value, averaged(x).slope, x, 1e-4);
        expectDerivative((at) => averaged(at).slope, averaged(x).curvature, x, 1e-4);
      }),
      { seed: 9, numRuns: 20 },
    );
  });
});

describe("the densities of their names", () => {
  test("of coefficients", () => {
    // By hand: e^(−z²/2), (1 + z²/ν)^(−(ν + 1)/2), e^(−|z|).
    const value = (...given: Parameters<typeof negativeLogDensity>) => negativeLogDensity(...given).value;
    expect(value({ kind: "normal", mean: 1, sd: 2 }, 5)).toBe(2);
    expect(Math.exp(-value({ kind: "student-t", degrees: 1, mean: 0, scale: 2 }, 2))).toBeCloseTo(0.5, 12);
    expect(Math.exp(-value({ kind: "student-t", degrees: 3, mean: 0, scale: 1 }, 1))).toBeCloseTo(9 / 16, 12);
    expect(value({ kind: "laplace", mean: -1, scale: 0.5 }, 1)).toBe(4);
  });

  /** p(s) without its constant, written down from its definition. */
  function definition(prior: ScalePrior, s: number): number {
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

  test.each(scaleDensities.map((law) => [law.kind, law as unknown as Law] as const))(
    "of a positive parameter's logarithm, with its Jacobian: %s",
    (_, law) => {
      fc.assert(
        fc.property(priorsOf(law), real(-2, 1), real(-2, 1), (prior, a, b) => {
          const minusLog = (tau: number) => -Math.log(definition(prior as ScalePrior, Math.exp(tau))) - tau;
          const expected = minusLog(a) - minusLog(b);
          fc.pre(Number.isFinite(expected));
          const found = law.at(prior, a).value - law.at(prior, b).value;
          expect(Math.abs(found - expected)).toBeLessThan(1e-9 * (1 + Math.abs(minusLog(a)) + Math.abs(minusLog(b))));
        }),
        { seed: 6, numRuns: 200 },
      );
    },
  );

  test("a half-student-t far out", () => {
    const prior: ScalePrior = { kind: "half-student-t", degrees: 3, scale: 1 };
    expect(negativeLogDensity(prior, 400)).toMatchObject({ slope: 3, curvature: 0 });
    expect(negativeLogDensity(prior, -400)).toMatchObject({ slope: -1, curvature: 0 });
  });
});
