import { invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { type Matrix, matrix, scale } from "../../src/linalg/matrix.ts";
import { createRandom, type Xoshiro } from "../../src/rng/xoshiro.ts";
import { discreteStationaryCovariance } from "../../src/theory/stationary.ts";

/** A linear regression on two columns: y_n = x_nᵀθ + noise of sd 1, loss of a row ½ (y_n − x_nᵀθ)². */
export interface Problem {
  /** N × 2 */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly numRows: number;
  /** θ* */
  readonly mode: readonly [number, number];
  /** A = (1/N) Σ x_n x_nᵀ */
  readonly hessian: Matrix;
  /** C: covariance of a row's gradient at θ*. */
  readonly noiseCovariance: Matrix;
  /** P = (N A)⁻¹ */
  readonly posterior: Matrix;
}

/** @param spread sd of the second column, where that of the first is 1 */
export function createProblem({ numRows = 400, correlation = 0.6, spread = 0.6, seed = 4 } = {}): Problem {
  const random = createRandom(seed, 0, 1);
  const x = new Float64Array(2 * numRows);
  const y = new Float64Array(numRows);
  for (let n = 0; n < numRows; n++) {
    const [a, b] = [random.normal(), random.normal()];
    x[2 * n] = a;
    x[2 * n + 1] = spread * (correlation * a + Math.sqrt(1 - correlation ** 2) * b);
    y[n] = 0.5 * x[2 * n] - 0.3 * x[2 * n + 1] + random.normal();
  }
  const hessian = meanOfProducts(x, () => 1);
  const inverse = invertPositiveDefinite(hessian);
  let [u, v] = [0, 0];
  for (let n = 0; n < numRows; n++) {
    u += (x[2 * n] * y[n]) / numRows;
    v += (x[2 * n + 1] * y[n]) / numRows;
  }
  const [i, j, , k] = inverse.data;
  const mode: [number, number] = [i * u + j * v, j * u + k * v];
  const noiseCovariance = meanOfProducts(x, (n) => (y[n] - x[2 * n] * mode[0] - x[2 * n + 1] * mode[1]) ** 2);
  return { x, y, numRows, mode, hessian, noiseCovariance, posterior: scale(inverse, 1 / numRows) };
}

function meanOfProducts(x: Float64Array, weight: (n: number) => number): Matrix {
  const rows = x.length / 2;
  const sum = matrix(2, 2);
  for (let n = 0; n < rows; n++) {
    const [a, b, w] = [x[2 * n], x[2 * n + 1], weight(n) / rows];
    sum.data[0] += w * a * a;
    sum.data[1] += w * a * b;
    sum.data[3] += w * b * b;
  }
  sum.data[2] = sum.data[1];
  return sum;
}

/** The mean gradient of S rows drawn at random, at θ. */
export function batchGradient(
  { x, y, numRows }: Problem,
  [a, b]: readonly [number, number],
  batchSize: number,
  random: Xoshiro,
): [number, number] {
  let [u, v] = [0, 0];
  for (let k = 0; k < batchSize; k++) {
    const n = Math.floor(numRows * random.uniform());
    const error = x[2 * n] * a + x[2 * n + 1] * b - y[n];
    u += (error * x[2 * n]) / batchSize;
    v += (error * x[2 * n + 1]) / batchSize;
  }
  return [u, v];
}

/** θ ← θ − H ĝ, one step after the other, from the mode. */
export class Sgd {
  position: [number, number];
  private readonly random: Xoshiro;

  constructor(
    readonly problem: Problem,
    public settings: { readonly step: Matrix; readonly batchSize: number },
    seed = 1,
    start: readonly [number, number] = problem.mode,
  ) {
    this.position = [...start];
    this.random = createRandom(seed, 0, 1);
  }

  next(): readonly [number, number] {
    const { step, batchSize } = this.settings;
    const [u, v] = batchGradient(this.problem, this.position, batchSize, this.random);
    const [i, j, k, l] = step.data;
    this.position = [this.position[0] - i * u - j * v, this.position[1] - k * u - l * v];
    return this.position;
  }
}

/** Σ of the iterates, exact at a finite step; undefined where the step is too long for them to have a law. */
export function iterateCovariance(problem: Problem, step: Matrix, batchSize: number): Matrix | undefined {
  try {
    return discreteStationaryCovariance({ ...problem, preconditioner: step, batchSize });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
