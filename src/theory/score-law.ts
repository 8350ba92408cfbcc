import erf from "@stdlib/math-base-special-erf";
import { type ScoredParameter, standardiseScored } from "./scored-parameter.ts";

/**
 * The distribution function and the density of a parameter from its draws and scores, smooth without any bandwidth. With t and h as in
 * `ScoreControls`, ψ = φ_a, Stein's solution of ψ' − t ψ = 1[t < a] − Φ(a), gives
 *
 *   F(a) = Φ(a) − E[φ_a(t) (t − h)],   φ_a(t) = (1 − Φ(a)) Φ(t)/φ(t) for t < a, Φ(a) (1 − Φ(t))/φ(t) above
 *   f(a) = φ(a) (1 + E[(t − h) Φ(t)/φ(t); t < a] − E[(t − h) (1 − Φ(t))/φ(t); t ≥ a])
 *
 * and where the law is normal, t = h, nothing is left to chance.
 * Source: Chen, Goldstein & Shao (2011), section 2.1, for φ_a.
 */
export class ScoreLaw {
  readonly center: number;
  readonly sd: number;
  /** Of all chains, in order. */
  readonly #sorted: Float64Array;
  readonly #scores: Float64Array;
  /** (t − h) Φ(t)/φ(t) and (t − h)(1 − Φ(t))/φ(t) of each draw, in the chains' order. */
  readonly #below: Float64Array;
  readonly #above: Float64Array;
  readonly #order: Uint32Array;
  /** Of the draws below each place, and from it on, over their number. */
  readonly #sumsBelow: Float64Array;
  readonly #sumsAbove: Float64Array;

  /** @param order the places of the draws, one chain after the other, in ascending order */
  constructor(parameter: ScoredParameter, order: Uint32Array) {
    const { center, sd, t, h } = standardiseScored(parameter);
    const size = t.length;
    [this.center, this.sd, this.#order] = [center, sd, order];
    this.#below = new Float64Array(size);
    this.#above = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const { below, above } = ratiosAt(t[i]);
      this.#below[i] = (t[i] - h[i]) * below;
      this.#above[i] = (t[i] - h[i]) * above;
    }
    this.#sorted = Float64Array.from(order, (i) => t[i]);
    this.#scores = Float64Array.from(order, (i) => h[i]);
    this.#sumsBelow = new Float64Array(size + 1);
    this.#sumsAbove = new Float64Array(size + 1);
    for (let k = 0; k < size; k++) this.#sumsBelow[k + 1] = this.#sumsBelow[k] + this.#below[order[k]] / size;
    for (let k = size - 1; k >= 0; k--) this.#sumsAbove[k] = this.#sumsAbove[k + 1] + this.#above[order[k]] / size;
  }

  get range(): readonly [number, number] {
    return [this.#sorted[0], this.#sorted[this.#sorted.length - 1]];
  }

  /** F and f at a, a in sds from the center. */
  at(a: number): { readonly probability: number; readonly density: number } {
    const place = this.#placeOf(a);
    const normal = normalProbability(a);
    return {
      probability: normal - (1 - normal) * this.#sumsBelow[place] - normal * this.#sumsAbove[place],
      density: normalDensity(a) * (1 + this.#sumsBelow[place] - this.#sumsAbove[place]),
    };
  }

  /** f'(a) = −f(a) E[h | t = a], the scores' mean over the draws around a. */
  slopeAt(a: number): number {
    const place = this.#placeOf(a);
    const size = this.#sorted.length;
    const half = Math.min(size >> 1, Math.max(fewestNearby, Math.ceil(nearby * size)));
    const from = Math.max(0, Math.min(place - half, size - 2 * half));
    let sum = 0;
    for (let k = from; k < from + 2 * half; k++) sum += this.#scores[k] - this.#sorted[k];
    return -this.at(a).density * (a + sum / (2 * half));
  }

  /** What each draw adds to F(a) and f(a): their means over all draws, but for a constant, in the chains' order. */
  contributionsAt(a: number): { readonly probability: Float64Array; readonly density: Float64Array } {
    const place = this.#placeOf(a);
    const [normal, height] = [normalProbability(a), normalDensity(a)];
    const [probability, density] = [new Float64Array(this.#order.length), new Float64Array(this.#order.length)];
    this.#order.forEach((draw, k) => {
      const isBelow = k < place;
      probability[draw] = -(isBelow ? (1 - normal) * this.#below[draw] : normal * this.#above[draw]);
      density[draw] = height * (isBelow ? this.#below[draw] : -this.#above[draw]);
    });
    return { probability, density };
  }

  /** How many draws lie below a. */
  #placeOf(a: number): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#sorted[middle] < a) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Share of the draws to each side, and their least number, whose scores tell the slope of the density. */
const nearby = 0.01;
const fewestNearby = 25;

const normalDensity = (t: number) => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI);
const normalProbability = (t: number) => 0.5 * (1 + erf(t / Math.SQRT2));

/** Beyond this |t| the error function has lost digits that the continued fraction has. */
const farOut = 4;
const fractionTerms = 24;

/** Φ(t)/φ(t) and (1 − Φ(t))/φ(t). */
function ratiosAt(t: number): { below: number; above: number } {
  const height = normalDensity(t);
  if (Math.abs(t) <= farOut) {
    const probability = normalProbability(t);
    return { below: probability / height, above: (1 - probability) / height };
  }
  // Of the smaller one 1/(x + 1/(x + 2/(x + 3/(x + …)))), x = |t|
  const x = Math.abs(t);
  let tail = x;
  for (let k = fractionTerms; k > 0; k--) tail = x + k / tail;
  const [small, large] = [1 / tail, 1 / height - 1 / tail];
  return t < 0 ? { below: small, above: large } : { below: large, above: small };
}
