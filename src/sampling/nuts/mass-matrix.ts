import { diagonal, identity, type Matrix, matrix, trace } from "../../linalg/matrix.ts";
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
    return { start: Math.ceil(0.1 * warmUp), ends: [0.35, 0.75].map((part) => Math.ceil(part * warmUp)) };
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

/** Mean and covariance of the positions of one window, by Welford's updates: M² a position, or M for the diagonal alone. */
export class RunningMoments {
  readonly #kind: MetricKind;
  readonly #mean: Float64Array;
  readonly #sums: Matrix;
  #count = 0;

  constructor(kind: MetricKind, dimension: number) {
    this.#kind = kind;
    this.#mean = new Float64Array(dimension);
    this.#sums = matrix(dimension, dimension);
  }

  /** Of the positions so far. */
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
      if (this.#kind !== "dense") this.#sums.data[i * size + i] += before[i] * after;
      else for (let j = 0; j < size; j++) this.#sums.data[i * size + j] += before[j] * after;
    }
  }

  /**
   * The covariance is (n V + k G)/(n + k), V that of the sample and G a guess that counts as k draws: 5, as in Stan, for the diagonal
   * alone, and M + 5 for a dense matrix, of which n draws know each direction to √(M/n) only. Stan's G is 10⁻³ I, for
   * parameters of unit scale; posterior sds of 10⁻³ would drown in it. Near to a normal law all variances are about the same, and
   * each is drawn to their mean as by 50 draws.
   */
  regularised(given: Matrix): KnownMoments {
    const [weight, guess] =
      this.#kind === "normal"
        ? [50, identity(given.rows, trace(this.#sums) / (given.rows * (this.#count - 1)))]
        : [this.#kind === "dense" ? given.rows + 5 : 5, given];
    const n = this.#count;
    const fraction = n / (n + weight);
    const size = guess.rows;
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
