import type {
  DenseApproximation,
  LocalApproximation,
  LowRankApproximation,
} from "../estimation/local-approximation.ts";
import type { Model } from "../models/model.ts";
import type { TakenTuning } from "../options/foreign-options.ts";
import type { LowRankPlan, Plan, SamplerOptions, SamplerSettings } from "./plan.ts";

/** The assumptions of Mandt, Hoffman & Blei (2017), section 3, that a sampler's law may rest on. */
export type AssumptionId = "A1" | "A2" | "A3" | "A4" | "A5";

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
  readonly name: string;
  /** One line for the command's help. */
  readonly summary: string;
  /** The assumptions whose failure makes this sampler's prediction wrong. */
  readonly assumes: readonly AssumptionId[];
  /** Whether settings or draws rest on the loss's expansion around its mode, so that there has to be one (`noMode`). */
  readonly expandsAroundMode?: boolean;
  /** Whether it is the one that models with crossed factors take, and for no others: without a plan, by src/crossed. */
  readonly forCrossedFactors?: true;
  /** Whether it is for rows on disk too, as its steps read none of them. */
  readonly readsBlocks?: true;
  /** Whether its law is the posterior's whatever the noise of single rows, so that rows that agree may stand once. */
  readonly readsCells?: true;
  /** Whether it takes models of which other rows are a law of all parameters together (`CarriedLaw`): its kernels need no priors. */
  readonly takesCarried?: true;
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

export interface LowRankVariant extends Omit<TakenTuning, "name"> {
  /** Why it cannot be used for a model, null where it can; left out where it always can. */
  unsupportedReason?(model: Model): string | null;
  /** @throws SamplerOptionError where a value that was given cannot be had here, as others of the option can */
  requireTuning?(model: Model, options: SamplerOptions): void;
  /** Whether draws far from the mode, against the sds of the local approximation, have left the posterior. */
  readonly staysNearMode: boolean;
  /** What helps where chains run away with every step; left out, "use --sampler auto, or a tighter --prior". */
  readonly runAwayRemedy?: string;
  plan(local: LowRankApproximation, options: SamplerOptions): Promise<LowRankPlan>;
}

/**
 * What may be set of a sampler where the curvature is held like that.
 * @param title how sentences call it, unless by its name
 */
export function tunableOf(
  sampler: Sampler,
  { curvature, model }: Pick<LocalApproximation, "curvature" | "model">,
  title = sampler.name,
): TakenTuning {
  if (curvature === "dense") return sampler;
  const { tuning = [], preconditioners = [] } = sampler.lowRank ?? {};
  return { name: `${title} with ${model.dimension.toLocaleString("en")} coefficients`, tuning, preconditioners };
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
