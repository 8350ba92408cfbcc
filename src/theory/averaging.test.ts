import { describe, expect, it } from "vitest";
import { cholesky, invertPositiveDefinite } from "../linalg/cholesky.ts";
import {
  add,
  congruence,
  identity,
  largestEntry,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyVector,
  scale,
  transpose,
} from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import {
  averagedCovariance,
  continuousAveragedCovariance,
  finiteWindowError,
  polyakCovariance,
  sandwichCovariance,
} from "./averaging.ts";
import { continuousStationaryCovariance, discreteStationaryCovariance } from "./stationary.ts";

const hessian = matrixFromRows([
  [2, 0.3, 0.1],
  [0.3, 0.5, 0],
  [0.1, 0, 1],
]);
const noiseCovariance = matrixFromRows([
  [1, -0.2, 0.3],
  [-0.2, 0.7, 0],
  [0.3, 0, 1.5],
]);
const shape = matrixFromRows([
  [0.4, 0.1, 0],
  [0.1, 0.6, 0.05],
  [0, 0.05, 0.3],
]);
const batchSize = 5;
const sgdAt = (size: number) => ({ preconditioner: scale(shape, size), hessian, noiseCovariance, batchSize });

function relativeDifference(a: Matrix, b: Matrix): number {
  return largestEntry(add(a, b, 1, -1)) / largestEntry(b);
}

/** (1/T²) Σ_{s,t} Cov(θ_s, θ_t), lag by lag. */
function bruteForce(preconditioner: Matrix, covariance: Matrix, steps: number): Matrix {
  const contraction = add(identity(3), multiply(preconditioner, hessian), 1, -1);
  let sum = scale(covariance, steps);
  let lagged = covariance;
  for (let k = 1; k < steps; k++) {
    lagged = multiply(contraction, lagged);
    sum = add(sum, add(lagged, transpose(lagged)), 1, steps - k);
  }
  return scale(sum, 1 / steps ** 2);
}

describe("covariance of the mean of T iterates", () => {
  it.each([
    [1, 10],
    [1, 300],
    [1.9, 7],
    [1e-2, 50],
    [1e-4, 100],
    [1e-6, 4],
    [1e-8, 100],
  ])("is the sum over all pairs of iterates: step × %f, T = %i", (size, steps) => {
    const sgd = sgdAt(size);
    const covariance = discreteStationaryCovariance(sgd);
    const expected = bruteForce(sgd.preconditioner, covariance, steps);
    expect(relativeDifference(averagedCovariance(sgd, covariance, steps), expected)).toBeLessThan(1e-12);
  });

  it("is Σ for T = 1", () => {
    const covariance = discreteStationaryCovariance(sgdAt(1));
    expect(relativeDifference(averagedCovariance(sgdAt(1), covariance, 1), covariance)).toBeLessThan(1e-13);
  });

  it("tends to continuous time as the step → 0 with λT fixed, the difference of first order in the step", () => {
    const differences = [1e-2, 1e-3, 1e-4].map((size) => {
      const covariance = continuousStationaryCovariance(sgdAt(size));
      const steps = Math.round(3 / size);
      return relativeDifference(
        averagedCovariance(sgdAt(size), discreteStationaryCovariance(sgdAt(size)), steps),
        continuousAveragedCovariance(sgdAt(size), covariance, steps),
      );
    });
    expect(differences[2]).toBeLessThan(1e-4);
    expect(differences[0] / differences[1]).toBeCloseTo(10, 0);
    expect(differences[1] / differences[2]).toBeCloseTo(10, 0);
  });

  it("in continuous time is the paper's closed form where C = A and H = ε I", () => {
    const rate = 0.01;
    const values = [2, 0.5, 1e-3];
    const diagonal = matrixFromRows(values.map((value, i) => [0, 1, 2].map((j) => (i === j ? value : 0))));
    const sgd = { preconditioner: identity(3, rate), hessian: diagonal };
    const steps = 400;
    const actual = continuousAveragedCovariance(sgd, identity(3, rate / (2 * batchSize)), steps);
    values.forEach((a, k) => {
      const window = rate * steps * a;
      const expected = (1 / (batchSize * steps * a)) * (1 + (Math.exp(-window) - 1) / window);
      expect(actual.data[4 * k] / expected).toBeCloseTo(1, 9);
      expect(actual.data[4 * k] * batchSize * steps * a - 1).toBeCloseTo(finiteWindowError(rate * a, steps), 9);
    });
  });

  it("tends to the Polyak bound, whatever the preconditioner, and one-pass windows to the sandwich", () => {
    for (const preconditioner of [shape, identity(3, 0.1)]) {
      const sgd = { ...sgdAt(1), preconditioner };
      const steps = 1e6;
      const average = averagedCovariance(sgd, discreteStationaryCovariance(sgd), steps);
      expect(relativeDifference(average, polyakCovariance(sgd, steps))).toBeLessThan(1e-4);
      const sandwich = sandwichCovariance(hessian, noiseCovariance, batchSize * steps);
      expect(relativeDifference(average, sandwich)).toBeLessThan(1e-4);
    }
    const posterior = invertPositiveDefinite(scale(hessian, 40));
    expect(relativeDifference(sandwichCovariance(hessian, hessian, 40), posterior)).toBeLessThan(1e-14);
  });

  it("agrees with a simulation within four standard errors", () => {
    const sgd = sgdAt(0.5);
    const covariance = discreteStationaryCovariance(sgd);
    const noise = scale(congruence(sgd.preconditioner, noiseCovariance), 1 / batchSize);
    const [start, kick] = [cholesky(covariance), cholesky(noise)];
    const contraction = add(identity(3), multiply(sgd.preconditioner, hessian), 1, -1);
    const random = createRandom(3, 0, 1);
    const normals = () => Float64Array.from({ length: 3 }, () => random.normal());
    const [runs, steps] = [4000, 12];
    const squares = matrix(3, 3);
    for (let run = 0; run < runs; run++) {
      const mean = new Float64Array(3);
      let position = multiplyVector(start, normals());
      for (let t = 0; t < steps; t++) {
        const push = multiplyVector(kick, normals());
        position = multiplyVector(contraction, position).map((value, j) => value + push[j]);
        position.forEach((value, j) => {
          mean[j] += value / steps;
        });
      }
      for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) squares.data[3 * i + j] += (mean[i] * mean[j]) / runs;
    }
    const expected = averagedCovariance(sgd, covariance, steps);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const [ii, jj, ij] = [expected.data[4 * i], expected.data[4 * j], expected.data[3 * i + j]];
        const standardError = Math.sqrt((ii * jj + ij ** 2) / runs);
        expect(Math.abs(squares.data[3 * i + j] - ij) / standardError, `entry ${i}, ${j}`).toBeLessThan(4);
      }
    }
  });
});
