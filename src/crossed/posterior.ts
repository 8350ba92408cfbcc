import type { VarianceLayout } from "./variances.ts";

export interface CrossedSettings {
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: string, share: number) => void;
}

/** Posterior mean and sd of every level's effects: effect c of level j at j q + c. */
export interface EffectMoments {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

export interface CrossedPosterior {
  readonly layout: VarianceLayout;
  /** By chain: draws × (D + the variance parameters), row-major, as β and then θ in the layout's order. */
  readonly draws: readonly Float64Array[];
  /** By factor of the model. */
  readonly effects: readonly EffectMoments[];
  readonly error: CrossedError;
}

/** The variance parameters' log density is interpolated between exact values: how far off it was at fresh draws. */
export interface InterpolationError {
  readonly kind: "interpolated";
  readonly rms: number;
  readonly largest: number;
  readonly checks: number;
  /** Points at which it was computed. */
  readonly points: number;
}

/** Draws of a chain that has the posterior as its law: what is off is the Monte Carlo error that the draws' summary tells. */
export interface SampledError {
  readonly kind: "sampled";
  /** Mean acceptance of trajectories, gradients over all rows that a draw took, and the step in radians. */
  readonly acceptance: number;
  readonly gradientsPerDraw: number;
  readonly step: number;
}

export type CrossedError = InterpolationError | SampledError;
