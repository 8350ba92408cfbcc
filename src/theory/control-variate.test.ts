import { expect, test } from "vitest";
import { cholesky } from "../linalg/cholesky.ts";
import { add, congruence, type Matrix, matrix, multiply, scale, transpose } from "../linalg/matrix.ts";
import { averagedAutocorrelationTime, averagedNoiseFactor } from "./control-variate.ts";

const covariance: Matrix = { rows: 2, columns: 2, data: Float64Array.of(2, 0.6, 0.6, 0.5) };
const noise: Matrix = { rows: 2, columns: 2, data: Float64Array.of(3, -1, -1, 4) };
const factor = cholesky(covariance);
const whitened = congruence(transpose(factor), noise);

/** Covariances of θ_t with itself after many steps, and with θ_{t+k}, k = 1, 2, …, by the recursion itself. */
function lawOf(h: number, batchSize: number) {
  const injected = averagedNoiseFactor(factor, whitened, h, batchSize);
  const perStep = multiply(injected, transpose(injected));
  const minibatch = scale(multiply(multiply(covariance, noise), covariance), h ** 2 / batchSize);
  // θ_t has ½ R z_t in it, of which the next step adds another half: E θ_t (½ R z_t)ᵀ = ¼ R Rᵀ.
  const shared = scale(perStep, 0.25);
  let law = matrix(2, 2);
  for (let step = 0; step < 4000; step++) {
    const carried = add(scale(law, (1 - h) ** 2), shared, 1, 2 * (1 - h));
    law = add(add(carried, minibatch), perStep, 1, 0.5);
  }
  return { law, next: add(scale(law, 1 - h), shared) };
}

test.each([
  [1, 40],
  [0.5, 10],
  [0.01, 4],
])("noise averaged over two steps has the covariance P, h = %f with batches of %i", (h, batchSize) => {
  const { law } = lawOf(h, batchSize);
  law.data.forEach((value, k) => {
    expect(value).toBeCloseTo(covariance.data[k], 10);
  });
});

test("the autocorrelation time is that of the recursion", () => {
  const h = 0.3;
  const { law, next } = lawOf(h, 1e12);
  let sum = 1;
  for (let lag = 1; lag < 200; lag++) sum += (2 * next.data[0] * (1 - h) ** (lag - 1)) / law.data[0];
  expect(sum).toBeCloseTo(averagedAutocorrelationTime(h), 8);
});
