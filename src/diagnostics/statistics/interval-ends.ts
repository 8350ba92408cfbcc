import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { mcseOfMean, quantileEffectiveSampleSize } from "./effective-sample-size.ts";
import { highestDensityInterval } from "./highest-density-interval.ts";
import { type OrderedDraws, orderDraws } from "./ordered-draws.ts";
import { quantileOfSorted, splitChains } from "./rank-normalize.ts";
import { type Functional, TailQuantiles } from "./tail-quantiles.ts";

/** An interval, and the Monte Carlo standard errors of its ends; NaN if they cannot be estimated. */
export interface IntervalEnds {
  readonly low: number;
  readonly high: number;
  readonly lowError: number;
  readonly highError: number;
}

/** The probability inside the interval, and outside. */
const inside = 0.94;
const outside = 1 - inside;
/** Number of places among which the shortest interval is searched. */
const gridSize = 120;
/** If a tail's fit and its draws differ by more standard errors than this, the tail is not a smooth curve. */
const maxStandardErrors = 5;
const checkedAt = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06];

/**
 * The 94% highest-density interval and its Monte Carlo errors.
 *
 *   [Q(p̂), Q(p̂ + 0.94)],  p̂ = argmin Q(p + 0.94) − Q(p)
 *
 * with a smooth Q in each tail (`TailQuantiles`). The shortest interval between the draws themselves (ArviZ's `hdi`) can
 * slide along them, so the errors of its ends fall only as n^(−1/3), and are twice as large at n = 4000. If a tail is not
 * a smooth curve (a second mode, a lump), or there are few draws, that interval is taken nevertheless.
 *
 * Errors: to first order both ends are linear in the order statistics, Σ c_i x_(i), p̂'s own part included, so each is the mean
 * of its influence function over the draws, whose standard error takes the chains' autocorrelation in.
 * docs/decisions/0013-interval-ends.md has the simulations.
 *
 * @param chains M chains of N draws
 * @param ordered the same draws in order
 */
export function intervalEnds(chains: readonly Float64Array[], ordered = orderDraws(chains)): IntervalEnds {
  const { sorted } = ordered;
  const [least, greatest] = [sorted[0], sorted[sorted.length - 1]];
  if (!Number.isFinite(greatest - least)) return ofDraws(chains, sorted);
  if (least === greatest) return { low: least, high: least, lowError: 0, highError: 0 };
  return smoothEnds(chains, ordered) ?? ofDraws(chains, sorted);
}

function smoothEnds(chains: readonly Float64Array[], ordered: OrderedDraws): IntervalEnds | null {
  const { sorted } = ordered;
  const size = sorted.length;
  if (!TailQuantiles.suits(size)) return null;
  try {
    // The upper tail is the lower one of −x.
    const lower = new TailQuantiles((i) => sorted[i], size);
    const upper = new TailQuantiles((i) => -sorted[size - 1 - i], size);
    if (!follows(lower, chains, sorted, 1) || !follows(upper, chains, sorted, -1)) return null;
    return shortest(lower, upper, chains, ordered);
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return null;
    throw error;
  }
}

/** Whether the fit is within the Monte Carlo error of the draws' own quantiles. */
function follows(tail: TailQuantiles, chains: readonly Float64Array[], sorted: Float64Array, sign: 1 | -1): boolean {
  const middle = sign > 0 ? checkedAt[2] : 1 - checkedAt[2];
  const effective = quantileEffectiveSampleSize(chains, middle, sorted);
  return checkedAt.every((probability) => {
    const own = sign * quantileOfSorted(sorted, sign > 0 ? probability : 1 - probability);
    const { value, slope } = tail.at(probability);
    const error = Math.sqrt((probability * (1 - probability)) / effective) * Math.abs(tail.evaluate(slope));
    return Math.abs(tail.evaluate(value) - own) <= maxStandardErrors * error;
  });
}

function shortest(
  lower: TailQuantiles,
  upper: TailQuantiles,
  chains: readonly Float64Array[],
  ordered: OrderedDraws,
): IntervalEnds {
  const { sorted } = ordered;
  const size = sorted.length;
  const first = 0.5 / size;
  const step = (outside - 2 * first) / gridSize;
  const lowAt = (p: number) => lower.evaluate(lower.at(p).value);
  const highAt = (p: number) => -upper.evaluate(upper.at(outside - p).value);
  const grid = gridFor(lower, size, first, step);
  const widths = grid.map((value, k) => -upper.evaluate(grid[gridSize - k]) - lower.evaluate(value));
  let best = 0;
  for (let k = 1; k <= gridSize; k++) if (widths[k] < widths[best]) best = k;
  const isInner = best > 0 && best < gridSize;
  const bend = isInner ? widths[best - 1] - 2 * widths[best] + widths[best + 1] : 0;
  const shift = bend > 0 ? (0.5 * (widths[best - 1] - widths[best + 1])) / bend : 0;
  const p = first + (best + shift) * step;
  const low = lower.at(p);
  const high = upper.at(outside - p);
  // How far p̂ moves each end: δp = (δQ′(p) − δQ′(p + 0.94)) / w″, with Q′(p + 0.94) = d/dp of −Q_upper(0.06 − p).
  const curvature = bend / step ** 2;
  const rate = (slope: number) => (curvature > 0 ? slope / curvature : 0);
  const lowRate = rate(lower.evaluate(low.slope));
  const highRate = rate(upper.evaluate(high.slope));
  const indices = indicesOf(chains, ordered);
  const errorOf = (ofLower: Functional, ofUpper: Functional) =>
    errorOfSum(lower.weightsOf(ofLower), upper.weightsOf(ofUpper), indices, sorted);
  let lowError = errorOf(combined(low.value, low.slope, lowRate), scaled(high.slope, -lowRate));
  let highError = errorOf(scaled(low.slope, highRate), combined(scaled(high.value, -1), high.slope, -highRate));
  const reach = [lowAt(outside - first) - lowAt(first), highAt(outside - first) - highAt(first)];
  if (Math.abs(best - gridSize / 2) > gridSize / 4) {
    // Near the boundary p̂ has hardly any error to first order, but if all widths are nearly equal it may be anywhere.
    const other = outside - p;
    const [otherLow, otherHigh] = [lower.at(other), upper.at(outside - other)];
    const widthOfDraws = (index: number) => quantileOfSorted(sorted, index + inside) - quantileOfSorted(sorted, index);
    const wider = widthOfDraws(other) - widthOfDraws(p);
    const byChance = errorOf(combined(low.value, otherLow.value, -1), combined(high.value, otherHigh.value, -1));
    if (wider < 3 * byChance) [lowError, highError] = reach.map((range) => range / 2);
  }
  return {
    low: Math.max(lowAt(p), sorted[0]),
    high: Math.min(highAt(p), sorted[size - 1]),
    // With a flat minimum p̂ may move anywhere, and the ends no farther than p̂ takes them.
    lowError: Math.min(lowError, reach[0] / 2),
    highError: Math.min(highError, reach[1] / 2),
  };
}

let known: { size: number; grid: readonly Functional[] } = { size: 0, grid: [] };

/** Q at the places of the search, the same for every coefficient with this number of draws. */
function gridFor(tail: TailQuantiles, size: number, first: number, step: number): readonly Functional[] {
  if (known.size !== size)
    known = { size, grid: Array.from({ length: gridSize + 1 }, (_, k) => tail.at(first + k * step).value) };
  return known.grid;
}

const combined = (a: Functional, b: Functional, factor: number) => a.map((x, k) => x + factor * b[k]);
const scaled = (a: Functional, factor: number) => a.map((x) => factor * x);

/**
 * Standard error of Σ c_i x_(i), with c given for the tails. It is that of the mean of the influence function, which
 * rises by n c_i times the gap from each order statistic to the next.
 * @param ofUpper of −x, outermost first
 * @param places of the chains' draws
 */
function errorOfSum(
  ofLower: Float64Array,
  ofUpper: Float64Array,
  indices: readonly Uint32Array[],
  sorted: Float64Array,
): number {
  const size = sorted.length;
  const weights = new Float64Array(size);
  weights.set(ofLower);
  for (let i = 0; i < ofUpper.length; i++) weights[size - 1 - i] = -ofUpper[i];
  const influence = new Float64Array(size);
  for (let i = 1; i < size; i++)
    influence[i] = influence[i - 1] + 0.5 * size * (weights[i - 1] + weights[i]) * (sorted[i] - sorted[i - 1]);
  return mcseOfMean(
    indices.map((chain) => {
      const values = new Float64Array(chain.length);
      for (let draw = 0; draw < chain.length; draw++) values[draw] = influence[chain[draw]];
      return values;
    }),
  );
}

/** The place of each draw among all, equal ones at the first of theirs. */
function indicesOf(chains: readonly Float64Array[], { sorted, order }: OrderedDraws): Uint32Array[] {
  const indices = new Uint32Array(order.length);
  let first = 0;
  for (let index = 0; index < order.length; index++) {
    if (sorted[index] !== sorted[first]) first = index;
    indices[order[index]] = first;
  }
  const draws = chains[0].length;
  return chains.map((_, chain) => indices.subarray(chain * draws, (chain + 1) * draws));
}

/**
 * ArviZ's interval, with the errors of its ends from the intervals of half chains: each has a fraction 1/K of the draws,
 * so these scatter K^(1/3) times as much.
 */
function ofDraws(chains: readonly Float64Array[], sorted: Float64Array): IntervalEnds {
  const { low, high } = highestDensityInterval(chains, inside, sorted);
  const parts = splitChains(chains);
  if (parts[0].length < 4) return { low, high, lowError: Number.NaN, highError: Number.NaN };
  const ends = parts.map((part) => highestDensityInterval([part], inside));
  const scatter = (values: readonly number[]) => {
    const center = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
    return Math.sqrt(squares / (values.length - 1)) / Math.cbrt(values.length);
  };
  return {
    low,
    high,
    lowError: scatter(ends.map((end) => end.low)),
    highError: scatter(ends.map((end) => end.high)),
  };
}
