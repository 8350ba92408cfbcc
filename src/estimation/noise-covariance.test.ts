import { afterAll, describe, expect, it } from "vitest";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { congruence, largestEntry, type Matrix, matrix, scale, transpose } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric-eigen.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { visitRows } from "../rows/visit-rows.ts";
import type { DenseApproximation } from "./local-approximation.ts";

const engines: Engine[] = [];
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.executor.close()));
});

const random = createRandom(5, 0, 9);
const x = Array.from({ length: 80 }, () => Float64Array.of(random.normal(), random.normal()));
const eta = x.map(([a, b]) => 0.4 + 0.6 * a - 0.3 * b);
const weights = Float64Array.from(x, () => 0.2 + 2 * random.uniform());
const numbers = Float64Array.from(eta, (value) => value + random.normal());
const counts = Float64Array.from(eta, (value) => Math.floor(Math.exp(value) - 1.5 * Math.log(random.uniform())));
const prior = { mean: 0, sd: 2 };

const targets: Target[] = [
  { name: "gaussian, σ learned", x, y: numbers, family: "gaussian", prior },
  { name: "student-t, σ and ν learned, weighted", x, y: numbers, family: "student-t", weights, prior },
  { name: "student-t, ν learned", x, y: numbers, family: "student-t", auxiliaries: { sigma: 0.8 }, prior },
  { name: "negative binomial, α learned", x, y: counts, family: "negative-binomial", prior },
  { name: "poisson", x, y: counts, family: "poisson", prior },
];

/** ∇ℓ_n(θ) of all rows, weighted: N × M. */
function rowGradients({ model }: DenseApproximation, position: Float64Array): Matrix {
  const { rows, dimension, family, auxiliaries } = model;
  const gradients = matrix(rows.numRows, dimension);
  const slopes = new Float64Array(3);
  visitRows(model, position, (row) => {
    family.row!.slopesInto(slopes, row.eta[0], row.tau, row.y);
    row.addTo(gradients.data, row.n * dimension, row.weight * slopes[0]);
    auxiliaries.forEach(({ index }, k) => {
      gradients.data[row.n * dimension + rows.numColumns + k] = row.weight * slopes[index + 1];
    });
  });
  return gradients;
}

/** Covariance over rows of H_n δ, summed over the columns δ of a factor of Σ, by differences of the rows' gradients. */
function byDifferences(local: DenseApproximation, factor: Matrix): Matrix {
  const { numRows, mode } = local;
  const size = mode.length;
  const sum = matrix(size, size);
  const h = 1e-4;
  for (let k = 0; k < factor.columns; k++) {
    const moved = (by: number) => mode.map((value, j) => value + by * factor.data[j * factor.columns + k]);
    const [ahead, behind] = [rowGradients(local, moved(h)), rowGradients(local, moved(-h))];
    const change = matrix(
      numRows,
      size,
      ahead.data.map((value, i) => (value - behind.data[i]) / (2 * h)),
    );
    const mean = Float64Array.from({ length: size }, (_, j) => {
      let total = 0;
      for (let n = 0; n < numRows; n++) total += change.data[n * size + j];
      return total / numRows;
    });
    for (let n = 0; n < numRows; n++)
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          sum.data[i * size + j] +=
            ((change.data[n * size + i] - mean[i]) * (change.data[n * size + j] - mean[j])) / numRows;
  }
  return sum;
}

describe("noise that grows with the spread of the iterates", () => {
  it.each(targets)("is the covariance of the rows' curvatures times the spread: $name", async (target) => {
    const engine = await createInlineEngine();
    engines.push(engine);
    const { local } = await problemOf(engine, target);
    const size = local.mode.length;
    const deviates = createRandom(6, 0, 9);
    for (const rank of [size, 1]) {
      const factor = matrix(
        size,
        rank,
        Float64Array.from({ length: size * rank }, () => 0.1 * deviates.normal()),
      );
      const covariance = matrix(size, size);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          for (let k = 0; k < rank; k++)
            covariance.data[i * size + j] += factor.data[i * rank + k] * factor.data[j * rank + k];
      const found = await local.noise.multiplicative(covariance);
      const expected = byDifferences(local, factor);
      const largest = largestEntry(expected);
      for (let k = 0; k < found.data.length; k++)
        expect(Math.abs(found.data[k] - expected.data[k]) / largest).toBeLessThan(2e-5);
      // A covariance: what it adds to the noise takes from it in no direction.
      const whitened = congruence(transpose(local.laplaceFactor), scale(found, 1 / largest));
      expect(symmetricEigen(whitened).values[0]).toBeGreaterThan(-1e-5 * largestEntry(whitened));
    }
  });
});
