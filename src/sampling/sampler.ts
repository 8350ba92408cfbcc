import type {
  DenseApproximation,
  LocalApproximation,
  LowRankApproximation,
} from "../estimation/local-approximation.ts";
import type { Model } from "../models/model.ts";
import type { LowRankPlan, Plan, SamplerSettings } from "./plan.ts";

export const preconditioners = ["scalar", "diagonal", "sqrt-diagonal", "full", "full-exact"] as const;
/** The shape of the matrix that steps are multiplied by. */
export type PreconditionerName = (typeof preconditioners)[number];

/** The assumptions of Mandt, Hoffman & Blei (2017), section 3, that a sampler's law may rest on. */
export type AssumptionId = "A1" | "A2" | "A3" | "A4" | "A5";

/** What a user may set of a sampler's steps; whatever is left out is chosen from the theory. */
export interface Tuning {
  readonly preconditioner?: PreconditionerName;
  /** S */
  readonly batchSize?: number;
  /** ε */
  readonly learningRate?: number;
  /** h of control variates. */
  readonly damping?: number;
  /** μ, in (0, 1]: the share of the velocity that a step forgets. */
  readonly momentum?: number;
  /** m: passes over the data that one window of iterate averaging takes. */
  readonly window?: number;
  /** What iterate averages are given as their covariance: P, or the sandwich A⁻¹CA⁻¹/N, robust to a wrong model. */
  readonly covariance?: CovarianceTarget;
  /** Where C comes from: a pass over all rows at the mode, or the chain's own batches while it runs. */
  readonly noiseEstimate?: NoiseEstimateName;
  /** Whether the rates of Langevin dynamics stay or fall. */
  readonly schedule?: ScheduleName;
  /** h_max of Fisher scoring: where a step would be larger, noise is injected in its place. */
  readonly maxStep?: number;
}

export const covarianceTargets = ["posterior", "sandwich"] as const;
export type CovarianceTarget = (typeof covarianceTargets)[number];
export const noiseEstimates = ["pass", "within-batch", "first-row"] as const;
export type NoiseEstimateName = (typeof noiseEstimates)[number];
export const schedules = ["constant", "decreasing"] as const;
export type ScheduleName = (typeof schedules)[number];

export type TuningName = keyof Tuning;

/** How each piece of tuning is called on the command line. */
export const tuningFlags: Readonly<Record<TuningName, string>> = {
  preconditioner: "--preconditioner",
  batchSize: "--batch-size",
  learningRate: "--learning-rate",
  damping: "--damping",
  momentum: "--momentum",
  window: "--window",
  covariance: "--covariance",
  noiseEstimate: "--noise-estimate",
  schedule: "--schedule",
  maxStep: "--max-step",
};

export interface SamplerOptions extends Tuning {
  /** The largest relative error of a posterior sd that is aimed for. */
  readonly tolerance: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
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

/** What of its tuning a user may set; anything else is refused. */
interface Tunable {
  readonly tuning: readonly TuningName[];
  /** Empty where the sampler has no choice of preconditioner. */
  readonly preconditioners: readonly PreconditionerName[];
}

/** One algorithm. `registry.ts` lists them all. */
export interface Sampler extends Tunable {
  readonly name: string;
  /** One line for the command's help. */
  readonly summary: string;
  /** The assumptions whose failure makes this sampler's prediction wrong. */
  readonly assumes: readonly AssumptionId[];
  /** Whether settings or draws rest on the loss's expansion around its mode, so that there has to be one (`noMode`). */
  readonly expandsAroundMode?: boolean;
  /** Why the sampler cannot be used for a model, null where it can; left out where it always can. */
  unsupportedReason?(model: Model): string | null;
  /** What helps where a check failed, for the settings that were run. */
  remedy?(settings: SamplerSettings): Remedy;
  /** From matrices of all pairs of parameters: chooses the settings and predicts the law of the draws. */
  plan?(local: DenseApproximation, options: SamplerOptions): Promise<Plan>;
  /** The variant for too many parameters for such matrices. */
  readonly lowRank?: LowRankVariant;
}

/** A sampler that takes matrices of all pairs. */
export type DenseSampler = Sampler & Required<Pick<Sampler, "plan">>;

export interface LowRankVariant extends Tunable {
  /** Why it cannot be used for a model, null where it can; left out where it always can. */
  unsupportedReason?(model: Model): string | null;
  /** Whether draws far from the mode, against the sds of the local approximation, have left the posterior. */
  readonly staysNearMode: boolean;
  /** What helps where chains run away with every step; left out, "use --sampler auto, or a tighter --prior". */
  readonly runAwayRemedy?: string;
  plan(local: LowRankApproximation, options: SamplerOptions): Promise<LowRankPlan>;
}

/** What may be set of a sampler where the curvature is held like that, and how sentences call it there. */
export function tunableOf(
  sampler: Sampler,
  { curvature, model }: LocalApproximation,
): Tunable & { readonly name: string } {
  if (curvature === "dense") return sampler;
  const { tuning = [], preconditioners = [] } = sampler.lowRank ?? {};
  return { name: `${sampler.name} with ${model.dimension.toLocaleString("en")} coefficients`, tuning, preconditioners };
}

/** The flags of what was given, of all tuning or of some. */
export function tuningFlagsOf(
  options: Tuning,
  names: readonly TuningName[] = Object.keys(tuningFlags) as TuningName[],
): string[] {
  return names.filter((name) => options[name] !== undefined).map((name) => tuningFlags[name]);
}

/** @throws SamplerOptionError where an option was given that the sampler does not take */
export function refuseForeignTuning(
  sampler: Tunable & { readonly name: string },
  options: Tuning,
  others: readonly Sampler[],
): void {
  for (const name of Object.keys(tuningFlags) as TuningName[]) {
    if (options[name] === undefined || sampler.tuning.includes(name)) continue;
    const takers = others.filter((other) => other.tuning.includes(name)).map((other) => other.name);
    throw new SamplerOptionError(
      `${tuningFlags[name]} does not apply to ${sampler.name}; leave it out, or use --sampler ${takers.join(" or ")}.`,
    );
  }
  const { preconditioner } = options;
  if (preconditioner && !sampler.preconditioners.includes(preconditioner)) {
    throw new SamplerOptionError(
      `${sampler.name} has no ${preconditioner} preconditioner; choose one of ${sampler.preconditioners.join(", ")}.`,
    );
  }
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
