import { describe, expect, test } from "vitest";
import { createInlineEngine } from "../../engine/engine.ts";
import { cholesky, choleskySolve, invertPositiveDefinite, logDeterminant } from "../../linalg/cholesky.ts";
import { add, dot, matrix, multiply, transpose } from "../../linalg/matrix.ts";
import { type CrossedSimulation, denseOracle, marginalCovariance, simulateCrossed } from "../crossed-fixtures.ts";
import type { CrossedModel } from "../model.ts";
import { logPrior, sigmaOf, varianceLayout } from "../variances.ts";
import { GaussianMarginal } from "./gaussian-marginal.ts";

const designs: Record<string, CrossedSimulation> = {
  "two crossed factors": { family: "gaussian", numRows: 90, levels: [7, 13], theta: [-0.5, -1, -0.2] },
  "three factors": { family: "gaussian", numRows: 90, levels: [7, 5, 3], theta: [-0.5, -1, 0.1, -0.2] },
  "weighted rows": { family: "gaussian", numRows: 80, levels: [7, 13], theta: [-0.5, -1, -0.2], weighted: true },
  "slopes with a correlation": {
    ...{ family: "gaussian", numRows: 120, levels: [9, 11], effects: [[-1, 1], [-1]], theta: [-0.5, -1, 0.4, -1, 0.2] },
  },
  "slopes in both factors, two terms": {
    ...{
      family: "gaussian",
      numRows: 120,
      levels: [9, 11],
      effects: [
        [-1, 1],
        [-1, 1, 2],
      ],
      terms: [[2], [2, 1]],
    },
    ...{ beta: [0.3, -0.5, 0.2], theta: [-0.5, -1, 0.4, -1, 0.2, -0.7, -0.3, -0.4] },
  },
  "a variance near 0": { family: "gaussian", numRows: 90, levels: [7, 13], theta: [-12, -1, -0.2] },
  "one factor": { family: "gaussian", numRows: 60, levels: [12], theta: [-0.4, 0] },
  "sigma fixed": { family: "gaussian", numRows: 60, levels: [12, 5], theta: [-0.4, 0], auxiliaries: { sigma: 0.8 } },
};

/** log N(y; 0, C Λ⁻¹ Cᵀ + σ² W⁻¹) + log p(θ) up to a constant. */
function denseLogDensity(model: CrossedModel, theta: Float64Array): number {
  const layout = varianceLayout(model);
  const sigma = sigmaOf(layout, theta);
  const factor = cholesky(marginalCovariance(model, theta, sigma));
  // A row of weight w counts w times, where the covariance σ²/w counts it once.
  const repeated = model.weights ? model.weights.reduce((sum, weight) => sum + weight, 0) - model.numRows : 0;
  const squares = dot(model.y, choleskySolve(factor, model.y));
  return -repeated * Math.log(sigma) - 0.5 * (logDeterminant(factor) + squares) + logPrior(layout, theta);
}

describe.each(Object.entries(designs))("%s", (_, told) => {
  const { model, layout, theta } = simulateCrossed(told);

  test("the marginal density of the variances is that of the dense covariance of y", async () => {
    const marginal = new GaussianMarginal(await createInlineEngine(), model, layout);
    const other = theta.map((value, at) => value + (at % 2 ? 0.3 : -0.2));
    const difference = (await marginal.at(theta)).logDensity - (await marginal.at(other)).logDensity;
    expect(difference).toBeCloseTo(denseLogDensity(model, theta) - denseLogDensity(model, other), 7);
  });

  test("means and covariances of the effects and of β are those of the dense precision", async () => {
    const marginal = new GaussianMarginal(await createInlineEngine(), model, layout);
    const { mean, covariances, fixedRoot } = await marginal.slopeAt(theta);
    const { design, prior, size, numEffects } = denseOracle(model, theta);
    const scale = sigmaOf(layout, theta) ** -2;
    const weighted = matrix(design.rows, size);
    for (let at = 0; at < weighted.data.length; at++)
      weighted.data[at] = design.data[at] * scale * (model.weights?.[Math.floor(at / size)] ?? 1);
    const covariance = invertPositiveDefinite(add(multiply(transpose(design), weighted), prior));
    const right = Float64Array.from({ length: size }, (_, a) =>
      model.y.reduce((sum, value, row) => sum + value * weighted.data[row * size + a], 0),
    );
    const expected = Float64Array.from({ length: size }, (_, a) =>
      dot(covariance.data.subarray(a * size, a * size + size), right),
    );
    let from = 0;
    for (const [factor, { numLevels, effects }] of model.factors.entries()) {
      const q = effects.length;
      for (let at = 0; at < numLevels * q; at++) {
        expect(mean[marginal.structure.offsets[factor] + at]).toBeCloseTo(expected[from + at], 9);
        const level = Math.floor(at / q);
        for (let b = 0; b < q; b++)
          expect(covariances[factor][at * q + b]).toBeCloseTo(
            covariance.data[(from + at) * size + from + level * q + b],
            9,
          );
      }
      from += numLevels * q;
    }
    for (let d = 0; d < model.numFixed; d++) {
      expect(mean[marginal.structure.fixedAt + d]).toBeCloseTo(expected[numEffects + d], 9);
      const own = dot(
        fixedRoot.data.subarray(d * model.numFixed, (d + 1) * model.numFixed),
        fixedRoot.data.subarray(d * model.numFixed, (d + 1) * model.numFixed),
      );
      expect(own).toBeCloseTo(covariance.data[(numEffects + d) * (size + 1)], 9);
    }
  });

  test("the slope is that of the density", async () => {
    const marginal = new GaussianMarginal(await createInlineEngine(), model, layout);
    const { slope } = await marginal.slopeAt(theta);
    for (let at = 0; at < layout.size; at++) {
      const value = async (shift: number) =>
        (await marginal.at(theta.map((old, other) => (other === at ? old + shift : old)))).logDensity;
      const difference = ((await value(1e-3)) - (await value(-1e-3))) / 2e-3;
      expect(Math.abs(slope[at] - difference)).toBeLessThan(1e-4 * (1 + Math.abs(difference)));
    }
  });
});
