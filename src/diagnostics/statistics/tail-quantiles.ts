import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { cholesky, choleskySolve } from "../../linalg/cholesky.ts";
import { matrix } from "../../linalg/matrix.ts";

/**
 * The fraction of all draws to which a tail's quantile function is fitted, and the number of the polynomial's
 * coefficients.
 */
const tailFraction = 0.2;
const numTerms = 4;
/** The smallest number of order statistics for a fit. */
const fewest = 40;

/** The parts of a fit that do not depend on the draws: the same for every coefficient with this number of draws. */
interface TailBasis {
  readonly size: number;
  /** p_i = (i − 3/8)/(n + 1/4) and z_i = Φ⁻¹(p_i) of the order statistics i = 1, 2, … */
  readonly probability: Float64Array;
  readonly score: Float64Array;
  /** size × numTerms, row-major: Legendre polynomials of z, on the tail's range. */
  readonly terms: Float64Array;
}

let known: TailBasis = {
  size: 0,
  probability: new Float64Array(0),
  score: new Float64Array(0),
  terms: new Float64Array(0),
};

function basisFor(size: number): TailBasis {
  if (known.size === size) return known;
  const count = Math.floor(tailFraction * size);
  const probability = Float64Array.from({ length: count }, (_, i) => (i + 1 - 3 / 8) / (size + 1 / 4));
  const score = probability.map((p) => normalQuantile(p, 0, 1));
  const terms = new Float64Array(count * numTerms);
  for (let i = 0; i < count; i++) terms.set(legendre(onRange(score[i], score)).values, i * numTerms);
  known = { size, probability, score, terms };
  return known;
}

/** z on the range of all scores, −1 … 1. */
function onRange(z: number, score: Float64Array): number {
  const [first, last] = [score[0], score[score.length - 1]];
  return (2 * (z - first)) / (last - first) - 1;
}

/** Legendre polynomials of degrees 0 to 3 and their derivatives. */
function legendre(t: number): { values: readonly number[]; slopes: readonly number[] } {
  return {
    values: [1, t, (3 * t * t - 1) / 2, (5 * t ** 3 - 3 * t) / 2],
    slopes: [0, 1, 3 * t, (15 * t * t - 3) / 2],
  };
}

/** A quantity that is linear in the fit's coefficients. */
export type Functional = readonly number[];

/**
 * A smooth quantile function of the lower tail of n sorted draws: Q(p) a cubic in z = Φ⁻¹(p), fitted to the lowest fifth of
 * the order statistics. For a normal law Q is linear in z, and for a smooth increasing function of a normal variable it
 * is a smooth curve. For a law that ends at a bound, Q − bound ∝ p = Φ(z) there, which is smooth in z too.
 *
 * The weights are inversely proportional to the order statistics' sds, √(p (1 − p)/n) Q′(p), with Q′ from divided differences
 * over a factor of four in p, so that neither the far draws of heavy tails nor the dense ones at a bound decide alone.
 */
export class TailQuantiles {
  private readonly basis: TailBasis;
  private readonly weights: Float64Array;
  private readonly factor: ReturnType<typeof cholesky>;
  private readonly coefficients: Float64Array;

  /** Whether this number of draws is enough for a fit. */
  static suits(size: number): boolean {
    return Math.floor(tailFraction * size) >= fewest;
  }

  /**
   * @param at the i-th lowest draw, from 0
   * @param size n, of which `suits`
   * @throws NotPositiveDefiniteError where the draws are nearly all the same
   */
  constructor(at: (i: number) => number, size: number) {
    this.basis = basisFor(size);
    const { probability, score, terms } = this.basis;
    const count = probability.length;
    this.weights = new Float64Array(count);
    const gram = matrix(numTerms, numTerms);
    const right = new Float64Array(numTerms);
    const minRise = 1e-6 * (at(count - 1) - at(0));
    for (let i = 0; i < count; i++) {
      const low = Math.max(0, ((i + 1) >> 1) - 1);
      const high = Math.min(count - 1, Math.max(2 * i + 1, i + 2));
      const rise = Math.max(at(high) - at(low), minRise) / (score[high] - score[low]);
      const density = Math.exp(-0.5 * score[i] ** 2);
      const weight = density / (rise * Math.sqrt(probability[i] * (1 - probability[i])));
      this.weights[i] = weight;
      for (let k = 0; k < numTerms; k++) {
        const weighted = weight * terms[i * numTerms + k];
        right[k] += weighted * at(i);
        for (let l = 0; l <= k; l++) gram.data[k * numTerms + l] += weighted * terms[i * numTerms + l];
      }
    }
    this.factor = cholesky(gram);
    this.coefficients = choleskySolve(this.factor, right);
  }

  /** Q(p) and Q′(p), as functionals of the fit. */
  at(probability: number): { value: Functional; slope: Functional } {
    const { score } = this.basis;
    const z = normalQuantile(probability, 0, 1);
    const { values, slopes } = legendre(onRange(z, score));
    const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
    const scale = 2 / ((score[score.length - 1] - score[0]) * density);
    return { value: values, slope: slopes.map((entry) => scale * entry) };
  }

  evaluate(functional: Functional): number {
    return functional.reduce((sum, entry, k) => sum + entry * this.coefficients[k], 0);
  }

  /** The coefficients of a functional in the order statistics, lowest first. */
  weightsOf(functional: Functional): Float64Array {
    const { terms } = this.basis;
    const solved = choleskySolve(this.factor, functional);
    return this.weights.map((weight, i) => {
      let sum = 0;
      for (let k = 0; k < numTerms; k++) sum += terms[i * numTerms + k] * solved[k];
      return weight * sum;
    });
  }
}
