import { select } from "./select-quantiles.ts";

/** What came of smoothing the importance weights of a row. */
export interface SmoothedRow {
  /** log Σ_s w_s p(y | θ_s)/Σ_s w_s, the log density of y given the other rows. */
  readonly logDensity: number;
  /** Shape of the generalised Pareto law of the largest weights; Infinity where there are too few of them for one. */
  readonly k: number;
}

/** The least that a weight's logarithm may be for the weight to be a normal number. */
const leastLog = Math.log(2 ** -1022);
/** A prior of so many observations at k = ½ (Zhang & Stephens 2009, with the prior of Vehtari et al. 2024). */
const priorOfShape = 10;
const priorOfScale = 3;

/**
 * Pareto-smoothed importance sampling for leaving one row out: the weights of S draws are w_s ∝ 1/p(y | θ_s), of which the largest
 * M = ⌈min(S/5, 3 √(S/r_eff))⌉ are replaced by the expected order statistics of the generalised Pareto law that fits them, and cut
 * at the largest of them.
 *
 * Sources: Vehtari, Simpson, Gelman, Yao & Gabry (2024), JMLR 25; the law is fitted as Zhang & Stephens (2009) do. Numbers are those
 * of ArviZ 0.23 (`az.psislw`).
 */
export class ParetoSmoothing {
  /** log w, up to a constant. */
  private readonly logs: Float64Array;
  private readonly ordered: Float64Array;
  private readonly tailLength: number;

  /** @param relativeEfficiency r_eff: effective draws over draws */
  constructor(numDraws: number, relativeEfficiency: number) {
    this.logs = new Float64Array(numDraws);
    this.ordered = new Float64Array(numDraws);
    this.tailLength = Math.ceil(Math.min(numDraws / 5, 3 * Math.sqrt(numDraws / relativeEfficiency)));
  }

  /** @param logDensities log p(y | θ_s) at the S draws, all finite */
  smooth(logDensities: Float64Array): SmoothedRow {
    const { logs } = this;
    let least = Number.POSITIVE_INFINITY;
    for (let s = 0; s < logs.length; s++) if (logDensities[s] < least) least = logDensities[s];
    for (let s = 0; s < logs.length; s++) logs[s] = least - logDensities[s];
    const k = this.smoothTail();
    let [weights, top] = [0, Number.NEGATIVE_INFINITY];
    for (let s = 0; s < logs.length; s++) {
      weights += Math.exp(logs[s]);
      const product = logs[s] + logDensities[s];
      if (product > top) top = product;
    }
    let sum = 0;
    for (let s = 0; s < logs.length; s++) sum += Math.exp(logs[s] + logDensities[s] - top);
    return { logDensity: top + Math.log(sum / weights), k };
  }

  /** Replaces the largest of the weights; returns k. */
  private smoothTail(): number {
    const { logs, ordered, tailLength } = this;
    const place = logs.length - 1 - tailLength;
    ordered.set(logs);
    if (place >= 0) select(ordered, place, 0);
    const cutoff = Math.max(place >= 0 ? ordered[place] : Number.NEGATIVE_INFINITY, leastLog);
    const tail = tailOf(logs, cutoff);
    const count = tail.length;
    if (count <= 4) return Number.POSITIVE_INFINITY;
    const least = Math.exp(cutoff);
    const { k, sigma } = fitPareto(Float64Array.from(tail, (s) => Math.exp(logs[s]) - least));
    if (!Number.isFinite(k) || !(sigma > 0)) return Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const smoothed = Math.log(paretoQuantile((i + 0.5) / count, k, sigma) + least);
      logs[tail[i]] = Math.min(0, smoothed);
    }
    return k;
  }
}

/** The places of the numbers above a cutoff, in the order of these. */
function tailOf(logs: Float64Array, cutoff: number): Uint32Array {
  const places: number[] = [];
  for (let s = 0; s < logs.length; s++) if (logs[s] > cutoff) places.push(s);
  return Uint32Array.from(places).sort((a, b) => logs[a] - logs[b] || a - b);
}

function paretoQuantile(probability: number, k: number, sigma: number): number {
  const log = Math.log1p(-probability);
  return Math.abs(k) < Number.EPSILON ? -sigma * log : (sigma * Math.expm1(-k * log)) / k;
}

/**
 * Shape and scale of the generalised Pareto law: the posterior mean of b = −k/σ over a grid under a weak prior (Zhang & Stephens
 * 2009), then k pulled towards ½ as ten observations would.
 * @param values above 0, rising
 */
function fitPareto(values: Float64Array): { readonly k: number; readonly sigma: number } {
  const n = values.length;
  const gridSize = 30 + Math.floor(Math.sqrt(n));
  const quartile = values[Math.floor(n / 4 + 0.5) - 1];
  const grid = Float64Array.from(
    { length: gridSize },
    (_, i) => (1 - Math.sqrt(gridSize / (i + 0.5))) / (priorOfScale * quartile) + 1 / values[n - 1],
  );
  const logs = grid.map((b) => {
    const shape = shapeAt(b, values);
    return n * (Math.log(-b / shape) - shape - 1);
  });
  let weights = logs.map((own) => 1 / logs.reduce((sum, other) => sum + Math.exp(other - own), 0));
  weights = weights.map((weight) => (weight >= 10 * Number.EPSILON ? weight : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const b = grid.reduce((sum, own, i) => sum + own * (weights[i] / total), 0);
  const shape = shapeAt(b, values);
  return { k: (n * shape + priorOfShape * 0.5) / (n + priorOfShape), sigma: -shape / b };
}

/** The shape that is most probable given b: the mean of log(1 − b x). */
function shapeAt(b: number, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.log1p(-b * values[i]);
  return sum / values.length;
}

/** The largest k at which the estimate is reliable with S draws: min(1 − 1/log₁₀ S, 0.7) (Vehtari et al. 2024, §3.2.4). */
export function goodShape(numDraws: number): number {
  return Math.min(1 - 1 / Math.log10(numDraws), 0.7);
}
