import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import {
  add,
  congruence,
  identity,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  scale,
  transpose,
} from "../linalg/matrix.ts";
import { gaussianKl, klToPosterior, largestSdError } from "./divergence.ts";
import {
  diagonalPreconditioner,
  fullExactPreconditioner,
  fullPreconditioner,
  informationRatio,
  injectedNoiseFraction,
  reverseKlLearningRate,
  scalarLearningRate,
  sqrtDiagonalPreconditioner,
} from "./optimal.ts";
import { largestStableScale, type StateDependentNoise, stateDependentCovariance, UnstableError } from "./stability.ts";
import { continuousStationaryCovariance, contractionRates, discreteStationaryCovariance } from "./stationary.ts";

const shared = new URL("../../../shared/", import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn("../shared is absent: the comparisons with independent reference values are skipped");

/** Relative error below 1e-6 (absolute below 1e-9, where the reference itself is zero to rounding). */
function expectReference(actual: number, expected: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected) + 1e-9);
}

interface Reference {
  N: number;
  S: number;
  hessian: number[][];
  noise_covariance: number[][];
  laplace_sd: number[];
  map: number[];
  information_ratio: number;
  kl_to_laplace: Record<
    string,
    {
      kl_continuous: number;
      kl_discrete: number;
      kl_state_dependent_noise?: number;
      predicted_sd_state_dependent_noise?: number[];
    }
  >;
}

function preconditionerOf(name: string, local: Parameters<typeof scalarLearningRate>[0]): Matrix {
  switch (name) {
    case "scalar":
      return identity(local.hessian.rows, scalarLearningRate(local));
    case "diagonal":
      return diagonalPreconditioner(local);
    case "sqrt-diagonal":
      return sqrtDiagonalPreconditioner(local);
    case "full":
      return fullPreconditioner(local);
    default:
      return fullExactPreconditioner(local);
  }
}

/** Standardised features and target of a delimited text file with a header. */
function standardisedTable(path: string, delimiter: string, targetColumn: number): { x: number[][]; y: number[] } {
  const lines = readFileSync(new URL(path, shared), "utf8").trim().split("\n").slice(1);
  const table = lines.map((line) => line.split(delimiter).map(Number));
  const columns = table[0].map((_, j) => {
    const values = table.map((row) => row[j]);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    return values.map((v) => (v - mean) / sd);
  });
  const y = columns.splice(targetColumn, 1)[0];
  return { x: y.map((_, n) => columns.map((column) => column[n])), y };
}

/** C̄(Σ) − C of a linear model with unit noise: (1/N) Σ (xᵀΣx) x xᵀ − A Σ A. */
function linearModelNoise(x: number[][], hessian: Matrix, noiseCovariance: Matrix): StateDependentNoise {
  const size = hessian.rows;
  const multiplicative = async (covariance: Matrix) => {
    const sum = matrix(size, size);
    for (const row of x) {
      let spread = 0;
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) spread += row[i] * covariance.data[i * size + j] * row[j];
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++) sum.data[i * size + j] += (spread * row[i] * row[j]) / x.length;
    }
    return add(sum, congruence(hessian, covariance), 1, -1);
  };
  return { multiplicative, averagedOver: async (covariance) => add(noiseCovariance, await multiplicative(covariance)) };
}

const files: Record<string, [string, string, number]> = {
  "wine-white": ["data/wine/winequality-white.csv", ";", 11],
  casp: ["data/casp/CASP.csv", ",", 0],
};

describe.skipIf(!hasShared).each(["wine-white", "casp", "skin"])(
  "theory against independent reference values: %s",
  (name) => {
    const reference: Reference = hasShared
      ? JSON.parse(readFileSync(new URL(`reference/${name}.json`, shared), "utf8"))
      : { hessian: [[1]] };
    const hessian = matrixFromRows(reference.hessian);
    const noiseCovariance = matrixFromRows(reference.noise_covariance ?? [[1]]);
    const local = { hessian, noiseCovariance, numRows: reference.N, batchSize: reference.S };

    it("information ratio and Laplace sds", () => {
      expectReference(informationRatio(hessian, noiseCovariance), reference.information_ratio);
      const covariance = invertPositiveDefinite(scale(hessian, reference.N));
      reference.laplace_sd.forEach((sd, k) => {
        expectReference(Math.sqrt(covariance.data[k * hessian.rows + k]), sd);
      });
    });

    for (const variant of Object.keys(reference.kl_to_laplace ?? {})) {
      it(`KL of ${variant}, in continuous and discrete time`, () => {
        const sgd = { ...local, preconditioner: preconditionerOf(variant, local) };
        const expected = reference.kl_to_laplace[variant];
        expectReference(
          klToPosterior(continuousStationaryCovariance(sgd), hessian, reference.N),
          expected.kl_continuous,
        );
        expectReference(klToPosterior(discreteStationaryCovariance(sgd), hessian, reference.N), expected.kl_discrete);
      });
      const expected = reference.kl_to_laplace[variant];
      if (!files[name] || expected.kl_state_dependent_noise === undefined) continue;
      it(`KL and sds of ${variant} with state-dependent noise`, async () => {
        const { x } = standardisedTable(...files[name]);
        const noise = linearModelNoise(x, hessian, noiseCovariance);
        const sgd = { ...local, preconditioner: preconditionerOf(variant, local) };
        const { covariance } = await stateDependentCovariance(sgd, noise);
        expectReference(klToPosterior(covariance, hessian, reference.N), expected.kl_state_dependent_noise as number);
        expected.predicted_sd_state_dependent_noise?.forEach((sd, k) => {
          expectReference(Math.sqrt(covariance.data[k * hessian.rows + k]), sd);
        });
      }, 120_000);
    }
  },
);

describe("stationary covariance", () => {
  const hessian = matrixFromRows([
    [2, 0.3],
    [0.3, 0.5],
  ]);
  const noiseCovariance = matrixFromRows([
    [1, -0.2],
    [-0.2, 0.7],
  ]);
  const local = { hessian, noiseCovariance, numRows: 200, batchSize: 5 };
  const posterior = invertPositiveDefinite(scale(hessian, 200));

  it("solves the discrete equation, with injected noise", () => {
    const preconditioner = matrixFromRows([
      [0.4, 0.1],
      [0.1, 0.6],
    ]);
    const injectedNoise = matrixFromRows([
      [0.02, 0.005],
      [0.005, 0.01],
    ]);
    const covariance = discreteStationaryCovariance({ ...local, preconditioner, injectedNoise });
    const contraction = add(identity(2), multiply(preconditioner, hessian), 1, -1);
    const noise = scale(multiply(multiply(preconditioner, noiseCovariance), transpose(preconditioner)), 1 / 5);
    const right = add(add(congruence(contraction, covariance), noise), injectedNoise);
    right.data.forEach((value, i) => {
      expect(covariance.data[i]).toBeCloseTo(value, 12);
    });
  });

  it("is the posterior's with the finite-step exact preconditioner, at any step size, with and without injected noise", () => {
    for (const batchSize of [1, 5, 100, 1000]) {
      for (const fraction of [0, 0.7]) {
        const excess = scale(hessian, fraction / 200);
        const preconditioner = fullExactPreconditioner({ ...local, batchSize }, excess);
        const injectedNoise = multiply(multiply(preconditioner, excess), preconditioner);
        const covariance = discreteStationaryCovariance({ ...local, batchSize, preconditioner, injectedNoise });
        expect(largestSdError(covariance, posterior)).toBeLessThan(1e-12);
        expect(klToPosterior(covariance, hessian, 200)).toBeLessThan(1e-12);
      }
    }
  });

  it("minimises KL at Theorem 1's rate", () => {
    const best = scalarLearningRate(local);
    const klAt = (rate: number) =>
      klToPosterior(continuousStationaryCovariance({ ...local, preconditioner: identity(2, rate) }), hessian, 200);
    expect(klAt(best)).toBeLessThan(klAt(1.01 * best));
    expect(klAt(best)).toBeLessThan(klAt(0.99 * best));
  });

  it("minimises the reverse KL at its rate where A and C commute", () => {
    const commuting = {
      ...local,
      hessian: matrixFromRows([
        [2, 0],
        [0, 1],
      ]),
      noiseCovariance: matrixFromRows([
        [1, 0],
        [0, 3],
      ]),
    };
    const best = reverseKlLearningRate(commuting);
    const klAt = (rate: number) => {
      const covariance = continuousStationaryCovariance({ ...commuting, preconditioner: identity(2, rate) });
      const mean = [0, 0];
      return gaussianKl(
        { mean, covariance: invertPositiveDefinite(scale(commuting.hessian, 200)) },
        { mean, covariance },
      );
    };
    expect(klAt(best)).toBeLessThan(klAt(1.01 * best));
    expect(klAt(best)).toBeLessThan(klAt(0.99 * best));
  });

  it("asks for injected noise only where the gradient noise is missing", () => {
    expect(injectedNoiseFraction(local)).toBe(0);
    const singular = {
      ...local,
      noiseCovariance: matrixFromRows([
        [1, 1],
        [1, 1],
      ]),
    };
    const fraction = injectedNoiseFraction(singular);
    expect(fraction).toBeCloseTo(1, 9);
    const preconditioner = fullExactPreconditioner(singular, scale(hessian, fraction / 200));
    expect(Math.max(...contractionRates(preconditioner, hessian))).toBeLessThanOrEqual(1 + 1e-9);
  });
});

describe("mean-square stability", () => {
  // One-dimensional least squares: E(1 − h x²)² < 1 is the condition at S = 1, so the largest h is 2 E x² / E x⁴.
  const x = [0.1, -0.4, 3, 0.7, -1.2];
  const second = x.reduce((s, v) => s + v ** 2, 0) / x.length;
  const fourth = x.reduce((s, v) => s + v ** 4, 0) / x.length;
  const hessian = matrixFromRows([[second]]);
  const noise = linearModelNoise(
    x.map((v) => [v]),
    hessian,
    matrixFromRows([[1]]),
  );

  it("finds the largest stable step of one-dimensional least squares", async () => {
    const sgd = {
      hessian,
      noiseCovariance: matrixFromRows([[1]]),
      batchSize: 1,
      preconditioner: matrixFromRows([[0.01]]),
    };
    expect((await largestStableScale(sgd, noise)) * 0.01).toBeCloseTo((2 * second) / fourth, 6);
  });

  it("names the largest stable scale where the chain has no finite covariance", async () => {
    const step = (2.2 * second) / fourth;
    const sgd = {
      hessian,
      noiseCovariance: matrixFromRows([[1]]),
      batchSize: 1,
      preconditioner: matrixFromRows([[step]]),
    };
    const failure = await stateDependentCovariance(sgd, noise).catch((error) => error);
    expect(failure).toBeInstanceOf(UnstableError);
    expect(failure.largestStableScale).toBeCloseTo(2 / 2.2, 6);
  });
});
