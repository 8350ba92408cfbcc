import type { Matrix } from "../../linalg/matrix.ts";
import type { GradientKind, NoiseEstimateKind } from "./words.ts";

/** A matrix of the update, stored no wider than it has to be. */
export type StepMatrix =
  | { readonly kind: "none" }
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "diagonal"; readonly values: Float64Array }
  | { readonly kind: "dense"; readonly matrix: Matrix };

/** Step t = 0, 1, … (burn-in included) is s = ((offset + t)/offset)^(−exponent) as long, and averages weigh it by s. */
export interface FallingRateRecord {
  readonly offset: number;
  readonly exponent: number;
}

/** θ moves by its own step alone. */
export type MotionWithoutVelocity = {
  readonly velocity?: undefined;
  /** Also run the coupled chain (kernels/layout/chain.ts) and keep its differences. */
  readonly coupled?: boolean;
} & (
  | { readonly rate?: FallingRateRecord; readonly averagesNoise?: false }
  | {
      readonly rate?: undefined;
      /** Each step adds ½ R (z_t + z_{t+1}) in place of R z_t. */
      readonly averagesNoise?: boolean;
    }
);

/** v ← keep v + what θ gets without it, θ ← θ + v. */
interface MotionWithVelocity<Velocity> {
  readonly velocity?: Velocity;
  readonly rate?: FallingRateRecord;
  readonly averagesNoise?: false;
  readonly coupled?: false;
}

/** How a step moves θ; what the kernel does not combine has no common type. */
export type Motion<Velocity> = MotionWithoutVelocity | MotionWithVelocity<Velocity>;

/** What chains are to estimate of C from their own batches (kernels/layout/chain.ts, NoiseEstimate). */
export interface NoiseEstimateSpec {
  readonly kind: NoiseEstimateKind;
  /** Every so many steps a batch is looked at. */
  readonly every: number;
  readonly shape: "diagonal" | "dense";
}

/** C is estimated from gradients, and not from residuals. */
export type ChainGradient =
  | { readonly gradient: GradientKind; readonly noiseEstimate?: undefined }
  | { readonly gradient: "minibatch"; readonly noiseEstimate?: NoiseEstimateSpec };

/** Directions V: H has step V Vᵀ in it, and R z has noise V ζ, ζ ~ N(0, I). */
export interface LowRankStep {
  /** Address of rank × M f64. */
  readonly directions: number;
  readonly rank: number;
  readonly step: number;
  readonly noise: number;
}
