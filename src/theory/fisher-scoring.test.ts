import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, diagonal, diagonalMatrix, identity, matrix, matrixFromRows, multiply, scale } from "../linalg/matrix.ts";
import { klToPosterior, largestSdError } from "./divergence.ts";
import {
  boundedStepNoise,
  diagonalFisherPreconditioner,
  exactFisherPreconditioner,
  fisherScoringAsSgd,
  fisherScoringKl,
  fullFisherPreconditioner,
  scalarFisherStep,
  totalNoise,
} from "./fisher-scoring.ts";
import * as optimal from "./optimal.ts";
import { continuousStationaryCovariance, contractionRates, discreteStationaryCovariance } from "./stationary.ts";

const hessian = matrixFromRows([
  [2, 0.3],
  [0.3, 0.5],
]);
const noiseCovariance = matrixFromRows([
  [1, -0.2],
  [-0.2, 0.7],
]);
const injectedNoise = matrixFromRows([
  [0.1, 0.02],
  [0.02, 0.2],
]);
const given = { hessian, noiseCovariance, numRows: 200, batchSize: 5, learningRate: 0.7, injectedNoise };
const posterior = invertPositiveDefinite(scale(hessian, given.numRows));
const klOf = (h: ReturnType<typeof identity>, local = given) =>
  klToPosterior(continuousStationaryCovariance(fisherScoringAsSgd(local, h)), local.hessian, local.numRows);

describe("stochastic gradient Fisher scoring", () => {
  it("is constant SGD where nothing is injected and ε = 1", () => {
    const plain = { ...given, learningRate: 1, injectedNoise: matrix(2, 2) };
    fullFisherPreconditioner(plain).data.forEach((value, k) => {
      expect(value).toBeCloseTo(optimal.fullPreconditioner(plain).data[k], 14);
    });
    expect(scalarFisherStep(plain)).toBeCloseTo(optimal.scalarLearningRate(plain), 14);
    diagonal(diagonalFisherPreconditioner(plain)).forEach((value, k) => {
      expect(value).toBeCloseTo(diagonal(optimal.diagonalPreconditioner(plain))[k], 14);
    });
    exactFisherPreconditioner(plain).data.forEach((value, k) => {
      expect(value).toBeCloseTo(optimal.fullExactPreconditioner(plain).data[k], 14);
    });
  });

  it("samples from the posterior: Theorem 5 in continuous time, the exact form at any step", () => {
    const full = fisherScoringAsSgd(given, fullFisherPreconditioner(given));
    expect(largestSdError(continuousStationaryCovariance(full), posterior)).toBeLessThan(1e-12);
    for (const learningRate of [0.01, 1, 30]) {
      const local = { ...given, learningRate };
      const exact = fisherScoringAsSgd(local, exactFisherPreconditioner(local));
      expect(largestSdError(discreteStationaryCovariance(exact), posterior)).toBeLessThan(1e-12);
    }
  });

  it("appendix E's KL is that of the laws, for any H", () => {
    for (const h of [identity(2, 0.03), fullFisherPreconditioner(given), diagonalMatrix([0.01, 0.2])]) {
      expect(fisherScoringKl(given, h)).toBeCloseTo(klOf(h), 10);
    }
  });

  it("KL rises from Theorem 5's H in every direction, and from Corollary 6's scalar step", () => {
    const best = fullFisherPreconditioner(given);
    const size = best.data[0];
    for (const direction of [
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 1, 1, 0],
    ]) {
      for (const sign of [-1, 1]) {
        const change = matrix(2, 2, Float64Array.from(direction));
        expect(klOf(add(best, change, 1, 0.02 * sign * size))).toBeGreaterThan(klOf(best) + 1e-6);
      }
    }
    const step = scalarFisherStep(given);
    expect(klOf(identity(2, step))).toBeLessThan(klOf(identity(2, 1.01 * step)));
    expect(klOf(identity(2, step))).toBeLessThan(klOf(identity(2, 0.99 * step)));
  });

  it("KL rises from Corollary 6's diagonal H where all matrices are diagonal, and may fall where they are not", () => {
    const commuting = {
      ...given,
      hessian: diagonalMatrix([2, 0.5]),
      noiseCovariance: diagonalMatrix([1, 0.7]),
      injectedNoise: diagonalMatrix([0.1, 0.2]),
    };
    const changes = [0, 1].flatMap((k) => [0.98, 1.02].map((factor) => [0, 1].map((j) => (j === k ? factor : 1))));
    const neighbours = (h: ReturnType<typeof identity>) =>
      changes.map((factors) => multiply(h, diagonalMatrix(factors)));
    const best = diagonalFisherPreconditioner(commuting);
    for (const other of neighbours(best)) expect(klOf(other, commuting)).toBeGreaterThan(klOf(best, commuting));
    const correlated = {
      ...given,
      hessian: matrixFromRows([
        [2, 0.9],
        [0.9, 0.5],
      ]),
      noiseCovariance: matrixFromRows([
        [1, -0.6],
        [-0.6, 0.7],
      ]),
    };
    const printed = diagonalFisherPreconditioner(correlated);
    const lowest = Math.min(...neighbours(printed).map((other) => klOf(other, correlated)));
    expect(lowest).toBeLessThan(klOf(printed, correlated) - 1e-3);
  });

  it("bounds every eigenvalue of H by h_max, and injects nothing where it is bounded already", () => {
    const singular = matrixFromRows([
      [1, 1],
      [1, 1],
    ]);
    const largestStep = 0.02;
    const local = { ...given, noiseCovariance: singular, injectedNoise: matrix(2, 2) };
    const excess = boundedStepNoise(totalNoise(local), given.numRows, largestStep);
    const h = fullFisherPreconditioner({ ...local, injectedNoise: excess });
    expect(Math.max(...contractionRates(h, identity(2)))).toBeCloseTo(largestStep, 10);
    const bounded = fisherScoringAsSgd({ ...local, injectedNoise: excess }, h);
    expect(largestSdError(continuousStationaryCovariance(bounded), posterior)).toBeLessThan(1e-10);
    expect(Math.max(...boundedStepNoise(totalNoise(given), given.numRows, 1e6).data)).toBe(0);
    const diagonalNoise = diagonalMatrix([0.3, 0.9]);
    const rule = [2 / (largestStep * 200) - 0.3, 0];
    diagonal(boundedStepNoise(diagonalNoise, 200, largestStep)).forEach((value, k) => {
      expect(value).toBeCloseTo(rule[k], 12);
    });
  });
});
