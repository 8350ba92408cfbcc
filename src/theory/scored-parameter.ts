import { dot } from "../linalg/matrix.ts";

/** A parameter along chains, and the score that belongs to it. */
export interface ScoredParameter {
  /** θ_k at every step, one array a chain. */
  readonly values: readonly Float64Array[];
  /** (P ∇U)_k there, U = −log p(θ), P any constant matrix near to the posterior's covariance. */
  readonly scores: readonly Float64Array[];
  /** P_kk */
  readonly variance: number;
}

/** The same over all chains, one after the other, in the sds of its values: t = (θ_k − c)/s, h = s (P ∇U)_k / P_kk; for a normal law h = t. */
export interface StandardisedScored {
  readonly center: number;
  readonly sd: number;
  readonly t: Float64Array;
  readonly h: Float64Array;
}

export function standardiseScored({ values, scores, variance }: ScoredParameter): StandardisedScored {
  const steps = values[0].length;
  const t = new Float64Array(steps * values.length);
  const h = new Float64Array(t.length);
  values.forEach((chain, k) => {
    t.set(chain, k * steps);
    h.set(scores[k], k * steps);
  });
  const center = meanOf(t);
  for (let i = 0; i < t.length; i++) t[i] -= center;
  const sd = Math.sqrt(dot(t, t) / t.length);
  for (let i = 0; i < t.length; i++) {
    t[i] /= sd;
    h[i] *= sd / variance;
  }
  return { center, sd, t, h };
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** The same numbers, as views of so many each. */
export function splitBy(values: Float64Array, length: number): Float64Array[] {
  return Array.from({ length: values.length / length }, (_, k) => values.subarray(k * length, (k + 1) * length));
}
