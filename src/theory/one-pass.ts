import { cholesky, choleskySolve, invertPositiveDefinite } from "../linalg/cholesky.ts";
import { add, type Matrix, matrix, multiplyVector, symmetricPart } from "../linalg/matrix.ts";

/**
 * What one pass over a stream leaves of its rows: D numbers and two D×D matrices, whatever their number.
 * The posterior of a constant θ is N(`position`, φ `information`⁻¹) at rate 0.
 */
export interface OnePass {
  /** θ, D */
  readonly position: Float64Array;
  /** S = Λ + Σ w x xᵀ, D×D, of which older rows have faded by (1 − f) each row. */
  readonly information: Matrix;
  /** S⁻¹, kept beside it so that a row costs D² operations. */
  readonly inverse: Matrix;
  /** T, the variance of the sum of scores: as S, but faded by (1 − f)² each row. */
  readonly noise: Matrix;
  /** Σ (1 − f)^age */
  count: number;
  /** Of `count`, the rows that the first D coefficients took up. */
  spent: number;
  /** Σ (y − η)²/(1 + h), faded: of gaussian rows their residual sum of squares. */
  residual: number;
}

/** The law of θ before any row: normal, with diagonal precision. */
export interface OnePassPrior {
  readonly mean: ArrayLike<number>;
  readonly precision: ArrayLike<number>;
}

/** A row's columns, what is added to xᵀθ, and its loss in η. */
export interface OnePassRow {
  /** D */
  readonly x: Float64Array;
  readonly offset: number;
  readonly loss: ScalarLoss;
}

/** −log p(y | η) of one row: slope and curvature in η. The curvature is not negative, as canonical links have it. */
export interface ScalarLoss {
  value(eta: number): number;
  slope(eta: number): number;
  curvature(eta: number): number;
}

export function startOnePass({ mean, precision }: OnePassPrior): OnePass {
  const size = mean.length;
  const [information, inverse, noise] = [matrix(size, size), matrix(size, size), matrix(size, size)];
  for (let j = 0; j < size; j++) {
    information.data[j * size + j] = precision[j];
    noise.data[j * size + j] = precision[j];
    inverse.data[j * size + j] = 1 / precision[j];
  }
  return { position: Float64Array.from(mean), information, inverse, noise, count: 0, spent: size, residual: 0 };
}

/**
 * Takes in one row. With v = S_{n−1}⁻¹x/(1 − f) and h = xᵀv,
 *
 *     η solves η = xᵀθ + o − h ℓ′(η),   θ ← θ − v ℓ′(η),   S_n = (1 − f) S_{n−1} + ℓ″(η) x xᵀ.
 *
 * η is the mode of the row's loss with the law of xᵀθ before it. To first order in h this is θ ← θ + S_n⁻¹x(y − μ), SGD with the
 * matrix rate S_n⁻¹, an extended Kalman filter; but no step overshoots, however far a count is from its mean (Toulis & Airoldi 2017,
 * Asymptotic and finite-sample properties of estimators based on stochastic gradients, Annals of Statistics 45). f = 0 takes all
 * rows alike; f > 0 is a constant rate, with a memory of 1/f rows.
 *
 * @param x D
 * @param rate f, from 0 to below 1
 */
export function takeRow(state: OnePass, { x, offset, loss }: OnePassRow, rate: number): void {
  const { position, information, inverse, noise } = state;
  const size = position.length;
  const kept = 1 - rate;
  const v = multiplyVector(inverse, x);
  let [h, before] = [0, offset];
  for (let j = 0; j < size; j++) {
    v[j] /= kept;
    h += x[j] * v[j];
    before += x[j] * position[j];
  }
  const eta = implicitStep(before, h, loss);
  const slope = loss.slope(eta);
  const weight = loss.curvature(eta);
  const gain = weight / (1 + weight * h);
  for (let i = 0; i < size; i++) {
    position[i] -= v[i] * slope;
    for (let j = 0; j <= i; j++) {
      const square = weight * x[i] * x[j];
      const [at, across] = [i * size + j, j * size + i];
      information.data[at] = information.data[across] = kept * information.data[at] + square;
      noise.data[at] = noise.data[across] = kept * kept * noise.data[at] + square;
      inverse.data[at] = inverse.data[across] = inverse.data[at] / kept - gain * v[i] * v[j];
    }
  }
  state.residual = kept * state.residual + loss.slope(before) ** 2 / (1 + h);
  state.count = kept * state.count + 1;
  state.spent *= kept;
}

const largestNumberOfSteps = 60;

/** The η with η = η₀ − h ℓ′(η): it lies between η₀ and the step from it, and Newton's method is kept there. */
function implicitStep(before: number, h: number, loss: ScalarLoss): number {
  const excess = (eta: number) => eta - before + h * loss.slope(eta);
  const reach = before - h * loss.slope(before);
  let [low, high] = [Math.min(before, reach), Math.max(before, reach)];
  let eta = before;
  for (let step = 0; step < largestNumberOfSteps; step++) {
    const value = excess(eta);
    if (value > 0) high = eta;
    else low = eta;
    const next = eta - value / (1 + h * loss.curvature(eta));
    const settled = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(settled - eta) <= 1e-12 * (1 + Math.abs(eta))) return settled;
    eta = settled;
  }
  return eta;
}

/**
 * The state after the first rows, which are few enough to be held: θ is their mode, found by Newton's method, so that nothing of the
 * start's linearisation is left. Their curvature is that at the mode.
 */
export function takeFirstRows(rows: readonly OnePassRow[], prior: OnePassPrior, rate: number): OnePass {
  const state = startOnePass(prior);
  const share = (n: number) => (1 - rate) ** (rows.length - 1 - n);
  const left = (1 - rate) ** rows.length;
  let objective = objectiveAt(state.position, rows, prior, { share, left });
  for (let iteration = 0; iteration < largestNumberOfSteps; iteration++) {
    const { gradient, curvature } = derivativesAt(state.position, rows, prior, { share, left });
    const step = choleskySolve(cholesky(curvature), gradient);
    const decrease = step.reduce((sum, value, j) => sum + value * gradient[j], 0);
    let length = 1;
    let next = state.position;
    for (; length > 1e-9; length /= 2) {
      next = state.position.map((value, j) => value - length * step[j]);
      const reached = objectiveAt(next, rows, prior, { share, left });
      if (reached <= objective + 1e-12 * Math.abs(objective)) {
        objective = reached;
        break;
      }
    }
    state.position.set(next);
    if (decrease < 1e-12) break;
  }
  state.information.data.set(derivativesAt(state.position, rows, prior, { share, left }).curvature.data);
  const squared = { share: (n: number) => share(n) ** 2, left: left ** 2 };
  state.noise.data.set(derivativesAt(state.position, rows, prior, squared).curvature.data);
  refreshInverse(state);
  state.count = rows.reduce((sum, _, n) => sum + share(n), 0);
  state.spent = prior.mean.length * left;
  state.residual = 2 * objective;
  return state;
}

interface Shares {
  /** What is left of a row, by its number. */
  readonly share: (n: number) => number;
  /** What is left of the prior. */
  readonly left: number;
}

const predictorOf = ({ x, offset }: OnePassRow, position: Float64Array) =>
  x.reduce((sum, value, j) => sum + value * position[j], offset);

function objectiveAt(
  position: Float64Array,
  rows: readonly OnePassRow[],
  { mean, precision }: OnePassPrior,
  { share, left }: Shares,
): number {
  const ofPrior = position.reduce((sum, value, j) => sum + (left / 2) * precision[j] * (value - mean[j]) ** 2, 0);
  return rows.reduce((sum, row, n) => sum + share(n) * row.loss.value(predictorOf(row, position)), ofPrior);
}

function derivativesAt(
  position: Float64Array,
  rows: readonly OnePassRow[],
  { mean, precision }: OnePassPrior,
  { share, left }: Shares,
) {
  const size = position.length;
  const gradient = position.map((value, j) => left * precision[j] * (value - mean[j]));
  const curvature = matrix(size, size);
  for (let j = 0; j < size; j++) curvature.data[j * size + j] = left * precision[j];
  rows.forEach((row, n) => {
    const eta = predictorOf(row, position);
    const [slope, weight] = [share(n) * row.loss.slope(eta), share(n) * row.loss.curvature(eta)];
    for (let i = 0; i < size; i++) {
      gradient[i] += slope * row.x[i];
      for (let j = 0; j < size; j++) curvature.data[i * size + j] += weight * row.x[i] * row.x[j];
    }
  });
  return { gradient, curvature };
}

/**
 * Covariance of θ about a constant truth: φ S⁻¹ T S⁻¹, which is φ S⁻¹ at rate 0 and φ S⁻¹/(2 − f) after many rows at rate f.
 * What a drift adds, because θ follows it with a lag of 1/f rows, is not in it.
 */
export function onePassCovariance({ inverse, noise }: OnePass, rate: number, dispersion: number): Matrix {
  const size = inverse.rows;
  const result = matrix(size, size);
  if (rate === 0) return add(inverse, result, dispersion);
  for (let j = 0; j < size; j++) {
    const column = multiplyVector(inverse, multiplyVector(noise, inverse.data.subarray(j * size, (j + 1) * size)));
    for (let i = 0; i < size; i++) result.data[i * size + j] = dispersion * column[i];
  }
  return symmetricPart(result);
}

/** σ² of gaussian rows; infinite where there are no more of them than coefficients. */
export function onePassVariance({ residual, count, spent }: OnePass): number {
  return count > spent ? residual / (count - spent) : Number.POSITIVE_INFINITY;
}

/** S⁻¹ anew, as rounding errors of its updates add up. */
export function refreshInverse({ information, inverse }: OnePass): void {
  inverse.data.set(invertPositiveDefinite(information).data);
}

/**
 * The state of all rows from those of parts of them, at rate 0: S = Σ S_k − (K − 1) Λ, Sθ = Σ S_k θ_k − (K − 1) Λm, exact for
 * gaussian rows, and for others as exact as the parts.
 */
export function mergeOnePasses(parts: readonly OnePass[], { mean, precision }: OnePassPrior): OnePass {
  const merged = startOnePass({ mean, precision });
  const size = mean.length;
  const score = Float64Array.from(mean, (m, j) => -(parts.length - 1) * precision[j] * m);
  let least = -(parts.length - 1) * Float64Array.from(mean, (m, j) => precision[j] * m * m).reduce((a, b) => a + b, 0);
  for (let j = 0; j < size; j++) merged.information.data[j * size + j] = -(parts.length - 1) * precision[j];
  for (const { position, information, count, residual } of parts) {
    const own = multiplyVector(information, position);
    for (let j = 0; j < size; j++) {
      score[j] += own[j];
      least += own[j] * position[j];
    }
    for (let e = 0; e < size * size; e++) merged.information.data[e] += information.data[e];
    merged.count += count;
    merged.residual += residual;
  }
  merged.noise.data.set(merged.information.data);
  refreshInverse(merged);
  merged.position.set(multiplyVector(merged.inverse, score));
  for (let j = 0; j < size; j++) least -= score[j] * merged.position[j];
  merged.residual += least;
  merged.spent = size;
  return merged;
}
