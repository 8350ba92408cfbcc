import type {
  ChainGradient,
  LowRankStep,
  Motion,
  MotionWithoutVelocity,
  StepMatrix,
} from "../../engine/bindings/chain-types.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";

export type { LowRankStep, StepMatrix };

/** One chain's update, θ ← θ − pull (θ − θ̂) − H ĝ + R z with z ~ N(0, I), and how often it is looked at. */
interface ChainSpecBase {
  readonly model: Model;
  /** S; 0 where ĝ needs no rows. */
  readonly batchSize: number;
  readonly pull: number;
  /** H */
  readonly step: StepMatrix;
  /** R, lower triangular where it is dense. */
  readonly noise: StepMatrix;
  /** Rows follow one another in place of being drawn. */
  readonly isSequential?: boolean;
  /**
   * Lower triangular factor of the covariance around θ̂ from which the chains start; 2M×2M, of θ and the velocity together,
   * where there is one. Not read where `from` is given.
   */
  readonly start?: Matrix;
  /** Steps after the burn-in at which each of the draws is made, in place of every `stepsPerDraw`. */
  readonly intervalEnds?: Uint32Array;
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
}

/** What chains run by; combinations that the kernel does not know have no type. */
export type ChainSpec = ChainSpecBase & ChainGradient & Motion<{ readonly keep: number }>;

/** Chains without a velocity, which may be coupled with their quadratic counterparts. */
export type SpecWithoutVelocity = ChainSpecBase & ChainGradient & MotionWithoutVelocity;

/** Of very many parameters one kind of output is kept, and leaves the memory as it is made (wide-chains.ts). */
export interface DrawBuffer {
  readonly keeps: "draws" | "means";
  /** Draws, or interval means, for which there is room in memory at once. */
  readonly capacity: number;
}

/** What chains need of a problem: θ̂ and where to run. */
export type Start = Pick<DenseApproximation, "mode" | "workspace">;
