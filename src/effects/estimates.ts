import { mcseOfMean } from "../diagnostics/statistics/effective-sample-size.ts";
import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import { meanAndSd } from "../prediction/moments-of-draws.ts";
import type { ByLabels } from "./by-groups.ts";
import type { EffectNames } from "./plan.ts";

/** The posterior of one number. */
export interface PosteriorOfEffect {
  /** Posterior mean. */
  readonly estimate: number;
  /** Posterior sd. */
  readonly sd: number;
  /** Ends of the equal-tailed interval. */
  readonly low: number;
  readonly high: number;
  /**
   * Posterior probability that the number is above 0, or for ratios above 1; of a hypothesis with > or < that it is true. Absent of
   * predictions.
   */
  readonly probability?: number;
  /** Monte Carlo standard error of `estimate` from the number of draws. */
  readonly mcse: number;
}

/** One effect. */
export interface EffectEstimate extends EffectNames, PosteriorOfEffect {
  /** The group of rows that is averaged over; empty for all rows. */
  readonly by: ByLabels;
  /** The class whose probability it is, of a categorical target. */
  readonly class?: string;
  /** Rows that are averaged over. */
  readonly rows: number;
  /** Standard error from averaging over a sample of them; 0 where all of them were averaged over at all draws. */
  readonly rowError: number;
}

/** A hypothesis: the posterior of its left side less its right side, and its probability. */
export interface HypothesisEstimate extends PosteriorOfEffect {
  readonly hypothesis: string;
  /** What the probability is of: "> 0" or "< 0" of left side less right side. */
  readonly relation: "> 0" | "< 0";
}

/**
 * @param draws In the order of the chains, as many of each
 * @param none What says that there is no effect
 */
export function posteriorOfEffect(
  draws: Float64Array,
  { numChains, interval, none }: { readonly numChains: number; readonly interval: number; readonly none?: number },
): PosteriorOfEffect {
  const { mean, sd } = meanAndSd(draws);
  const perChain = draws.length / numChains;
  const chains = Array.from({ length: numChains }, (_, c) => draws.slice(c * perChain, (c + 1) * perChain));
  const mcse = mcseOfMean(chains);
  const areFinite = draws.every(Number.isFinite);
  // Before quantiles are selected, which moves the draws.
  const above = none === undefined ? undefined : shareAbove(draws, none);
  const ends = areFinite ? selectQuantiles(draws, [(1 - interval) / 2, (1 + interval) / 2]) : [Number.NaN, Number.NaN];
  return {
    estimate: mean,
    sd,
    low: ends[0],
    high: ends[1],
    ...(above !== undefined && { probability: areFinite ? above : Number.NaN }),
    // Draws that are all the same have no error; of fewer than four a chain it is not known.
    mcse: sd === 0 ? 0 : mcse,
  };
}

/** Draws that are equal count half, as with predictive checks. */
function shareAbove(draws: Float64Array, none: number): number {
  let count = 0;
  for (const draw of draws) count += draw > none ? 1 : draw === none ? 0.5 : 0;
  return count / draws.length;
}
