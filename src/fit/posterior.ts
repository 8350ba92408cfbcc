import type { DataSummary } from "../design/data-summary.ts";
import type { Certificate } from "../diagnostics/certificate/certificate.ts";
import type { EffectOptions, Effects } from "../effects/effects.ts";
import type { LogLikelihood } from "../loo/log-likelihood.ts";
import type { Loo, LooOptions } from "../loo/loo.ts";
import type { FitOptions } from "../options/options.ts";
import type { GroupEffects, NamedGroupEffects } from "../prediction/group-effects.ts";
import type { PredictOptions } from "../prediction/predict.ts";
import type { ModelRecipe, NamedDraws } from "../prediction/predictive-fit.ts";
import type { HamiltonianStatistics, SamplerSettings } from "../sampling/plan.ts";
import type { LearnedPrior } from "./input/learn-prior.ts";
import type { NewRows, Prediction } from "./predict.ts";
import type { Coefficient } from "./summary/coefficients.ts";
import type { GroupTermSummary } from "./summary/group-terms.ts";
import type { Carried, UpdateOptions } from "./update/update-types.ts";

/** Seconds each stage took, and the rows read. */
export interface Timing {
  readonly load: number;
  readonly estimate: number;
  readonly sample: number;
  readonly total: number;
  readonly rowsVisited: number;
  /** rowsVisited / N */
  readonly passes: number;
}

/** The result of a fit. */
export interface Posterior {
  /** The family, as given or as chosen from the target. */
  readonly family: string;
  /** The formula as it was written; for arrays, an equivalent one. */
  readonly formula: string;
  /** What was read. */
  readonly data: DataSummary;
  /** The reference level of each categorical factor, by its name, as in `{ weekday: "Friday" }`. */
  readonly references: Readonly<Record<string, string>>;
  /** The options that were given, with which the model can be fitted again. Absent in what earlier versions wrote. */
  readonly options?: FitOptions;
  /** What the sampler ran with, and the theorem it follows from. */
  readonly settings: SamplerSettings;
  /** The prior that was learned; absent if the prior was given. */
  readonly prior?: LearnedPrior;
  /** In the order of the design's columns; `sigma` last, if it is learned. Of multilevel models the fixed effects. */
  readonly coefficients: readonly Coefficient[];
  /** The sds and correlations of the effects of each group term, in the order of the factors; absent if there is none. */
  readonly groups?: readonly GroupTermSummary[];
  /** What the theory predicts, what was measured, and what failed. */
  readonly certificate: Certificate;
  /** Warnings about the data and about what they leave undetermined, as sentences for the user. */
  readonly warnings: readonly string[];
  readonly timing: Timing;
  /** Kept draws of every coefficient, and of groups' sds and correlations such as `sd(Subject)[Days]`, on the original scale: one array per chain. */
  readonly draws: NamedDraws;
  /** Statistics of each chain of Hamiltonian dynamics; absent for other samplers. */
  readonly hamiltonian?: readonly HamiltonianStatistics[];
  /**
   * The target of each kept row, if it was asked for: levels by their number in `recipe.target.levels`, numbers in the
   * 32 bits that the fit computes with.
   */
  readonly observed?: Float64Array;
  /** log p(y_n | θ_s) of each row at each draw, if it was asked for; not in what is read back from a file. */
  readonly logLikelihood?: LogLikelihood;
  /**
   * The effects of every level of each grouping factor: with the option `effects`, or without where that takes little time.
   */
  readonly groupEffects?: readonly NamedGroupEffects[];
  /** What an update needs: the posterior as a law that new rows are added to. Absent of multilevel and of very wide models. */
  readonly carried?: Carried;
  /** How the columns are made from a table, and what else is needed to predict other rows. */
  readonly recipe: ModelRecipe;
  /**
   * Predicts other rows with the fit's own preprocessing. Not enumerable, so that a copy holds only data; `predict(copy,
   * rows)` predicts from a copy.
   * @throws InputError as the function `predict`
   */
  predict(rows: NewRows, options?: PredictOptions): Promise<Prediction>;
  /**
   * Effects of columns: average or conditional predictions, comparisons, slopes, and hypotheses on coefficients; without rows at
   * the means and most frequent levels of the fit's own. Not enumerable; `effects(copy, …)` asks a copy.
   * @throws InputError as the function `effects`
   */
  effects(options?: EffectOptions, rows?: NewRows): Promise<Effects>;
  /**
   * Leave-one-out cross-validation by Pareto-smoothed importance sampling; `rows` are those that the fit was made of. Not enumerable;
   * `loo(copy, …)` asks a copy.
   * @throws InputError as the function `loo`
   */
  loo(rows: NewRows, options?: LooOptions): Promise<Loo>;
  /**
   * The posterior with new rows added, by a few passes over these alone; the rows of the fit are not read again, and are not to be
   * among them. Not enumerable; `update(copy, …)` updates a copy.
   * @throws InputError as the function `update`
   */
  update(rows: NewRows, options?: UpdateOptions): Promise<Posterior>;
  /** Everything as plain JSON, including the draws by name; numbers are finite or null. Not enumerable. */
  toJSON(): Record<string, unknown>;
}

export type PosteriorMethods = Pick<Posterior, "predict" | "effects" | "loo" | "update" | "toJSON">;

/** Everything of a posterior but its methods, the effects without the names of their levels. */
export type PosteriorData = Omit<Posterior, keyof PosteriorMethods | "groupEffects"> & {
  readonly groupEffects?: readonly GroupEffects[];
};
