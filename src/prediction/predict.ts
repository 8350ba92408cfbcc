import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { type EncodedRows, type EncodeOptions, RowEncoder } from "../design/recipe/encode-rows.ts";
import { isCountFamily } from "../design/target/counts.ts";
import { type ProgressListener, progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { requireArray, requireFunction, requireListening, requireObject, requireText, shown } from "../kinds.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { listed, suggestion } from "../suggest.ts";
import { formatCount, type TableSource } from "../table/table.ts";
import { categoricalRows, eventRows } from "./class-rows.ts";
import { numberRows } from "./number-rows.ts";
import { type ModelRecipe, type PredictiveFit, requireFit } from "./predictive-fit.ts";
import { Predictors } from "./predictors.ts";
import type { PredictionColumns, PredictionScores, RowOptions, RowPredictor } from "./row-predictor.ts";
import { tellRows, whilePreparing } from "./telling-rows.ts";

/** What may be set for predictions. */
export interface PredictOptions extends EncodeOptions {
  /** Probability of the equal-tailed intervals; 0.9 by default. */
  readonly interval?: number;
  /**
   * Number of predictive draws of each row in the result; 0 by default. The i-th draws of all rows use the same draw of
   * the coefficients.
   */
  readonly draws?: number;
  /** Number of posterior draws over which predictions are averaged; 1000 by default. Fewer are faster. */
  readonly posteriorDraws?: number;
  /** Seed of the predictive draws; 1 by default. */
  readonly seed?: number;
  readonly onProgress?: ProgressListener;
}

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
 * @throws InputError where the table, an option or (when chunks are read) a value cannot be used
 */
export function predictStream(fit: PredictiveFit, source: TableSource, options: PredictOptions = {}): PredictionStream {
  requireFit(fit);
  requireObject(source, "The table", "one that tableFromColumns, tableFromRows or openTable gave");
  requireArray(source.columns, "The columns of the table", "{ name, type } for each");
  for (const column of source.columns) {
    requireObject(column, "A column of the table", "{ name, type } for each");
    requireText(column.name, "The name of a column of the table", "a text");
  }
  requireFunction(
    source.chunks,
    "The function chunks of the table",
    "a table of tableFromColumns, tableFromRows or openTable",
  );
  requireOptions(options);
  const { recipe } = fit;
  if (recipe.version !== recipeVersion)
    throw new InputError("The fit's description of its columns is of another version of ornstein; fit again.");
  const { interval = 0.9, draws = 0, posteriorDraws = 1000, seed = 1, unknownLevels = "error" } = options;
  const onProgress = progressReporter(options.onProgress);
  requireOption(
    "interval",
    interval,
    "a number above 0 and below 1",
    typeof interval === "number" && interval > 0 && interval < 1,
  );
  const isCount = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  requireOption(
    "posteriorDraws",
    posteriorDraws,
    "a whole number from 1 to 1,000,000",
    isCount(posteriorDraws, 1, 1e6),
  );
  requireOption("seed", seed, "a whole number, 0 or more", isCount(seed, 0, Number.MAX_SAFE_INTEGER));
  requireOption("unknownLevels", unknownLevels, '"error" or "reference"', isPolicy(unknownLevels));
  const posterior = new Predictors(fit, posteriorDraws);
  const { numDraws } = posterior;
  requireOption("draws", draws, `a whole number from 0 to ${formatCount(numDraws)}`, isCount(draws, 0, numDraws));
  const encoder = new RowEncoder(recipe, source, options);
  const predictor = rowPredictor(fit, posterior, {
    interval,
    draws,
    random: createRandom(seed, 0, 13),
    tieRandom: createRandom(seed, 0, 14),
  });
  const room = new Float64Array(posterior.numPredictors * numDraws);

  let chunksBegin = 1;

  function predictChunk(rows: EncodedRows) {
    const columns = predictor.createColumns(rows.numRows);
    for (let i = 0; i < rows.places.length; i++) {
      posterior.predictInto(room, rows, i);
      requireComputable(room, chunksBegin + rows.places[i]);
      predictor.writeRow(columns, rows.places[i], room, rows.target ? rows.target[i] : Number.NaN);
    }
    chunksBegin += rows.numRows;
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
      warnings: warningsOf(encoder, recipe),
    };
  }
  return { chunks, summary };
}

/** Linear predictors up to this size have finite squares; the means of counts are far beyond any rate well before it. */
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

function rowPredictor(fit: PredictiveFit, posterior: Predictors, options: RowOptions): RowPredictor {
  const { recipe } = fit;
  if (recipe.family === "bernoulli") return eventRows(recipe, posterior, options);
  return (recipe.family === "categorical" ? categoricalRows : numberRows)(recipe, posterior, options);
}

/** All options of a prediction, for the sentence that refuses any other. */
const optionNames: Readonly<Record<keyof PredictOptions, true>> = {
  interval: true,
  draws: true,
  posteriorDraws: true,
  seed: true,
  unknownLevels: true,
  signal: true,
  onProgress: true,
};

function requireOptions(options: PredictOptions): void {
  requireObject(options, "The options of a prediction", "an object of them, or leave it out");
  const known = Object.keys(optionNames);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(`There is no option ${unknown}; ${suggestion(unknown, known, "the options are")}`);
  requireListening(options);
}

const isPolicy = (value: unknown) => value === "error" || value === "reference";

function requireOption(name: string, value: unknown, wanted: string, isFine: boolean): void {
  if (!isFine) throw new InputError(`The option ${name} cannot be ${shown(value)}: it takes ${wanted}.`);
}

function warningsOf(encoder: RowEncoder, { family, target }: ModelRecipe): string[] {
  const rows = (count: number) => (count === 1 ? "1 row" : `${formatCount(count)} rows`);
  const warnings: string[] = [];
  if (encoder.missingRows > 0) {
    const most = [...encoder.missing].sort((a, b) => b[1] - a[1]).slice(0, 3);
    const where = listed(
      most.map(([name, count]) => `"${name}" (${formatCount(count)})`),
      "and",
    );
    warnings.push(`${rows(encoder.missingRows)} without a prediction: a value is missing, in ${where}.`);
  }
  for (const [name, count] of encoder.levels.unknownRows)
    warnings.push(
      `${rows(count)} with a level of ${name} that no row of the fit has: predicted without a coefficient for it.`,
    );
  if (encoder.newCombinations > 0)
    warnings.push(
      `${rows(encoder.newCombinations)} with levels that no row of the fit has together: predicted without a coefficient for it.`,
    );
  if (encoder.unusableTargets.size > 0) {
    const count = [...encoder.unusableTargets.values()].reduce((sum, value) => sum + value, 0);
    const values = listed(
      [...encoder.unusableTargets.keys()].slice(0, 3).map((level) => `"${level}"`),
      "and",
    );
    const isNumber = target.kind === "number";
    const number = isCountFamily(family)
      ? "a count is a whole number of at least 0"
      : "the target has to be finite, and no larger than 1e100";
    const reason = isNumber ? `${number}, and it is ${values}` : `the fit knows no class ${values}`;
    warnings.push(`${rows(count)} left out of the scores: ${reason}.`);
  }
  return warnings;
}
