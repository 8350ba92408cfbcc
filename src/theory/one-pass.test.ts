import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { type Matrix, matrix, multiplyVector } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import {
  mergeOnePasses,
  type OnePass,
  type OnePassRow,
  onePassCovariance,
  onePassVariance,
  restorePrior,
  startOnePass,
  takeRow,
} from "./one-pass.ts";
import { takeFirstRows } from "./one-pass-start.ts";

const size = 3;
const prior = { mean: [0.5, -1, 0], precision: [0.3, 2, 1] };

/** Rows of a straight line, with offsets. */
function gaussianRows(count: number, seed: number): (OnePassRow & { readonly y: number })[] {
  const random = createRandom(seed, 0, 1);
  return Array.from({ length: count }, () => {
    const x = Float64Array.from([random.normal(), 2 * random.normal(), 1]);
    const offset = random.normal();
    const y = 1 + x[0] - 0.5 * x[1] + offset + 0.7 * random.normal();
    return { x, y, offset, loss: { value: (e) => (y - e) ** 2 / 2, slope: (e) => e - y, curvature: () => 1 } };
  });
}

/** The penalised least squares of rows of these shares, by brute force. */
function leastSquares(rows: ReturnType<typeof gaussianRows>, share: (n: number) => number, ofPrior = 1) {
  const a = matrix(size, size);
  const b = Float64Array.from(prior.mean, (m, j) => ofPrior * prior.precision[j] * m);
  for (let j = 0; j < size; j++) a.data[j * size + j] = ofPrior * prior.precision[j];
  rows.forEach(({ x, y, offset }, n) => {
    for (let i = 0; i < size; i++) {
      b[i] += share(n) * x[i] * (y - offset);
      for (let j = 0; j < size; j++) a.data[i * size + j] += share(n) * x[i] * x[j];
    }
  });
  const position = multiplyVector(invertPositiveDefinite(a), b);
  const squares = rows.reduce((sum, { x, y, offset }, n) => {
    const residual = y - offset - x.reduce((dot, value, j) => dot + value * position[j], 0);
    return sum + share(n) * residual ** 2;
  }, 0);
  const penalty = position.reduce((sum, v, j) => sum + ofPrior * prior.precision[j] * (v - prior.mean[j]) ** 2, 0);
  return { a, position, residual: squares + penalty };
}

const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 9) =>
  Array.from(expected).forEach((value, k) => void expect(actual[k]).toBeCloseTo(value, digits));

function passOver(rows: readonly OnePassRow[], rate: number, from?: OnePass): OnePass {
  const state = from ?? startOnePass(prior);
  for (const row of rows) takeRow(state, row, rate);
  return state;
}

describe("one pass over gaussian rows", () => {
  it.each([0, 0.05])("is penalised least squares with rows that fade at rate %d", (rate) => {
    const rows = gaussianRows(60, 1);
    const state = passOver(rows, rate);
    const share = (n: number) => (1 - rate) ** (rows.length - 1 - n);
    const { a, position, residual } = leastSquares(rows, share, (1 - rate) ** rows.length);
    expectClose(state.position, position);
    expectClose(state.information.data, a.data);
    expectClose(multiplyVector(state.inverse, multiplyVector(a, [1, 2, 3])), [1, 2, 3]);
    expect(state.residual).toBeCloseTo(residual, 9);
    expect(state.count).toBeCloseTo(rate === 0 ? 60 : (1 - (1 - rate) ** 60) / rate, 9);
  });

  it("is the same with a start from the mode of the first rows", () => {
    const rows = gaussianRows(60, 2);
    const state = passOver(rows.slice(20), 0, takeFirstRows(rows.slice(0, 20), prior, 0));
    const whole = passOver(rows, 0);
    expectClose(state.position, whole.position);
    expectClose(state.noise.data, whole.noise.data);
    expect(onePassVariance(state)).toBeCloseTo(onePassVariance(whole), 9);
    expect(onePassVariance(passOver(rows.slice(0, 3), 0))).toBe(Number.POSITIVE_INFINITY);
  });

  it("of parts adds up to that of all rows", () => {
    const rows = gaussianRows(90, 3);
    const parts = [rows.slice(0, 10), rows.slice(10, 11), rows.slice(11)].map((part) => passOver(part, 0));
    const [merged, whole] = [mergeOnePasses(parts, prior), passOver(rows, 0)];
    expectClose(merged.position, whole.position);
    expectClose(merged.information.data, whole.information.data);
    expect(onePassVariance(merged)).toBeCloseTo(onePassVariance(whole), 9);
  });

  it("keeps the prior of a column that is 0 for long, whatever else it forgets", () => {
    const rate = 0.1;
    const state = startOnePass(prior);
    gaussianRows(20_000, 4).forEach((row, n) => {
      row.x[1] = 0;
      takeRow(state, row, rate);
      if (n % 5 === 4) restorePrior(state, prior, rate, 5);
    });
    expect(state.position[1]).toBeCloseTo(prior.mean[1], 6);
    const kept = state.information.data[size + 1];
    expect(kept).toBeGreaterThan(0.5 * prior.precision[1]);
    expect(kept).toBeLessThanOrEqual(prior.precision[1] * 1.001);
  });

  it("has the covariance of a constant rate: S⁻¹/(2 − f) after many rows, as in simulation", () => {
    const rate = 0.02;
    const ends = Array.from({ length: 400 }, (_, k) => passOver(gaussianRows(400, 100 + k), rate));
    const [state] = ends;
    const covariance = onePassCovariance(state, rate, 0.49);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const [j, truth] of [1, -0.5, 1].entries()) {
      const variance = mean(ends.map(({ position }) => (position[j] - truth) ** 2));
      const predicted = mean(ends.map((end) => diagonalOf(onePassCovariance(end, rate, 0.49), j)));
      // The relative error of a variance of 400 draws is √(2/400) = 0.07.
      expect(Math.abs(variance / predicted - 1)).toBeLessThan(0.25);
      expect(diagonalOf(covariance, j) / (0.49 * diagonalOf(state.inverse, j))).toBeCloseTo(1 / (2 - rate), 1);
    }
  });
});

const diagonalOf = (a: Matrix, j: number) => a.data[j * a.rows + j];

it("takes a count that is far from its mean without overshooting", () => {
  const y = 5000;
  const row = { x: Float64Array.from([1, 0, 1]), offset: 0 };
  const loss = {
    value: (e: number) => Math.exp(e) - y * e,
    slope: (e: number) => Math.exp(e) - y,
    curvature: Math.exp,
  };
  const wide = { mean: [0, 0, 0], precision: [0.01, 1, 0.01] };
  const state = startOnePass(wide);
  takeRow(state, { ...row, loss }, 0);
  const mode = takeFirstRows([{ ...row, loss }], wide, 0);
  // One row and a normal law: both are its mode, found on a line and in the plane.
  expectClose(state.position, mode.position, 6);
  expect(state.position[0] + state.position[2]).toBeCloseTo(Math.log(y), 2);
});
