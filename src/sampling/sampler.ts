import type { LocalApproximation } from "../estimation/local-approximation.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import type { TakenTuning } from "../options/foreign-options.ts";
import { noTuning, type ReportedTuning, type Tuning } from "../options/tuning.ts";

/** The assumptions of Mandt, Hoffman & Blei (2017), section 3, that a sampler's law may rest on. */
export type AssumptionId = "A1" | "A2" | "A3" | "A4" | "A5";

export interface SamplerOptions extends Tuning {
  /** The largest relative error of a posterior sd that is aimed for. */
  readonly tolerance: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
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
): { settings: SamplerSettings; prediction: Omit<Prediction, "covariance"> } {
  return {
    settings: { sampler, ...noTuning, burnInSteps: 0, stepsPerDraw: 1, chains, draws, seed, because },
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
  /** Predicted largest relative error of an sd against `target`. */
  readonly maxSdError: number;
  /** The covariance that the draws are meant to have; left out, the posterior's, P. */
  readonly target?: Matrix;
  /** Where a draw is an average of iterates. */
  readonly averages?: {
    /** Covariance of the iterates, M×M. */
    readonly iterates: Matrix;
    /** Rows that the iterates of one draw visit. */
    readonly rows: number;
    /** Largest error of a mean, in posterior sds, that the loss makes by not being quadratic over the iterates' region. */
    readonly meanError: number;
  };
  /** What pilot runs say of the exact posterior, for samplers whose law is not the quadratic one. */
  readonly limit?: {
    readonly error: number;
    readonly meanError: number;
    readonly sd: Float64Array;
    readonly sdError: Float64Array;
  };
  /** The draws are centred at the mode, whatever the shape of the posterior. */
  readonly isCentred?: boolean;
  /** The draws come from the posterior itself. */
  readonly isExact?: boolean;
  /** `covariance` is the Laplace posterior's, shown for comparison: the theory says nothing of these draws' covariance. */
  readonly isComparison?: boolean;
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
  /** One array a chain, steps × M: every step that was counted, where they are kept and more than the draws. */
  readonly steps?: readonly Float64Array[];
  /** One array a chain, positions × M: those between the draws too, where some were kept. */
  readonly trace?: readonly Float64Array[];
  /** Mean and covariance are integrals, not averages over draws: they have no Monte Carlo error. */
  readonly isIntegrated?: boolean;
  /** One for each chain of Hamiltonian dynamics. */
  readonly hamiltonian?: readonly HamiltonianStatistics[];
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

/** A sampler that has chosen its settings for one problem. */
export interface Plan {
  readonly settings: SamplerSettings;
  readonly prediction: Prediction;
  /** Sentences that the user should read beside the settings. */
  readonly notes: readonly string[];
  /** Runs the chains. */
  sample(): Promise<ChainOutput>;
}

/** What a user can do where a check of the certificate failed: the ends of sentences, such as "use --sampler auto". */
export interface Remedy {
  /** Too few effective draws; left out, "run more --draws". */
  readonly fewDraws?: string;
  /** The settings make posterior sds wrong by more than the tolerance; left out, "use --sampler auto". */
  readonly accuracy?: string;
  /** The measured sds are not the predicted ones; left out, "use --sampler auto". */
  readonly prediction?: string;
}

/** One algorithm. `registry.ts` lists them all. */
export interface Sampler extends TakenTuning {
  /** One line for the command's help. */
  readonly summary: string;
  /** The assumptions whose failure makes this sampler's prediction wrong. */
  readonly assumes: readonly AssumptionId[];
  /** Whether settings or draws rest on the loss's expansion around its mode, so that there has to be one (`Problem.noMode`). */
  readonly expandsAroundMode?: boolean;
  /** Why the sampler cannot be used for a model, null where it can; left out where it always can. */
  unsupportedReason?(model: Model): string | null;
  /** What helps where a check failed, for the settings that were run. */
  remedy?(settings: SamplerSettings): Remedy;
  /** Chooses the settings and predicts the law of the draws. */
  plan(local: LocalApproximation, options: SamplerOptions): Promise<Plan>;
}

/** No step of a sampler keeps its chains near the mode, whatever its settings. */
export class NoStableStepError extends Error {
  override name = "NoStableStepError";
  constructor() {
    super(
      "No step of control-variate is stable: over the range of the normal approximation the loss is nothing like quadratic, as where a rare indicator never occurs with some value of the target and the prior alone bounds its coefficient; leave such columns out or merge them, use a tighter --prior, or --sampler laplace for the approximation itself.",
    );
  }
}

/** Options that cannot be used; the message is one sentence for the user. */
export class SamplerOptionError extends Error {
  override name = "SamplerOptionError";
}
