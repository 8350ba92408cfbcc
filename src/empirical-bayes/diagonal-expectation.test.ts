import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { dot } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { boundedDiagonalStep, effectiveParameters } from "../theory/bounded-diagonal.ts";
import { learnHyperparameters } from "./variational-em.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createInlineEngine();
});
afterAll(() => engine.executor.close());

/** A logistic model of sixty small coefficients, of which the data tell little more than the prior. */
function faintTarget(): Target {
  const random = createRandom(71, 0, 9);
  const beta = Float64Array.from({ length: 60 }, () => 0.12 * random.normal());
  const x = Array.from({ length: 1000 }, () => Float64Array.from({ length: 60 }, () => random.normal()));
  const y = Float64Array.from(x, (row) => (random.uniform() < 1 / (1 + Math.exp(-dot(row, beta))) ? 1 : 0));
  return { name: "faint", x, y, family: "bernoulli", prior: { mean: 0, sd: 2.5 } };
}

describe("bounded diagonal steps", () => {
  const noise = Float64Array.of(0.2, 0.001, 0);
  const priorPrecision = Float64Array.of(4, 4, 4);
  const given = { noise, priorPrecision, numRows: 1000 };

  it("give every coordinate by itself its posterior variance at the finite step", () => {
    for (const largest of [0.01, 0.3, 5]) {
      const { step, noise: factor } = boundedDiagonalStep(given, 20, largest);
      step.forEach((h, j) => {
        const a = noise[j] + priorPrecision[j] / 1000;
        const variance = ((h * h * noise[j]) / 20 + factor[j] ** 2) / (1 - (1 - h * a) ** 2);
        expect(variance * 1000 * a).toBeCloseTo(1, 10);
        expect(h).toBeLessThanOrEqual(largest * (1 + 1e-12));
      });
    }
    // Only where the bound binds is noise injected.
    expect([...boundedDiagonalStep(given, 20, 5).noise].map((value) => value > 0)).toEqual([false, true, true]);
  });

  it("count the parameters that the data determine", () => {
    expect(effectiveParameters(given)).toBeCloseTo(0.2 / 0.204 + 0.001 / 0.005, 12);
  });
});

describe("variational EM without M×M matrices", () => {
  it("learns nearly the precision that the exact E-step learns", async () => {
    const { local } = await problemOf(engine, faintTarget());
    const { workspace, model } = local;
    const groups = [{ name: "x", parameters: Array.from({ length: 60 }, (_, j) => j) }];
    const narrow = (await learnHyperparameters(workspace, model, { groups, seed: 2 })).groups[0];
    const wide = await learnHyperparameters(workspace, model, {
      groups,
      seed: 2,
      curvature: "bounded",
      tolerance: 0.04,
    });
    const [{ precision, error }] = wide.groups;
    expect(wide.converged).toBe(true);
    expect(error).toBeLessThan(0.05);
    // Minibatch noise may add 3 % to E|θ − m|², which moves log λ by 3 % over the slope, at most 0.1.
    expect(Math.abs(Math.log(precision / narrow.precision))).toBeLessThan(4 * Math.hypot(error, narrow.error) + 0.1);
  });
});
