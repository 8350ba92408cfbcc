import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import type { ChainOutput } from "../samplers/sampler.ts";
import { type Gaussian, gaussianKl, klByChance, largestSdError } from "../theory/divergence.ts";
import { mcseOfMean } from "./effective-sample-size.ts";

/** Mean and covariance as a sampler found them. */
export interface MeasuredLaw extends Gaussian {
  /** Effective draws behind the two, averaged harmonically over the parameters; Infinity where they were integrated. */
  readonly effectiveDraws: number;
}

/** How far a law is from a reference law; each with what chance alone makes of it where there is no difference. */
export interface Accuracy {
  /** KL to the reference, nats; null where the law has a singular covariance (fewer distinct draws than parameters). */
  readonly kl: number | null;
  /** max_k |sd_k / reference sd_k − 1| */
  readonly worstSdError: number;
  /** max_k |mean_k − reference mean_k| / reference sd_k */
  readonly worstMeanError: number;
  readonly byChance: { readonly kl: number; readonly worstSdError: number; readonly worstMeanError: number };
}

/** What a run measured of its law. */
export function measuredLaw(output: ChainOutput): MeasuredLaw {
  const { mean, covariance, isIntegrated } = output;
  return { mean, covariance, effectiveDraws: isIntegrated ? Number.POSITIVE_INFINITY : drawsOfMoments(output) };
}

/**
 * 1/n = (1/M) Σ_j mcse_j² / variance_j, mcse_j the Monte Carlo error of the mean over every step that was counted. Squares
 * forget faster than values, so for the covariance the number is on the safe side.
 */
function drawsOfMoments({ intervalMeans, dimension, draws, covariance }: ChainOutput): number {
  let sum = 0;
  for (let j = 0; j < dimension; j++) {
    const chains = intervalMeans.map((values) =>
      Float64Array.from({ length: draws }, (_, draw) => values[draw * dimension + j]),
    );
    sum += mcseOfMean(chains) ** 2 / covariance.data[j * dimension + j];
  }
  return dimension / sum;
}

export function accuracyAgainst(reference: MeasuredLaw, law: MeasuredLaw): Accuracy {
  const size = reference.covariance.rows;
  let worstMeanError = 0;
  for (let k = 0; k < size; k++) {
    const sd = Math.sqrt(reference.covariance.data[k * size + k]);
    worstMeanError = Math.max(worstMeanError, Math.abs(law.mean[k] - reference.mean[k]) / sd);
  }
  const inverseDraws = 1 / law.effectiveDraws + 1 / reference.effectiveDraws;
  const worst = medianOfLargest(size);
  return {
    kl: klOrNull(law, reference),
    worstSdError: largestSdError(law.covariance, reference.covariance),
    worstMeanError,
    byChance: {
      kl: klByChance(size, law.effectiveDraws, reference.effectiveDraws),
      // The sd of n normal draws has relative error 1/√(2n).
      worstSdError: worst * Math.sqrt(inverseDraws / 2),
      worstMeanError: worst * Math.sqrt(inverseDraws),
    },
  };
}

/** Median of max_k |z_k| over M independent z ~ N(0, 1): Φ⁻¹((1 + 2^(−1/M)) / 2). */
function medianOfLargest(size: number): number {
  return normalQuantile((1 + 0.5 ** (1 / size)) / 2, 0, 1);
}

/** KL(q‖f), null where one of them has a singular covariance. */
export function klOrNull(q: Gaussian, f: Gaussian): number | null {
  try {
    return gaussianKl(q, f);
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return null;
    throw error;
  }
}
