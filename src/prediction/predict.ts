import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { type EncodedRows, RowEncoder } from "../design/recipe/encode-rows.ts";
import { progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { requireArray, requireFunction, requireObject, requireText } from "../kinds.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import { categoricalRows, eventRows } from "./class-rows.ts";
import { noiseByLevel } from "./effect-noise.ts";
import { numberRows } from "./number-rows.ts";
import { type PredictOptions, requireDraws, settleOptions } from "./predict-options.ts";
import { warningsOf } from "./prediction-warnings.ts";
import { type ModelRecipe, type PredictiveFit, requireFit } from "./predictive-fit.ts";
import { Predictors } from "./predictors.ts";
import type { PredictionColumns, PredictionScores, RowOptions, RowPredictor } from "./row-predictor.ts";
import { tellRows, whilePreparing } from "./telling-rows.ts";
import { trialRows } from "./trial-rows.ts";

export type { PredictOptions } from "./predict-options.ts";

/** A summary of the predictions of all rows. */
export interface PredictionSummary {
  /** Number of rows, including those without a prediction. */
  readonly rows: number;
  /** Rows without a prediction, because a value is missing. */
  readonly missingRows: number;
  /** Scores of the rows whose target is known. */
  readonly scores?: PredictionScores;
  /** Warnings, as sentences for the user. */
  readonly warnings: readonly string[];
}

/** Predictions chunk by chunk, in the order of the rows. */
export interface PredictionStream {
  chunks(): AsyncGenerator<{ readonly numRows: number; readonly columns: PredictionColumns }>;
  /** The summary of the chunks so far. */
  summary(): PredictionSummary;
}

/**
 * Predicts the rows of a table, a few thousand at a time, and holds the predictions of one chunk only.
 *
 * @param part which of the parts of a larger table it is, whose predictive draws are independent
 * @throws InputError where the table, an option or (when chunks are read) a value cannot be used
 */
export function predictStream(
  fit: PredictiveFit,
  source: TableSource,
  options: PredictOptions = {},
  part = 0,
): PredictionStream {
  requireFit(fit);
  requireTable(source);
  const { interval, draws, posteriorDraws, seed, groups } = settleOptions(options);
  const { recipe } = fit;
  if (recipe.version !== recipeVersion)
    throw new InputError("The fit's description of its columns is of another version of ornstein; fit again.");
  const onProgress = progressReporter(options.onProgress);
  if (!recipe.groups && options.groups !== undefined)
    throw new InputError(
      "The option groups is for fits with group terms such as (1 | g), and this one has none: leave --groups out.",
    );
  const posterior = new Predictors(fit, posteriorDraws, { choice: groups, noise: noiseByLevel(seed) });
  const { numDraws } = posterior;
  requireDraws(draws, numDraws);
  const encoder = new RowEncoder(recipe, source, { ...options, readGroups: groups === "known" });
  const random = { random: createRandom(seed, part, 13), tieRandom: createRandom(seed, part, 14) };
  const { hasTrials } = encoder;
  if (recipe.target.kind === "trials") requireTrialsForDraws(draws, hasTrials, recipe.target.name);
  const predictor = rowPredictor(recipe, posterior, { interval, draws, ...random, hasTrials });
  const predictors = new Float64Array(posterior.numPredictors * numDraws);
  /** The number in the data of the chunk's first row. */
  let firstRow = 1;

  function predictChunk(rows: EncodedRows) {
    const columns = predictor.createColumns(rows.numRows);
    for (let i = 0; i < rows.indices.length; i++) {
      posterior.predictInto(predictors, rows, i);
      requireComputable(predictors, firstRow + rows.indices[i]);
      predictor.writeRow(columns, rows.indices[i], predictors, at(rows.target, i), at(rows.trials, i));
    }
    firstRow += rows.numRows;
    return { numRows: rows.numRows, columns };
  }

  async function* chunks() {
    const rows = encoder.encode();
    for (;;) {
      const next = await whilePreparing(source, encoder.rowsRead === 0 ? onProgress : undefined, () => rows.next());
      if (next.done) break;
      yield predictChunk(next.value);
      tellRows(onProgress, "predicting", source, encoder.rowsRead);
    }
    onProgress?.finish();
    if (encoder.rowsRead === 0)
      throw new InputError(`There are no rows in ${source.label ?? "the data"}; check the file or the query.`);
  }

  function summary(): PredictionSummary {
    const scores = predictor.scores();
    return {
      rows: encoder.rowsRead,
      missingRows: encoder.missingRows,
      ...(scores && { scores }),
      warnings: warningsOf(encoder, recipe, posterior.newLevels),
    };
  }
  return { chunks, summary };
}

/** @throws InputError where a value is no table */
function requireTable(source: TableSource): void {
  const maker = "tableFromColumns, tableFromRows or openTable";
  requireObject(source, "The table", `one that ${maker} gave`);
  requireArray(source.columns, "The columns of the table", "{ name, type } for each");
  for (const column of source.columns) {
    requireObject(column, "A column of the table", "{ name, type } for each");
    requireText(column.name, "The name of a column of the table", "a text");
  }
  requireFunction(source.chunks, "The function chunks of the table", `a table of ${maker}`);
}

/** Linear predictors up to here have squares, and means beyond all rates of counts. */
const maxPredictor = 1e100;

/** @throws InputError where a row's linear predictors are too large for its predictions to be numbers */
function requireComputable(predictors: Float64Array, row: number): void {
  for (let t = 0; t < predictors.length; t++) {
    // Not ">": NaN counts as too large.
    if (Math.abs(predictors[t]) <= maxPredictor) continue;
    throw new InputError(
      `Data row ${formatCount(row)} is so far from the rows of the fit that its linear predictor is beyond the arithmetic; correct the row, or leave it out.`,
    );
  }
}

/** A row's value, where the rows have them. */
function at(values: Float64Array | undefined, i: number): number {
  return values?.[i] ?? Number.NaN;
}

/** @throws InputError where draws are asked for of counts of which nobody knows the trials */
function requireTrialsForDraws(draws: number, hasTrials: boolean, target: string): void {
  if (draws === 0 || hasTrials) return;
  throw new InputError(
    `Draws of ${target} are counts, and the data do not say of how many trials: add the columns of the trials, or leave the draws out, as probabilities are predicted without.`,
  );
}

function rowPredictor(
  recipe: ModelRecipe,
  posterior: Predictors,
  options: RowOptions & { readonly hasTrials: boolean },
): RowPredictor {
  const { family, target } = recipe;
  if (target.kind === "trials") return trialRows(family, posterior, options);
  if (target.kind === "number") return numberRows(family, posterior, options);
  return (target.kind === "binary" ? eventRows : categoricalRows)(family, target.levels, posterior, options);
}
