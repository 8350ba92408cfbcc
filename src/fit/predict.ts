import { InputError } from "../errors.ts";
import { requireNumbers } from "../kinds.ts";
import { type PredictionSummary, type PredictOptions, predictStream } from "../prediction/predict.ts";
import { type PredictiveFit, requireFit } from "../prediction/predictive-fit.ts";
import type { PredictionColumns } from "../prediction/row-predictor.ts";
import { type TableData, tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import { asSource } from "./input/load.ts";

/** Rows to predict: a table, or rows of numbers in the order of the x that was fitted. */
export type NewRows = TableData | readonly ArrayLike<number>[];

/** Predictions of all rows, in their order. */
export interface Prediction extends PredictionSummary {
  /**
   * Numbers and counts: `mean` and `sd` of E[y | x] under the posterior, its interval `mean_low`, `mean_high`, and that of
   * the target itself, `predictive_low`, `predictive_high`. Bernoulli: `probability` of the event with `sd`,
   * `probability_low` and `probability_high`, and `prediction`. Categorical: `prediction`, and `probability[class]` for each
   * class. With the option `draws`: `draw_1`, …. NaN or null if a value of the row is missing.
   */
  readonly columns: PredictionColumns;
}

/**
 * Predicts rows from a fit or a saved fit, with the fit's own preprocessing.
 *
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function predict(fit: PredictiveFit, rows: NewRows, options: PredictOptions = {}): Promise<Prediction> {
  requireFit(fit);
  const stream = predictStream(fit, sourceOf(fit, rows), options);
  const parts: PredictionColumns[] = [];
  for await (const { columns } of stream.chunks()) parts.push(columns);
  return { ...stream.summary(), columns: joined(parts) };
}

/** The rows as a table. @throws InputError where they are not as many numbers as the fit has columns */
export function sourceOf(fit: PredictiveFit, rows: NewRows): TableSource {
  if (!Array.isArray(rows) || !(Array.isArray(rows[0]) || ArrayBuffer.isView(rows[0]))) return asSource(rows);
  const { columns, inputs, hasIntercept } = fit.recipe;
  // In a fit to arrays every column is an input, and the target comes after them.
  const names = inputs.map(({ name }) => name).slice(0, inputs.length - 1 - Number(fit.recipe.hasOffset));
  rows.forEach((row, n) => {
    requireNumbers(row, `Row ${n + 1} of the rows`, "an array of numbers");
  });
  const odd = rows.findIndex((row) => row.length !== names.length);
  if (odd >= 0) {
    throw new InputError(
      `Row ${odd + 1} of the rows has ${rows[odd].length} numbers, and the fit has ${names.length} columns (${columns.length - Number(hasIntercept)} of them not constant); give one for each, or a table by names.`,
    );
  }
  return tableFromColumns(
    Object.fromEntries(
      names.map((name, j) => [name, Float64Array.from(rows as readonly ArrayLike<number>[], (row) => row[j])]),
    ),
  );
}

function joined(parts: readonly PredictionColumns[]): PredictionColumns {
  const names = Object.keys(parts[0]);
  return Object.fromEntries(
    names.map((name) => {
      const pieces = parts.map((part) => part[name]);
      if (Array.isArray(pieces[0])) return [name, (pieces as (string | null)[][]).flat()];
      const whole = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
      let at = 0;
      for (const piece of pieces as Float64Array[]) {
        whole.set(piece, at);
        at += piece.length;
      }
      return [name, whole];
    }),
  );
}
