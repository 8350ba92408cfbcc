import { InputError } from "../../errors.ts";
import { requireArray, requireNumbers, requireObject, shown } from "../../kinds.ts";
import { mean, variance } from "./autocovariance.ts";
import { bulkEffectiveSampleSize, mcseOfMean, mcseOfSd, tailEffectiveSampleSize } from "./effective-sample-size.ts";
import { highestDensityInterval } from "./highest-density-interval.ts";
import { type OrderedDraws, orderDraws, pool } from "./ordered-draws.ts";
import { rHat } from "./r-hat.ts";
import { areDiagnosable, rankNormalizeSplit } from "./rank-normalize.ts";

/** One row of ArviZ's `summary`, in the units of the draws but for the sample sizes and R̂. */
export interface SummaryStatistics {
  mean: number;
  /** Standard deviation over all draws, divisor n − 1. */
  sd: number;
  /** Lower end of the highest-density interval; ArviZ's `hdi_3%` at the probability of 0.94. */
  hdiLow: number;
  /** Upper end; ArviZ's `hdi_97%`. */
  hdiHigh: number;
  /** Monte Carlo standard error of `mean`. */
  mcseMean: number;
  /** Monte Carlo standard error of `sd`. */
  mcseSd: number;
  essBulk: number;
  essTail: number;
  rHat: number;
}

/**
 * What ArviZ's `summary` prints for one scalar, unrounded. Every number is NaN where ArviZ's is (a NaN draw, fewer
 * than 4 draws a chain, one chain for `rHat`); `JSON.stringify` writes null for it.
 *
 * @param chains M chains of N draws.
 * @param options `hdiProbability`: share of the draws in the interval, 0.94 unless told.
 * @throws InputError if there is no draw, if lengths differ, or if the probability is outside (0, 1).
 * @example
 * import { summaryStatistics } from "ornstein";
 *
 * const chains = [Float64Array.of(1, 4, 2, 3, 5, 2), Float64Array.of(3, 2, 4, 1, 3, 4)];
 * const { mean, sd, hdiLow, hdiHigh } = summaryStatistics(chains);
 * console.log(mean.toFixed(2), sd.toFixed(2), hdiLow, hdiHigh); // 2.83 1.27 1 5
 */
export function summaryStatistics(
  chains: readonly Float64Array[],
  options: { hdiProbability?: number } = {},
): SummaryStatistics {
  requireArray(chains, "The chains", "an array of chains, each an array of numbers");
  for (const chain of chains) requireNumbers(chain, "A chain", "an array of numbers");
  if (!chains[0]?.length || chains.some(({ length }) => length !== chains[0].length))
    throw new InputError("The chains have no draws, or differ in length: give chains of as many draws each.");
  requireObject(options, "The second argument", "{ hdiProbability }, or leave it out");
  const { hdiProbability = 0.94 } = options;
  if (!(typeof hdiProbability === "number" && hdiProbability > 0 && hdiProbability < 1))
    throw new InputError(
      `The option hdiProbability cannot be ${shown(hdiProbability)}: it takes a number above 0 and below 1.`,
    );
  return statisticsOf(chains, orderDraws(chains), hdiProbability);
}

/** The same of chains that are known to be of as many draws each, and of their draws in order. */
export function statisticsOf(
  chains: readonly Float64Array[],
  ordered: OrderedDraws,
  hdiProbability = 0.94,
): SummaryStatistics {
  const pooled = pool(chains);
  const { sorted } = ordered;
  const interval = highestDensityInterval(chains, hdiProbability, sorted);
  const scores = areDiagnosable(chains) ? rankNormalizeSplit(chains, ordered) : undefined;
  return {
    mean: mean(pooled),
    sd: Math.sqrt(variance(pooled)),
    hdiLow: interval.low,
    hdiHigh: interval.high,
    mcseMean: mcseOfMean(chains),
    mcseSd: mcseOfSd(chains),
    essBulk: bulkEffectiveSampleSize(chains, scores),
    essTail: tailEffectiveSampleSize(chains, sorted),
    rHat: rHat(chains, scores),
  };
}
