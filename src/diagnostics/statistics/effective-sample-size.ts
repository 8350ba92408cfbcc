import { mean, meanAutocovariance, variance } from "./autocovariance.ts";
import { pool } from "./ordered-draws.ts";
import {
  areDiagnosable,
  mapDraws,
  quantileOfSorted,
  type RankScores,
  rankNormalizeSplit,
  sortPooled,
  splitChains,
} from "./rank-normalize.ts";

/**
 * Effective sample sizes and Monte Carlo standard errors of draws, over split chains.
 *
 * All of them take M chains of N draws, give NaN where ArviZ does (N < 4, or a NaN draw), give the number of draws
 * for chains that never move, and throw a RangeError if there is no draw or if lengths differ.
 *
 * Source: Vehtari et al. (2021), §3–4; numbers as ArviZ 0.23 computes them.
 */

/** Probabilities whose quantiles the tail effective sample size looks at (Vehtari et al. 2021, §4). */
const tailProbabilities = [0.05, 0.95] as const;

/** A range below this share of the largest magnitude is rounding, not movement; see `effectiveSampleSize`. */
const resolution = 1e-15;

/**
 * Effective sample size of the chains as they are, neither split nor rank-normalised:
 *
 *   S_eff = M·N / τ̂,  τ̂ = −1 + 2 Σ_t ρ̂_t,  ρ̂_t = 1 − (W − γ̄_t) / v̂ar⁺
 *
 * The sum is cut by Geyer's initial positive sequence (pairs of lags while their sum stays positive) and smoothed by
 * his initial monotone sequence. τ̂ is at least 1 / log₁₀(M·N), so that antithetic chains get at most M·N·log₁₀(M·N).
 *
 * ArviZ calls chains constant when their range is below 1e-15 whatever their scale; here the bound is relative to the
 * largest magnitude, so that the answer for draws of size 1e-16 is that for the same draws in other units.
 *
 * @param chains M chains of N ≥ 2 draws, none NaN.
 */
export function effectiveSampleSize(chains: readonly Float64Array[]): number {
  const draws = chains[0].length;
  const total = chains.length * draws;
  if (areConstant(chains)) return total;

  const { chainMeans, at } = meanAutocovariance(chains);
  const within = (at(0) * draws) / (draws - 1);
  const between = chains.length > 1 ? variance(chainMeans) : 0;
  const marginal = at(0) + between;
  const correlationAt = (lag: number) => 1 - (within - at(lag)) / marginal;

  const correlations = [1, correlationAt(1)];
  if (Number.isNaN(correlations[1])) return Number.NaN;
  let even = 1;
  let odd = correlations[1];
  let lag = 1;
  while (lag < draws - 3 && even + odd > 0) {
    even = correlationAt(lag + 1);
    odd = correlationAt(lag + 2);
    if (even + odd >= 0) correlations.push(even, odd);
    lag += 2;
  }
  const last = lag - 2;
  // The first half of the pair that ended the sequence still carries information.
  if (even > 0) correlations[last + 1] = even;

  for (let pair = 2; pair < last; pair += 2) {
    const previous = correlations[pair - 2] + correlations[pair - 1];
    if (correlations[pair] + correlations[pair + 1] > previous) {
      correlations[pair] = previous / 2;
      correlations[pair + 1] = previous / 2;
    }
  }

  let time = -1 + (correlations[last + 1] ?? 0);
  for (let index = 0; index <= last; index++) time += 2 * correlations[index];
  return total / Math.max(time, 1 / Math.log10(total));
}

function areConstant(chains: readonly Float64Array[]): boolean {
  let least = Number.POSITIVE_INFINITY;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const chain of chains) {
    for (let index = 0; index < chain.length; index++) {
      if (chain[index] < least) least = chain[index];
      if (chain[index] > greatest) greatest = chain[index];
    }
  }
  const range = greatest - least;
  // Chains with an infinite draw are not constant; their autocovariance is NaN.
  return range < Number.POSITIVE_INFINITY && range <= resolution * Math.max(Math.abs(least), Math.abs(greatest));
}

/**
 * Effective sample size in the bulk: that of rank-normalised split chains, a check of location. ArviZ's `ess_bulk`.
 *
 * @param scores `rankNormalizeSplit(chains)`, if the caller has it already.
 */
export function bulkEffectiveSampleSize(chains: readonly Float64Array[], scores?: RankScores): number {
  if (!areDiagnosable(chains)) return Number.NaN;
  return effectiveSampleSize((scores ?? rankNormalizeSplit(chains)).bulk);
}

/** Effective sample size of the quantile at `probability`: that of the indicators of draws at or below it. */
export function quantileEffectiveSampleSize(
  chains: readonly Float64Array[],
  probability: number,
  sorted = sortPooled(chains),
): number {
  if (!areDiagnosable(chains)) return Number.NaN;
  const quantile = quantileOfSorted(sorted, probability);
  return effectiveSampleSize(splitChains(mapDraws(chains, (draw) => (draw <= quantile ? 1 : 0))));
}

/** Effective sample size in the tails: the smaller of those of the 5 % and 95 % quantiles. ArviZ's `ess_tail`. */
export function tailEffectiveSampleSize(chains: readonly Float64Array[], sorted = sortPooled(chains)): number {
  const [low, high] = tailProbabilities.map((probability) => quantileEffectiveSampleSize(chains, probability, sorted));
  return Math.min(low, high);
}

/** Effective sample size of the mean: that of split chains, without ranks. ArviZ's `ess(method="mean")`. */
export function meanEffectiveSampleSize(chains: readonly Float64Array[]): number {
  if (!areDiagnosable(chains)) return Number.NaN;
  return effectiveSampleSize(splitChains(chains));
}

/** Monte Carlo standard error of the mean: sd / √S_eff,mean, with sd over all draws (n − 1). ArviZ's `mcse_mean`. */
export function mcseOfMean(chains: readonly Float64Array[]): number {
  const size = meanEffectiveSampleSize(chains);
  return Math.sqrt(variance(pool(chains)) / size);
}

/**
 * Monte Carlo standard error of the standard deviation, by the delta method from that of the variance, without an
 * assumption of normality; with d = (x − x̄)² over all draws,
 *
 *   √( (mean d² − (mean d)²) / S_eff,sd / (4 mean d) )
 *
 * ArviZ's `mcse_sd` (since 0.20; before, it assumed normal draws). NaN for chains that never move (0/0).
 */
export function mcseOfSd(chains: readonly Float64Array[]): number {
  const deviations = squaredDeviations(chains);
  const size = meanEffectiveSampleSize(deviations);
  const pooled = pool(deviations);
  // mean d² − (mean d)², without its cancellation.
  const spread = (variance(pooled) * (pooled.length - 1)) / pooled.length;
  return Math.sqrt(spread / size / mean(pooled) / 4);
}

function squaredDeviations(chains: readonly Float64Array[]): Float64Array[] {
  const center = mean(pool(chains));
  return mapDraws(chains, (draw) => (draw - center) ** 2);
}
