import type { Problem } from "../estimation/problem.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";

export const preconditioners = ["scalar", "diagonal", "sqrt-diagonal", "full", "full-exact"] as const;
export type PreconditionerName = (typeof preconditioners)[number];

/** The assumptions of Mandt, Hoffman & Blei (2017), section 3, that a sampler's law may rest on. */
export type AssumptionId = "A1" | "A2" | "A3" | "A4" | "A5";

/** What a user may set; whatever is left out is chosen from the theory. */
export interface SamplerOptions {
  readonly preconditioner?: PreconditionerName;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly damping?: number;
  /** The largest relative error of a posterior sd that is aimed for. */
  readonly tolerance: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
}

/** The settings of a run, as they are reported. */
export interface SamplerSettings {
  readonly sampler: string;
  readonly preconditioner: PreconditionerName | null;
  readonly batchSize: number | null;
  readonly learningRate: number | null;
  readonly damping: number | null;
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** The theorem that the settings follow from. */
  readonly because: string;
}

/** Settings of a sampler whose draws are independent, so that nothing is iterated. */
export function independentDraws(
  sampler: string,
  because: string,
  { chains, draws, seed }: SamplerOptions,
): { settings: SamplerSettings; prediction: Omit<Prediction, "covariance"> } {
  const unused = { preconditioner: null, batchSize: null, learningRate: null, damping: null };
  return {
    settings: { sampler, ...unused, burnInSteps: 0, stepsPerDraw: 1, chains, draws, seed, because },
    prediction: {
      maxSdError: 0,
      meanSquareStable: true,
      largestStableScale: null,
      largestContraction: null,
      autocorrelationTime: 1,
    },
  };
}

/** What the theory says of the draws before they are made. */
interface Prediction {
  /** Covariance of the draws around the mode, M×M, for a quadratic loss. */
  readonly covariance: Matrix;
  /** Predicted largest relative error of a posterior sd. */
  readonly maxSdError: number;
  /** What pilot runs say of the exact posterior, for samplers whose law is not the quadratic one. */
  readonly limit?: { readonly error: number; readonly meanError: number; readonly sd: Float64Array };
  /** The draws come from the posterior itself, whose covariance is `covariance`. */
  readonly isExact?: boolean;
  readonly meanSquareStable: boolean;
  /** The settings' step may be scaled by this much and stay mean-square stable; null where nothing is iterated. */
  readonly largestStableScale: number | null;
  /** ρ(HA), the largest contraction rate; null where nothing is iterated. */
  readonly largestContraction: number | null;
  /** Slowest direction's integrated autocorrelation time in steps; 1 for independent draws. */
  readonly autocorrelationTime: number;
}

/** Draws of all chains on the standardised scale. */
export interface ChainOutput {
  readonly chains: number;
  readonly draws: number;
  /** M */
  readonly dimension: number;
  /** One array a chain, draws × M row-major: θ at the end of each interval. */
  readonly positions: readonly Float64Array[];
  /** One array a chain, draws × M: mean of θ over each interval. */
  readonly intervalMeans: readonly Float64Array[];
  /** M: mean over every step that was counted, of all chains. */
  readonly mean: Float64Array;
  /** M×M: covariance over every step that was counted, of all chains. */
  readonly covariance: Matrix;
}

/** A sampler that has chosen its settings for one problem. */
export interface Plan {
  readonly settings: SamplerSettings;
  readonly prediction: Prediction;
  /** Sentences that the user should read beside the settings. */
  readonly notes: readonly string[];
  /** Runs the chains. */
  sample(): Promise<ChainOutput>;
}

/** One algorithm. `registry.ts` lists them all. */
export interface Sampler {
  readonly name: string;
  /** One line for the command's help. */
  readonly summary: string;
  /** The assumptions whose failure makes this sampler's prediction wrong. */
  readonly assumes: readonly AssumptionId[];
  /** Empty where the sampler has no choice of preconditioner. */
  readonly preconditioners: readonly PreconditionerName[];
  /** Why the sampler cannot be used for a model, null where it can; left out where it always can. */
  unsuited?(model: Model): string | null;
  /** Chooses the settings and predicts the law of the draws. */
  plan(problem: Problem, options: SamplerOptions): Promise<Plan>;
}

/** Options that cannot be used; the message is one sentence for the user. */
export class SamplerOptionError extends Error {
  override name = "SamplerOptionError";
}
