import {
  cholesky,
  choleskySolve,
  invertPositiveDefinite,
  logDeterminant,
  NotPositiveDefiniteError,
} from "../../linalg/cholesky.ts";
import { dot, type Matrix, matrix, matrixFromRows, multiply, multiplyVector, transpose } from "../../linalg/matrix.ts";

/** The correlation lengths that are tried, in posterior sds. */
const lengths = [1.5, 2.5, 4, 6, 10, 16];
/** Share of the process's variance that is taken for rounding error, so that its covariance matrix can be factorised. */
const nugget = 1e-8;

/**
 * A smooth function of few variables from its values at some points: a quadratic trend, and a Gaussian process with squared
 * exponential covariance for what it leaves (universal kriging). A prediction is Σ_k ω_k f_k with weights ω that depend on the
 * place alone, so that other functions known at the same points are predicted with the same weights.
 *
 * The correlation length is the one of the largest restricted likelihood. Source: Rasmussen & Williams (2006), section 2.7.
 */
export class Surrogate {
  /** n × d */
  readonly #points: Float64Array;
  readonly #length: number;
  /** K⁻¹ (n × n), and G = (FᵀK⁻¹F)⁻¹ FᵀK⁻¹ (p × n), F the trend's p functions at the points. */
  readonly #inverse: Matrix;
  readonly #trend: Matrix;
  /** F, n × p */
  readonly #basis: Matrix;
  /** G f, and K⁻¹ (f − F G f). */
  readonly #coefficients: Float64Array;
  readonly #remainder: Float64Array;
  /** Of the process, and (FᵀK⁻¹F)⁻¹. */
  readonly #variance: number;
  readonly #trendCovariance: Matrix;
  /** Scratch: the correlations with the points, and the trend's functions. */
  readonly #near: Float64Array;
  readonly #functions: Float64Array;

  /** @param points where the function is known, more of them than the (d + 1)(d + 2)/2 coefficients of the trend */
  constructor(points: readonly Float64Array[], values: Float64Array) {
    const fits = lengths.flatMap((length) => fitWith(points, values, length) ?? []);
    const best = fits.reduce((a, b) => (b.likelihood > a.likelihood ? b : a));
    this.#points = Float64Array.from(points.flatMap((point) => [...point]));
    this.#near = new Float64Array(points.length);
    this.#functions = new Float64Array(best.basis.columns);
    this.#length = best.length;
    this.#inverse = best.inverse;
    this.#trend = best.trend;
    this.#variance = best.variance;
    this.#trendCovariance = best.trendCovariance;
    this.#basis = best.basis;
    this.#coefficients = best.coefficients;
    this.#remainder = multiplyVector(best.inverse, best.left);
  }

  /** The prediction at one place. */
  at(place: Float64Array): number {
    let sum = dot(quadraticsInto(this.#functions, place), this.#coefficients);
    this.#correlationsInto(place);
    for (let k = 0; k < this.#remainder.length; k++) sum += this.#near[k] * this.#remainder[k];
    return sum;
  }

  /** The prediction's standard error at one place, by the process's own variance. */
  errorAt(place: Float64Array): number {
    this.#correlationsInto(place);
    const count = this.#near.length;
    const gap = quadraticsInto(this.#functions, place);
    const size = gap.length;
    let variance = 1;
    for (let k = 0; k < count; k++) {
      let own = 0;
      for (let l = 0; l < count; l++) own += this.#inverse.data[k * count + l] * this.#near[l];
      variance -= own * this.#near[k];
      for (let c = 0; c < size; c++) gap[c] -= this.#basis.data[k * size + c] * own;
    }
    for (let c = 0; c < size; c++)
      for (let e = 0; e < size; e++) variance += gap[c] * this.#trendCovariance.data[c * size + e] * gap[e];
    return Math.sqrt(Math.max(0, variance) * this.#variance);
  }

  /** ω at one place: K⁻¹ k + Gᵀ (f − Fᵀ K⁻¹ k), k the correlations with the points and f the trend's functions there. */
  weightsAt(place: Float64Array): Float64Array {
    this.#correlationsInto(place);
    const weights = multiplyVector(this.#inverse, this.#near);
    const gap = quadraticsInto(this.#functions, place);
    const [size, count] = [gap.length, weights.length];
    for (let k = 0; k < count; k++)
      for (let c = 0; c < size; c++) gap[c] -= this.#basis.data[k * size + c] * weights[k];
    for (let c = 0; c < size; c++)
      for (let k = 0; k < count; k++) weights[k] += this.#trend.data[c * count + k] * gap[c];
    return weights;
  }

  #correlationsInto(place: Float64Array): void {
    const size = place.length;
    const factor = -0.5 / this.#length ** 2;
    for (let k = 0, at = 0; k < this.#near.length; k++) {
      let squares = 0;
      for (let j = 0; j < size; j++, at++) squares += (this.#points[at] - place[j]) ** 2;
      this.#near[k] = Math.exp(factor * squares);
    }
  }
}

function fitWith(points: readonly Float64Array[], values: Float64Array, length: number) {
  const count = points.length;
  const covariance = matrix(count, count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++)
      covariance.data[i * count + j] = correlation(points[i], points[j], length) + (i === j ? nugget : 0);
  const rows = points.map(quadratics);
  const size = rows[0].length;
  const basis = matrixFromRows(rows);
  try {
    const factor = cholesky(covariance);
    const inverse = invertPositiveDefinite(covariance);
    const weighted = multiply(transpose(basis), inverse);
    const information = multiply(weighted, basis);
    const trendCovariance = invertPositiveDefinite(information);
    const trend = multiply(trendCovariance, weighted);
    const coefficients = multiplyVector(trend, values);
    const left = values.map((value, k) => value - dot(rows[k], coefficients));
    const squares = dot(left, choleskySolve(factor, left));
    const freedom = count - size;
    const likelihood =
      -0.5 * (freedom * Math.log(squares + 1e-12) + logDeterminant(factor) + logDeterminant(cholesky(information)));
    const variance = squares / freedom;
    return { length, inverse, trend, basis, coefficients, left, likelihood, variance, trendCovariance };
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    return null;
  }
}

function correlation(a: Float64Array, b: Float64Array, length: number): number {
  let squares = 0;
  for (let j = 0; j < a.length; j++) squares += (a[j] - b[j]) ** 2;
  return Math.exp((-0.5 * squares) / length ** 2);
}

/** 1, w_i, w_i w_j */
function quadratics(w: Float64Array): Float64Array {
  return quadraticsInto(new Float64Array(((w.length + 1) * (w.length + 2)) / 2), w);
}

function quadraticsInto(result: Float64Array, w: Float64Array): Float64Array {
  result[0] = 1;
  for (let i = 0, next = 1; i < w.length; i++) {
    result[next++] = w[i];
    for (let j = 0; j <= i; j++) result[next++] = w[i] * w[j];
  }
  return result;
}
