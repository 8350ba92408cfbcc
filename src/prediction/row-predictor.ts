import type { Xoshiro } from "../rng/xoshiro.ts";
import type { PredictiveCheck } from "./predictive-checks.ts";
import type { ClassScores, NumberScores } from "./scores.ts";

/** Predictions of rows, by name: numbers (NaN if a value of the row is missing), or texts (null in that case). */
export type PredictionColumns = Readonly<Record<string, Float64Array | (string | null)[]>>;

/** Writes a value of a row; the column is one of its kind. */
export function setCell(columns: PredictionColumns, name: string, row: number, value: number | string): void {
  (columns[name] as (number | string)[] | Float64Array)[row] = value;
}

/** Scores, calibration and posterior predictive checks of the rows whose target is known. */
export type PredictionScores = (NumberScores | ClassScores) & { readonly checks: readonly PredictiveCheck[] };

/** Settings of a family's predictions. */
export interface RowOptions {
  /** Probability of the intervals. */
  readonly interval: number;
  /** Number of predictive draws in the result. */
  readonly draws: number;
  readonly random: Xoshiro;
  /**
   * Breaks ties between discrete targets and their draws; a stream of its own, so that predictions do not depend on
   * targets.
   */
  readonly tieRandom: Xoshiro;
}

/** Makes a family's predictions of rows from their linear predictors at S draws of the posterior. */
export interface RowPredictor {
  /** Makes columns for the predictions of a chunk's rows, all of them missing at first. */
  createColumns(numRows: number): PredictionColumns;
  /**
   * Writes the predictions of a row.
   * @param predictors P × S; overwritten
   * @param target NaN where it is not known
   * @param trials how many trials the target is of; NaN where that is not known, or it is of none
   */
  writeRow(columns: PredictionColumns, index: number, predictors: Float64Array, target: number, trials: number): void;
  /** Of the rows so far; nothing where no target was known. */
  scores(): PredictionScores | undefined;
}
