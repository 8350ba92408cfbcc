import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { mean, variance } from "./autocovariance.ts";
import { areDiagnosable, type RankScores, rankNormalizeSplit } from "./rank-normalize.ts";

/**
 * Potential scale reduction of the chains as they are, neither split nor rank-normalised:
 *
 *   R̂ = √( (B / W + N − 1) / N ),  B = N · variance of chain means,  W = mean of chain variances
 *
 * NaN (0/0) where all draws are equal, infinite if every chain stays at a different point.
 *
 * Source: Gelman & Rubin (1992); Vehtari et al. (2021), §3.
 *
 * @param chains M ≥ 2 chains of N ≥ 2 draws.
 */
export function potentialScaleReduction(chains: readonly Float64Array[]): number {
  const draws = chains[0].length;
  const between = draws * variance(Float64Array.from(chains, mean));
  const within = mean(Float64Array.from(chains, variance));
  return Math.sqrt((between / within + draws - 1) / draws);
}

/**
 * Rank-normalised split R̂: the larger of that of the draws (location) and that of their distances from the median
 * (scale and tails), both split in halves and rank-normalised. Near 1 where chains agree; above 1.01 they do not.
 *
 * Source: Vehtari et al. (2021), §4; ArviZ's `rhat(method="rank")`. For an odd number of draws ArviZ's `summary`
 * folds about the median of all draws, its `rhat` about that of the split ones; here it is the latter.
 *
 * @param chains M chains of N draws.
 * @param scores `rankNormalizeSplit(chains)`, if the caller has it already.
 * @returns R̂, or NaN where ArviZ gives NaN: M < 2, N < 4, a NaN draw, all draws equal. `JSON.stringify` writes null.
 * @throws RangeError if there is no draw or if lengths differ.
 */
export function rHat(chains: readonly Float64Array[], scores?: RankScores): number {
  if (!areDiagnosable(chains) || chains.length < 2) return Number.NaN;
  const { bulk: located, folded } = scores ?? rankNormalizeSplit(chains);
  const bulk = potentialScaleReduction(located);
  const tail = potentialScaleReduction(folded);
  // Draws at only two points have equal distances and so no tail; the bulk R̂ still applies.
  return Number.isNaN(tail) ? bulk : Math.max(bulk, tail);
}

/** How often the largest of many R̂ may exceed its limit if the chains agree. */
const chance = 0.01;

/**
 * The bound below which the largest R̂ of `count` coefficients stays 99 times in a hundred if the chains agree:
 * the variance between m half-chains is a χ² of m − 1 degrees of freedom, so that R̂² − 1 ≈ (m/ESS) χ²/(m − 1). Each
 * coefficient has two of them, of location and of scale. The χ² quantile is that of Wilson & Hilferty (1931).
 */
export function largestByChance(effectiveDraws: number, halfChains: number, count: number): number {
  const degrees = halfChains - 1;
  const z = normalQuantile(1 - chance / (2 * count), 0, 1);
  const quantile = degrees * (1 - 2 / (9 * degrees) + z * Math.sqrt(2 / (9 * degrees))) ** 3;
  return Math.sqrt(1 + (halfChains / effectiveDraws) * (quantile / degrees));
}
