import { mean, variance } from "./autocovariance.ts";
import { mcseOfMean, meanEffectiveSampleSize } from "./effective-sample-size.ts";
import { pool } from "./ordered-draws.ts";
import { mapDraws } from "./rank-normalize.ts";

interface OverSteps {
  /** Monte Carlo error of the mean over every step, in sds. */
  readonly mcseOfMean: number;
  /** The draws are unit e^τ, whereas the moments over the steps are those of τ; what e^τ adds is taken from the draws. */
  readonly isExponential: boolean;
  /** The moments are integrals, without Monte Carlo error. */
  readonly isIntegrated?: boolean;
}

/**
 * Relative Monte Carlo error of an sd that is averaged over every step, when only the draws are kept:
 *
 *   mcse of the kept draws' log sd / √gain,  gain = S_eff,mean over the steps / S_eff,mean of the draws
 *
 * Kurtosis and autocorrelation of squares are those of the draws; the gain from counting every step is measured on the
 * mean. In a chain whose correlations fall exponentially, squares decorrelate twice as fast as values and gain up to
 * twice as much, so the error is too large rather than too small.
 */
export function mcseOfSdOverSteps(
  kept: readonly Float64Array[],
  { mcseOfMean: errorOfMean, isExponential, isIntegrated = false }: OverSteps,
): number {
  const own = influenceOnLogSd(isExponential ? mapDraws(kept, Math.log) : kept);
  const gain = Math.max(1, 1 / (errorOfMean ** 2 * meanEffectiveSampleSize(kept)));
  const ofSteps = isIntegrated ? 0 : mcseOfMean(own) / Math.sqrt(gain);
  if (!isExponential) return ofSteps;
  const ofValues = influenceOnLogSd(kept);
  const added = ofValues.map((chain, k) => chain.map((value, draw) => value - own[k][draw]));
  return Math.hypot(ofSteps, mcseOfMean(added));
}

/** (x − x̄)² / 2 s²: what each draw contributes to the logarithm of the sd, to first order. */
export function influenceOnLogSd(chains: readonly Float64Array[]): Float64Array[] {
  const pooled = pool(chains);
  const center = mean(pooled);
  const scale = 2 * variance(pooled);
  return mapDraws(chains, (draw) => (draw - center) ** 2 / scale);
}
