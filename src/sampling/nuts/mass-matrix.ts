import { diagonal, identity, type Matrix, matrix } from "../../linalg/matrix.ts";
import { denseMetric, diagonalMetric, type Metric, normalMetric } from "./hamiltonian.ts";

/** `normal`: that of a normal law with independent entries, which the target is near to. */
export type MetricKind = "diagonal" | "dense" | "normal";

/** What is known of the target: the mass matrix is the inverse of its covariance. */
export interface KnownMoments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

export function metricOf(kind: MetricKind, { mean, covariance }: KnownMoments): Metric {
  if (kind === "normal") return normalMetric(mean, diagonal(covariance));
  return kind === "dense" ? denseMetric(covariance) : diagonalMetric(diagonal(covariance));
}

/** When the mass matrix is learned during the warm-up. */
export interface WarmUpWindows {
  /** The first iteration whose position counts. */
  readonly start: number;
  /** After these many iterations a window closes: its positions make the next mass matrix, and are forgotten. */
  readonly ends: readonly number[];
}

/**
 * When the mass matrix of that kind is learned. Near to a normal law the first guess is good, and two windows do, of which the first
 * forgets where the chain began. Otherwise Stan's schedule: 75 iterations for the step size alone, windows of 25, 50, 100, …
 * iterations for the mass matrix, the last stretched so that 50 iterations are left for the step size. Shorter warm-ups, in which
 * Stan would learn a mass matrix from the positions of one short window, learn the step size alone and keep the first guess.
 */
export function warmUpWindows(kind: MetricKind, warmUp: number): WarmUpWindows {
  if (kind === "normal")
    return { start: Math.ceil(0.1 * warmUp), ends: [0.35, 0.7].map((part) => Math.ceil(part * warmUp)) };
  if (warmUp < 150) return { start: warmUp, ends: [] };
  const start = 75;
  const last = warmUp - 50;
  const ends: number[] = [];
  for (let length = 25, end = start + length; ; length *= 2, end += length) {
    // A window that would leave no room for one twice as long takes the rest.
    if (end + 2 * length > last) return { start, ends: [...ends, last] };
    ends.push(end);
  }
}

export interface MomentsState {
  readonly mean: Float64Array;
  readonly sums: Float64Array;
  readonly count: number;
}

/** What a window learns, and what it needs for that. */
export interface WindowMoments {
  /** Of what it has seen so far. */
  state: MomentsState;
  /** @param gradient of the loss there */
  add(position: Float64Array, gradient: Float64Array): void;
  /** @param guess what the covariance is drawn towards */
  regularised(guess: Matrix): KnownMoments;
}

export function windowMoments(kind: MetricKind, dimension: number): WindowMoments {
  return kind === "normal" ? new NearlyNormalMoments(dimension) : new RunningMoments(kind, dimension);
}

/** Mean and covariance of the positions of one window, by Welford's updates: M² a position, or M for the diagonal alone. */
export class RunningMoments implements WindowMoments {
  readonly #isDense: boolean;
  readonly #mean: Float64Array;
  readonly #sums: Matrix;
  #count = 0;

  constructor(kind: "dense" | "diagonal", dimension: number) {
    this.#isDense = kind === "dense";
    this.#mean = new Float64Array(dimension);
    this.#sums = matrix(dimension, dimension);
  }

  get state(): MomentsState {
    return { mean: this.#mean.slice(), sums: this.#sums.data.slice(), count: this.#count };
  }

  set state({ mean, sums, count }: MomentsState) {
    this.#mean.set(mean);
    this.#sums.data.set(sums);
    this.#count = count;
  }

  add(position: Float64Array): void {
    this.#count++;
    const size = position.length;
    const before = position.map((value, j) => value - this.#mean[j]);
    for (let j = 0; j < size; j++) this.#mean[j] += before[j] / this.#count;
    for (let i = 0; i < size; i++) {
      const after = position[i] - this.#mean[i];
      if (!this.#isDense) this.#sums.data[i * size + i] += before[i] * after;
      else for (let j = 0; j < size; j++) this.#sums.data[i * size + j] += before[j] * after;
    }
  }

  /**
   * The covariance is (n V + k G)/(n + k), V that of the sample and G a guess that counts as k draws: 5, as in Stan, for the diagonal
   * alone, and M + 5 for a dense matrix, of which n draws know each direction to √(M/n) only. Stan's G is 10⁻³ I, for
   * parameters of unit scale; posterior sds of 10⁻³ would drown in it.
   */
  regularised(guess: Matrix): KnownMoments {
    const n = this.#count;
    const size = guess.rows;
    const weight = this.#isDense ? size + 5 : 5;
    const fraction = n / (n + weight);
    const result = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        const at = i * size + j;
        // The lower triangle counts: rounding makes the two differ in the last digit.
        const lower = i >= j ? at : j * size + i;
        result.data[at] = fraction * (this.#sums.data[lower] / (n - 1)) + (1 - fraction) * guess.data[at];
      }
    return { mean: this.#mean.slice(), covariance: result };
  }
}

/** What gradients move a mean at most, in sds. */
const mostShift = 0.5;

/**
 * Means near to a normal law, and one variance for all, from positions and gradients together. For N(c, v) the gradient of the loss is (z − c)/v, whatever
 * the draws: v̂ = Cov(z, z)/Cov(z, ∇U) and ĉ = z̄ − v̂ mean(∇U) are exact from two of them, and near to it as exact as the law is near
 * (theory/score-controls.ts), where positions alone would need hundreds. What whitening leaves is about the same for all parameters: of many they are wider than
 * at the mode, and the median is not misled by those at walls.
 */
class NearlyNormalMoments implements WindowMoments {
  readonly #size: number;
  /** Of z, ∇U, z² and z ∇U, each around the first position's. */
  readonly #sums: Float64Array;
  readonly #first: Float64Array;
  #count = 0;

  constructor(dimension: number) {
    this.#size = dimension;
    this.#sums = new Float64Array(4 * dimension);
    this.#first = new Float64Array(dimension);
  }

  get state(): MomentsState {
    return { mean: this.#first.slice(), sums: this.#sums.slice(), count: this.#count };
  }

  set state({ mean, sums, count }: MomentsState) {
    this.#first.set(mean);
    this.#sums.set(sums);
    this.#count = count;
  }

  add(position: Float64Array, gradient: Float64Array): void {
    if (this.#count === 0) this.#first.set(position);
    this.#count++;
    const size = this.#size;
    for (let j = 0; j < size; j++) {
      const z = position[j] - this.#first[j];
      this.#sums[j] += z;
      this.#sums[size + j] += gradient[j];
      this.#sums[2 * size + j] += z * z;
      this.#sums[3 * size + j] += z * gradient[j];
    }
  }

  regularised(): KnownMoments {
    const [n, size] = [this.#count, this.#size];
    const means = this.#sums.map((sum) => sum / n);
    const variances = Float64Array.from({ length: size }, (_, j) => {
      const ofPositions = means[2 * size + j] - means[j] ** 2;
      return ofPositions / (means[3 * size + j] - means[j] * means[size + j]);
    });
    const common = medianOf(variances.filter((value) => value > 0));
    // One draw at a wall has a gradient that would throw the mean far away.
    const most = mostShift * Math.sqrt(common);
    const shift = (j: number) => Math.min(most, Math.max(-most, common * means[size + j]));
    return {
      mean: this.#first.map((value, j) => value + means[j] - shift(j)),
      covariance: identity(size, common),
    };
  }
}

/** 1 of none. */
function medianOf(values: Float64Array): number {
  return values.length === 0 ? 1 : values.sort()[values.length >> 1];
}
