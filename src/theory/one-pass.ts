import { invertPositiveDefinite } from "../linalg/cholesky.ts";
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

const largestNumberOfSteps = 200;

/**
 * The η with η = η₀ − h ℓ′(η). It lies between η₀ and the step from it: Newton's method, or bisection where that leaves the bracket or
 * does not halve its step, as where e^η is far too large.
 */
function implicitStep(before: number, h: number, loss: ScalarLoss): number {
  const reach = before - h * loss.slope(before);
  let [low, high] = [Math.min(before, reach), Math.max(before, reach)];
  let eta = before;
  let last = high - low;
  for (let step = 0; step < largestNumberOfSteps && last > 1e-13 * (1 + Math.abs(eta)); step++) {
    const excess = eta - before + h * loss.slope(eta);
    if (excess > 0) high = eta;
    else low = eta;
    const newton = eta - excess / (1 + h * loss.curvature(eta));
    const isGood = newton >= low && newton <= high && Math.abs(newton - eta) <= last / 2;
    const next = isGood ? newton : (low + high) / 2;
    last = Math.abs(next - eta);
    eta = next;
  }
  return eta;
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

/**
 * Puts back what a rate made forget of the prior: S ← S + s Λ, T ← T + s′ Λ, and θ with them. Without it nothing would be known of a
 * column that is constant for a while, and less and less: S⁻¹ would grow without bound.
 *
 * @param rows How many rows were taken in since the last time
 */
export function restorePrior(state: OnePass, { mean, precision }: OnePassPrior, rate: number, rows: number): void {
  const { position, information, inverse, noise } = state;
  const size = position.length;
  const kept = (1 - rate) ** rows;
  const score = multiplyVector(information, position);
  for (let j = 0; j < size; j++) {
    information.data[j * size + j] += (1 - kept) * precision[j];
    noise.data[j * size + j] += (1 - kept * kept) * precision[j];
    score[j] += (1 - kept) * precision[j] * mean[j];
  }
  refreshInverse(state);
  position.set(multiplyVector(inverse, score));
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
