import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, congruence, identity, type Matrix, matrix, matrixFromRows, multiply, scale } from "../linalg/matrix.ts";
import { klToPosterior, largestSdError } from "./divergence.ts";
import {
  momentumAutocorrelationTime,
  momentumFullExactStep,
  momentumStabilityLimit,
  stateCovariance,
  withMomentum,
} from "./momentum.ts";
import { fullExactStep, fullPreconditioner, scalarLearningRate } from "./optimal.ts";
import { largestStableScale, type StateDependentNoise, stateDependentCovariance } from "./stability.ts";
import { continuousStationaryCovariance, contractionRates, discreteStationaryCovariance } from "./stationary.ts";

const hessian = matrixFromRows([
  [2, 0.3],
  [0.3, 0.5],
]);
const noiseCovariance = matrixFromRows([
  [1, -0.2],
  [-0.2, 0.7],
]);
const given = { hessian, noiseCovariance, numRows: 200, batchSize: 5 };
const posterior = invertPositiveDefinite(scale(hessian, 200));
const momenta = [0.03, 0.1, 0.5, 1];

/** [[a, b], [c, d]] of D×D blocks. */
function blocks([a, b, c, d]: readonly Matrix[]): Matrix {
  const size = a.rows;
  const result = matrix(2 * size, 2 * size);
  [a, b, c, d].forEach((block, k) => {
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        result.data[(i + (k >> 1) * size) * 2 * size + j + (k & 1) * size] = block.data[i * size + j];
  });
  return result;
}

/** M of z ← M z + noise. */
function transition(preconditioner: Matrix, momentum: number): Matrix {
  const ha = multiply(preconditioner, hessian);
  const kept = identity(2, 1 - momentum);
  return blocks([add(identity(2), ha, 1, -1), kept, scale(ha, -1), kept]);
}

/** C̄(Σ) = C + (1/N) Σ (xᵀΣx) x xᵀ over three rows that count as all. */
function heavyNoise(): StateDependentNoise {
  const rows = [
    [3, 0.2],
    [-0.5, 1.5],
    [0.2, -2],
  ];
  const multiplicative = async (covariance: Matrix) =>
    rows
      .map((row) => matrix(2, 1, Float64Array.from(row)))
      .map((x) => scale(congruence(x, identity(1)), congruence({ ...x, rows: 1, columns: 2 }, covariance).data[0] / 3))
      .reduce((sum, term) => add(sum, term));
  return { multiplicative, averagedOver: async (covariance) => add(noiseCovariance, await multiplicative(covariance)) };
}

describe("the law of SGD with momentum", () => {
  it.each(momenta)("solves z's covariance equation with injected noise, μ = %d", (momentum) => {
    const preconditioner = matrixFromRows([
      [0.04, 0.01],
      [0.01, 0.06],
    ]);
    const injectedNoise = matrixFromRows([
      [0.02, 0.005],
      [0.005, 0.01],
    ]);
    const sgd = { ...given, preconditioner, injectedNoise, momentum };
    const law = stateCovariance(sgd, discreteStationaryCovariance(sgd));
    const noise = add(scale(congruence(preconditioner, noiseCovariance), 1 / 5), injectedNoise);
    const next = add(congruence(transition(preconditioner, momentum), law), blocks([noise, noise, noise, noise]));
    law.data.forEach((value, i) => {
      expect(Math.abs(next.data[i] - value)).toBeLessThan(1e-12);
    });
  });

  it("is the paper's one-dimensional one", () => {
    const [rate, c, a, size] = [0.3, 1.7, 0.8, 4];
    for (const momentum of momenta) {
      const sgd = {
        ...{ hessian: identity(1, a), noiseCovariance: identity(1, c), preconditioner: identity(1, rate) },
        ...{ batchSize: size, momentum },
      };
      const expected = (rate * c * (2 - momentum)) / (size * momentum * a * (2 * (2 - momentum) - rate * a));
      expect(discreteStationaryCovariance(sgd).data[0]).toBeCloseTo(expected, 12);
      expect(continuousStationaryCovariance(sgd).data[0]).toBeCloseTo((rate * c) / (2 * momentum * size * a), 12);
    }
  });

  it("has no stationary law from λ = 2 (2 − μ) on", () => {
    for (const momentum of momenta) {
      const sgd = (factor: number) => ({
        ...{ ...given, momentum },
        preconditioner: scale(invertPositiveDefinite(hessian), factor * momentumStabilityLimit(momentum)),
      });
      expect(discreteStationaryCovariance(sgd(0.999)).data[0]).toBeGreaterThan(0);
      expect(() => discreteStationaryCovariance(sgd(1.001))).toThrow(RangeError);
    }
  });
});

describe("optimal settings with momentum", () => {
  it.each(momenta)("full, exact at finite step: Σ = P for any batch, μ = %d", (momentum) => {
    const singular = matrixFromRows([
      [1, 1],
      [1, 1],
    ]);
    for (const batchSize of [1, 5, 100, 1000]) {
      for (const noise of [noiseCovariance, singular]) {
        const local = { ...given, batchSize, noiseCovariance: noise };
        const { step, injectedNoise } = momentumFullExactStep(local, momentum);
        const sgd = { ...local, preconditioner: step, injectedNoise, momentum };
        expect(largestSdError(discreteStationaryCovariance(sgd), posterior)).toBeLessThan(1e-9);
        expect(Math.max(...contractionRates(step, hessian))).toBeLessThanOrEqual(momentum * (1 + 1e-9));
      }
    }
    expect(momentumFullExactStep(given, 1)).toEqual(fullExactStep(given));
  });

  it("the scalar one minimises KL in continuous time, and the full one's KL falls with μ at a finite step", () => {
    const kls = momenta.map((momentum) => {
      const scaled = withMomentum(given, momentum);
      const best = scalarLearningRate(scaled);
      const klAt = (rate: number) =>
        klToPosterior(
          continuousStationaryCovariance({ ...given, momentum, preconditioner: identity(2, rate) }),
          hessian,
          200,
        );
      expect(klAt(best)).toBeLessThan(klAt(1.01 * best));
      expect(klAt(best)).toBeLessThan(klAt(0.99 * best));
      const preconditioner = fullPreconditioner(scaled);
      return klToPosterior(discreteStationaryCovariance({ ...given, momentum, preconditioner }), hessian, 200);
    });
    for (let k = 1; k < kls.length; k++) expect(kls[k - 1]).toBeLessThan(kls[k]);
  });
});

describe("autocorrelation with momentum", () => {
  it("is the sum of M's powers over Z", () => {
    for (const momentum of momenta) {
      for (const rate of [0.002, 0.05, 0.9]) {
        const scalar = { hessian: identity(1, 1), preconditioner: identity(1, rate), momentum };
        const sgd = { ...scalar, noiseCovariance: identity(1), batchSize: 1 };
        const law = stateCovariance(scalar, discreteStationaryCovariance(sgd));
        let state = law;
        let time = 1;
        const m = matrixFromRows([
          [1 - rate, 1 - momentum],
          [-rate, 1 - momentum],
        ]);
        for (let lag = 1; lag < 60_000; lag++) {
          state = multiply(m, state);
          time += (2 * state.data[0]) / law.data[0];
        }
        expect(momentumAutocorrelationTime(rate, momentum)).toBeCloseTo(time, 6);
      }
    }
  });

  it("is N c/(S a) for every μ at the exact full step", () => {
    const commuting = { ...given, hessian: identity(1, 2), noiseCovariance: identity(1, 0.7) };
    for (const momentum of momenta) {
      const { step } = momentumFullExactStep(commuting, momentum);
      const time = momentumAutocorrelationTime(contractionRates(step, commuting.hessian)[0], momentum);
      expect(time).toBeCloseTo((200 * 0.7) / (5 * 2), 9);
    }
  });
});

describe("stability with momentum and noise that depends on the state", () => {
  it.each(momenta)(
    "the fixed point exists just below the largest stable scale and not above, μ = %d",
    async (momentum) => {
      const noise = heavyNoise();
      const sgd = { ...given, batchSize: 1, momentum, preconditioner: identity(2, 0.01) };
      const largest = await largestStableScale(sgd, noise);
      const at = (factor: number) => ({ ...sgd, preconditioner: scale(sgd.preconditioner, factor * largest) });
      // ρ of the map Σ → N(Σ) → Σ by power iteration: 1 at the limit.
      const radiusAt = async (factor: number) => {
        let covariance = identity(2);
        let radius = 0;
        for (let k = 0; k < 200; k++) {
          const image = discreteStationaryCovariance({
            ...at(factor),
            noiseCovariance: await noise.multiplicative(covariance),
          });
          radius = image.data[0] / covariance.data[0];
          covariance = scale(image, 1 / image.data[0]);
        }
        return radius;
      };
      expect(await radiusAt(0.99)).toBeLessThan(1);
      expect(await radiusAt(1.01)).toBeGreaterThan(1);
      const { covariance, noiseCovariance: average } = await stateDependentCovariance(at(0.5), noise);
      const again = discreteStationaryCovariance({ ...at(0.5), noiseCovariance: average });
      again.data.forEach((value, k) => {
        expect(value / covariance.data[k]).toBeCloseTo(1, 7);
      });
    },
  );
});
