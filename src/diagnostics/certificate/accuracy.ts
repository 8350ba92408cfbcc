import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import { type EffectiveDraws, type Gaussian, gaussianKl, klByChance, largestSdError } from "../../theory/divergence.ts";
import { effectiveSampleSize, mcseOfMean } from "../statistics/effective-sample-size.ts";

/** Mean and covariance as a sampler found them. */
export interface MeasuredLaw extends Gaussian {
  /** Averaged harmonically over the parameters. */
  readonly effectiveDraws: EffectiveDraws;
}

/**
 * How far a law is from that of the independent posterior, each distance beside what chance alone makes of it if there
 * is no difference.
 */
export interface Accuracy {
  /**
   * KL to the independent posterior, nats; null where the law has a singular covariance (fewer distinct draws than
   * parameters).
   */
  readonly kl: number | null;
  /** max_k |sd_k / reference sd_k − 1| */
  readonly worstSdError: number;
  /** max_k |mean_k − reference mean_k| / reference sd_k */
  readonly worstMeanError: number;
  readonly byChance: { readonly kl: number; readonly worstSdError: number; readonly worstMeanError: number };
}

/** What a run measured about its law. */
export function measuredLaw(output: ChainOutput): MeasuredLaw {
  const { mean, covariance, isIntegrated } = output;
  const none = { mean: Number.POSITIVE_INFINITY, covariance: Number.POSITIVE_INFINITY };
  return { mean, covariance, effectiveDraws: isIntegrated ? none : effectiveDraws(output) };
}

/**
 * Effective draws behind the mean: n_j = variance_j / mcse_j², where mcse_j is the Monte Carlo error of the average over
 * every step that was counted. Behind the covariance: the effective number of squares among the kept draws, times the
 * factor that counting every step gains for the mean. (Squares may decorrelate more slowly than values, as in Hamiltonian
 * dynamics.)
 */
function effectiveDraws(output: ChainOutput): EffectiveDraws {
  const { dimension } = output;
  let forMean = 0;
  let forCovariance = 0;
  for (let j = 0; j < dimension; j++) {
    const { mean, covariance } = effectiveDrawsOf(output, j);
    forMean += 1 / mean;
    forCovariance += 1 / covariance;
  }
  return { mean: dimension / forMean, covariance: dimension / forCovariance };
}

/** The same of parameter j alone. */
export function effectiveDrawsOf(output: ChainOutput, j: number): EffectiveDraws {
  const { positions, intervalMeans, dimension, covariance } = output;
  const kept = parameterOf(positions, j, dimension);
  const squares = kept.map((chain) => chain.map((value) => (value - output.mean[j]) ** 2));
  const mean = covariance.data[j * dimension + j] / mcseOfMean(parameterOf(intervalMeans, j, dimension)) ** 2;
  return { mean, covariance: (mean * effectiveSampleSize(squares)) / effectiveSampleSize(kept) };
}

/** Values of parameter j, one array a chain. */
function parameterOf(chains: readonly Float64Array[], j: number, dimension: number): Float64Array[] {
  return chains.map((values) =>
    Float64Array.from({ length: values.length / dimension }, (_, draw) => values[draw * dimension + j]),
  );
}

export function accuracyAgainst(reference: MeasuredLaw, law: MeasuredLaw): Accuracy {
  const size = reference.covariance.rows;
  let worstMeanError = 0;
  for (let k = 0; k < size; k++) {
    const sd = Math.sqrt(reference.covariance.data[k * size + k]);
    worstMeanError = Math.max(worstMeanError, Math.abs(law.mean[k] - reference.mean[k]) / sd);
  }
  const [ours, theirs] = [law.effectiveDraws, reference.effectiveDraws];
  const worst = medianOfLargest(size);
  return {
    kl: klOrNull(law, reference),
    worstSdError: largestSdError(law.covariance, reference.covariance),
    worstMeanError,
    byChance: {
      kl: klByChance(size, ours, theirs),
      // The sd of n normal draws has relative error 1/√(2n).
      worstSdError: worst * Math.sqrt((1 / ours.covariance + 1 / theirs.covariance) / 2),
      worstMeanError: worst * Math.sqrt(1 / ours.mean + 1 / theirs.mean),
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
