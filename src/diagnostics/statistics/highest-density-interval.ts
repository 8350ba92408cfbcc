import { requireEqualLengths, sortPooled } from "./rank-normalize.ts";

/**
 * Highest-density interval: the narrowest of the intervals between order statistics x₍ᵢ₎ and x₍ᵢ₊ₖ₎ of all draws,
 * k = ⌊probability · M·N⌋; the lowest of equally narrow ones. It assumes one mode. ArviZ's `hdi`.
 *
 * Source: Chen & Shao (1999), "Monte Carlo estimation of Bayesian credible and HPD intervals", JCGS 8(1).
 *
 * @param chains M chains of N draws.
 * @param probability share of the draws inside, in (0, 1).
 * @param sorted the same draws pooled and sorted, if the caller has them already.
 * @returns both ends; NaN if a draw is NaN.
 * @throws RangeError if `probability` is outside (0, 1), if there is no draw or if lengths differ.
 */
export function highestDensityInterval(
  chains: readonly Float64Array[],
  probability = 0.94,
  sorted = sortPooled(chains),
): { low: number; high: number } {
  requireEqualLengths(chains);
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(`expected a probability in (0, 1), got ${probability}`);
  }
  const steps = Math.floor(probability * sorted.length);
  // Sorting puts NaN last.
  if (Number.isNaN(sorted[sorted.length - 1])) return { low: Number.NaN, high: Number.NaN };
  let best = 0;
  for (let first = 1; first + steps < sorted.length; first++) {
    if (sorted[first + steps] - sorted[first] < sorted[best + steps] - sorted[best]) best = first;
  }
  return { low: sorted[best], high: sorted[best + steps] };
}
