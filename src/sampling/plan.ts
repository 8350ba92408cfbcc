import type { Matrix } from "../linalg/matrix.ts";
import { noTuning, type ReportedTuning, type Tuning } from "../options/tuning.ts";

/** What may be set of a run. */
export interface SamplerOptions extends Tuning {
  /** The largest relative error of a posterior sd that is aimed for. */
  readonly tolerance: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** Whether steps of the user's own are planned though no draw would be independent of the start, for the law that they would have. */
  readonly plansShortSteps?: boolean;
}

/** The settings of a run, as they are reported; null where a sampler has no such setting. */
export interface SamplerSettings extends ReportedTuning {
  readonly sampler: string;
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  readonly chains: number;
  /** Draws a chain. */
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
): { settings: SamplerSettings; prediction: StepPrediction } {
  return {
    settings: { sampler, ...noTuning, burnInSteps: 0, stepsPerDraw: 1, chains, draws, seed, because },
    prediction: {
      maxSdError: 0,
      largestStableScale: null,
      largestContraction: null,
      autocorrelationTime: 1,
    },
  };
}

/** What the theory says of the steps of a run. */
interface StepPrediction {
  /** Predicted largest relative error of an sd against the law that the draws are meant to have. */
  readonly maxSdError: number;
  /** The settings' step may be scaled by this much and stay mean-square stable; null where nothing is iterated. */
  readonly largestStableScale: number | null;
  /** ρ(HA), the largest contraction rate; null where nothing is iterated. */
  readonly largestContraction: number | null;
  /** Slowest direction's integrated autocorrelation time in steps; 1 for independent draws. */
  readonly autocorrelationTime: number;
}

/** What the theory says of the draws before they are made: their law, and its covariance around the mode, M×M. */
export type Prediction = StepPrediction & { readonly covariance: Matrix } & PredictedLaw;

type PredictedLaw =
  /** Normal with that covariance, for a quadratic loss. */
  | { readonly law: "normal" }
  /** Normal and centred at the mode, whatever the shape of the posterior. */
  | { readonly law: "laplace" }
  /** A draw is an average of iterates. */
  | {
      readonly law: "averages";
      /** Covariance of the iterates, M×M. */
      readonly iterates: Matrix;
      /** Rows that the iterates of one draw visit. */
      readonly rows: number;
      /** Largest error of a mean, in posterior sds, that the loss makes by not being quadratic over the iterates' region. */
      readonly meanError: number;
      /** The covariance that the draws are meant to have; left out, the posterior's, P. */
      readonly target?: Matrix;
    }
  /** The exact posterior, as far as pilot runs of two steps lead to it; the covariance is that of a quadratic loss. */
  | { readonly law: "extrapolated"; readonly extrapolation: StepLimit }
  /** The posterior itself. Unless the covariance is known, that of the Laplace approximation stands there for comparison. */
  | { readonly law: "posterior"; readonly isKnown: boolean };

/** What pilot runs say of the law as the step goes to 0. */
export interface StepLimit {
  /** Estimated largest relative error of an sd at the damping chosen, Monte Carlo error of the estimate included. */
  readonly error: number;
  /** Estimated largest error of a mean, in posterior sds. */
  readonly meanError: number;
  /** M: sds extrapolated to h = 0, and their Monte Carlo errors. */
  readonly sd: Float64Array;
  readonly sdError: Float64Array;
}

/** Whether the draws have the posterior's shape where that is not normal. */
export function followsShape({ law }: Prediction): boolean {
  return law === "extrapolated" || law === "posterior";
}

/** The same where no covariance is held. */
export type LowRankPrediction = { readonly largestStableScale: number } & (
  | {
      readonly law: "halved step";
      /** What halving the step changes of an sd, relatively; null where the loss is quadratic and nothing is left to change. */
      readonly sdChange: number | null;
    }
  /** @param windowError by how much windows of this length leave sds too small, relatively */
  | { readonly law: "averages"; readonly windowError: number }
  | { readonly law: "unknown" }
);

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
  /** One array a chain, steps × M: every step that was counted, where they are kept and more than the draws. */
  readonly steps?: readonly Float64Array[];
  /** One array a chain, positions × M: those between the draws too, where some were kept. */
  readonly trace?: readonly Float64Array[];
  /** The posterior's scores at every step of `steps`, or at the draws where these are all there is. */
  readonly scores?: Scores;
  /** Mean and covariance are integrals, not averages over draws: they have no Monte Carlo error. */
  readonly isIntegrated?: boolean;
  /** One for each chain of Hamiltonian dynamics. */
  readonly hamiltonian?: readonly HamiltonianStatistics[];
}

/** Gradients of the loss along chains, by a matrix: what controls expectations (theory/score-controls.ts). */
export interface Scores {
  /** One array a chain, steps × M: P ∇U(θ). */
  readonly along: readonly Float64Array[];
  /** P, M×M. */
  readonly covariance: Matrix;
}

/** What a chain of Hamiltonian dynamics tells of itself, the arrays one entry a draw. */
export interface HamiltonianStatistics {
  /** H at the draw. */
  readonly energy: Float64Array;
  /** Mean acceptance along the trajectory. */
  readonly acceptance: Float64Array;
  /** How often the trajectory was doubled. */
  readonly treeDepth: Uint8Array;
  /** 1 where the trajectory left the flow it should follow. */
  readonly diverging: Uint8Array;
  /** The depth at which trajectories are cut off. */
  readonly largestTreeDepth: number;
  /** ε, from the end of the warm-up on. */
  readonly stepSize: number;
  /** Evaluations of the gradient before the draws, and for them. */
  readonly warmUpGradients: number;
  readonly gradients: number;
}

/** Draws of very many parameters, in single precision: with 100,000 of them a thousand draws are 400 MB even so. */
export interface StreamedOutput {
  /** One array a chain, draws × M row-major. */
  readonly positions: readonly Float32Array[];
}

/** Settings that were chosen for one model, and the run with them. */
interface PlanOf<P, Output> {
  readonly settings: SamplerSettings;
  readonly prediction: P;
  /** Sentences that the user should read beside the settings. */
  readonly notes: readonly string[];
  /** Runs the chains. */
  sample(): Promise<Output>;
}

export type Plan = PlanOf<Prediction, ChainOutput>;
export type LowRankPlan = PlanOf<LowRankPrediction, StreamedOutput>;
