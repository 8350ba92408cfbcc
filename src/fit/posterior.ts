import type { Certificate } from "../diagnostics/certificate/certificate.ts";
import type { PredictOptions } from "../prediction/predict.ts";
import type { ModelRecipe, NamedDraws } from "../prediction/predictive-fit.ts";
import type { HamiltonianStatistics, SamplerSettings } from "../sampling/plan.ts";
import type { Coefficient } from "./coefficients.ts";
import type { LearnedPrior } from "./learn-prior.ts";
import type { DataSummary } from "./load.ts";
import type { NewRows, Prediction } from "./predict.ts";

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
  /** Given, or guessed from the target. */
  readonly family: string;
  /** As it was written; of arrays the one that says the same. */
  readonly formula: string;
  /** What was read. */
  readonly data: DataSummary;
  /** By the name of each categorical factor the level that its coefficients compare with, as in `{ weekday: "Friday" }`. */
  readonly references: Readonly<Record<string, string>>;
  /** What the sampler ran with, and the theorem it follows from. */
  readonly settings: SamplerSettings;
  /** What was learned of the prior; left out where it was given. */
  readonly prior?: LearnedPrior;
  /** In the order of the design's columns; `sigma` last where it is learned. */
  readonly coefficients: readonly Coefficient[];
  /** What the theory predicts, what was measured, and what failed. */
  readonly certificate: Certificate;
  /** Of the data, and of what they leave undetermined: sentences for people. */
  readonly warnings: readonly string[];
  readonly timing: Timing;
  /** Kept draws of every coefficient on the original scale: one array a chain. */
  readonly draws: NamedDraws;
  /** One for each chain of Hamiltonian dynamics; left out for other samplers. */
  readonly hamiltonian?: readonly HamiltonianStatistics[];
  /**
   * The target of each kept row, where it was to be kept: levels by their number in `recipe.target.levels`, numbers in the
   * 32 bits that the fit computes with.
   */
  readonly observed?: Float64Array;
  /** How the columns are made from a table, and what else predicting other rows takes. */
  readonly recipe: ModelRecipe;
  /**
   * Predicts other rows with the fit's own preprocessing. Not enumerable, so that a copy is of data alone: `predict(copy, rows)`
   * predicts from one.
   * @throws InputError as the function `predict`
   */
  predict(rows: NewRows, options?: PredictOptions): Promise<Prediction>;
  /** All of it as plain JSON, the draws by name among it, numbers finite or null; not enumerable. */
  toJSON(): Record<string, unknown>;
}
