import type { Gradient } from "../../../kernels/layout.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";

/** A matrix of the update, stored no wider than it has to be. */
export type StepMatrix =
  | { readonly kind: "none" }
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "diagonal"; readonly values: Float64Array }
  | { readonly kind: "dense"; readonly matrix: Matrix };

/** What chains are to estimate of C from their own batches, as in kernels/layout.ts. */
interface NoiseEstimateSpec {
  readonly kind: "first-row" | "within-batch";
  /** Every so many steps a batch is looked at. */
  readonly every: number;
  readonly shape: "diagonal" | "dense";
}

/** One chain's update, θ ← θ − pull (θ − θ̂) − H ĝ + R z with z ~ N(0, I), and how often it is looked at. */
export interface ChainSpec {
  readonly model: Model;
  readonly gradient: Gradient;
  /** S; 0 where ĝ needs no rows. */
  readonly batchSize: number;
  readonly pull: number;
  /** H */
  readonly step: StepMatrix;
  /** R, lower triangular where it is dense. */
  readonly noise: StepMatrix;
  /** Each step adds ½ R (z_t + z_{t+1}) in place of R z_t; not together with a velocity or a falling rate. */
  readonly averagesNoise?: boolean;
  /** Rows follow one another in place of being drawn. */
  readonly isSequential?: boolean;
  /**
   * Lower triangular factor of the covariance around θ̂ from which the chains start; 2M×2M, of θ and the velocity together,
   * where there is one. Not read where `from` is given.
   */
  readonly start?: Matrix;
  /** v ← keep v + what θ gets without it, θ ← θ + v. */
  readonly velocity?: { readonly keep: number };
  /** Step t = 0, 1, … (burn-in included) is s = ((offset + t)/offset)^(−exponent) as long, and averages weigh it by s. */
  readonly rate?: { readonly offset: number; readonly exponent: number };
  /** Steps after the burn-in at which each of the draws is made, in place of every `stepsPerDraw`. */
  readonly intervalEnds?: Uint32Array;
  readonly noiseEstimate?: NoiseEstimateSpec;
  /** Where the chains start instead, one position each, such as where others ended. */
  readonly from?: readonly Float64Array[];
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  /** Second moments take every `momentEvery`-th step; it divides `stepsPerDraw`. */
  readonly momentEvery: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** Chains are numbered from here on, so that runs of the same seed can have random streams of their own; 0 unless told. */
  readonly firstChain?: number;
  /** Whether second moments over the steps are kept, M×M; true where left out. The result's covariance is 0×0 without. */
  readonly keepMoments?: boolean;
  /** What H and R have beside a diagonal. */
  readonly lowRank?: LowRankStep;
  /** Of very many parameters: one kind of output is kept, and leaves the engine's memory as it is made (wide-chains.ts). */
  readonly drawBuffer?: DrawBuffer;
  /** Also run the quadratic twin (kernels/layout.ts) and return its differences. */
  readonly coupled?: boolean;
}

/** Directions V: H has step V Vᵀ in it, and R z has noise V ζ, ζ ~ N(0, I). */
export interface LowRankStep {
  /** Address of rank × M f64. */
  readonly directions: number;
  readonly rank: number;
  readonly step: number;
  readonly noise: number;
}

interface DrawBuffer {
  readonly keeps: "draws" | "means";
  /** Draws, or interval means, for which there is room in memory at once. */
  readonly capacity: number;
}

/** What chains need of a problem: θ̂ and where to run. */
export type Start = Pick<DenseApproximation, "mode" | "workspace">;
