/**
 * What needs Node, Bun or Deno: files, SQL and worker threads. It also exports everything that `ornstein` does; its `fit` uses
 * all cores.
 * @module ornstein/node
 */

import type { OpenTableOptions } from "./duckdb/source.ts";
import type { EffectOptions, Effects } from "./effects/effects.ts";
import type { Comparison } from "./fit/comparison/comparison.ts";
import type { FitInput } from "./fit/input/load.ts";
import { inFlags, reworded } from "./fit/options/option-words.ts";
import type { Posterior } from "./fit/posterior.ts";
import type { NewRows, Prediction } from "./fit/predict.ts";
import { libraryPosterior, librarySource, saying, sayingAll } from "./library-words.ts";
import type { KFold } from "./loo/k-fold-result.ts";
import type { FittedModel, Loo, LooOptions } from "./loo/loo.ts";
import type {
  FileInput,
  NodeCompareOptions,
  NodeKFoldOptions,
  NodeRunOptions,
  NodeUpdateOptions,
} from "./node-command.ts";
import * as command from "./node-command.ts";
import type { Origin, SavedFit } from "./persistence/restored-fit.ts";
import type { PredictOptions } from "./prediction/predict.ts";
import { type PredictiveFit, requireFit } from "./prediction/predictive-fit.ts";
import type { TableSource } from "./table/table-source.ts";

/**
 * Fits a generalised linear model to files, tables or arrays, on worker threads that share one copy of the data.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const { coefficients, data } = await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "laplace" });
 * console.log(data.rows, coefficients[0].name, coefficients[0].mean.toFixed(1)); // 6 x 1.0
 * const few = await fit({ path: "rows.csv", sql: "select * from data where x > 2", formula: "y ~ x" }, { sigma: 0.2 });
 * console.log(few.data.rows); // 4
 */
export async function fit(input: FitInput | FileInput, options?: NodeRunOptions): Promise<Posterior> {
  return libraryPosterior(await saying(() => command.fit(input, options)));
}

/**
 * Runs every sampler of the registry, with each of its preconditioners, on one problem from files, tables or arrays, and
 * measures each against one independent posterior: the exact one if it is known, otherwise a long run of NUTS.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { compare } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const { reference, samplers } = await compare({ path: "rows.csv", formula: "y ~ x" }, { samplers: ["laplace"] });
 * console.log(reference.sampler, samplers.length); // conjugate 1
 */
export function compare(input: FitInput | FileInput, options?: NodeCompareOptions): Promise<Comparison> {
  return sayingAll(() => command.compare(input, options));
}

/**
 * Predicts the rows of files, a query, a table or arrays from a fit, or from one that `loadFit` or `importFit` read.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, predict } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const posterior = await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "laplace" });
 * await writeFile("others.csv", "x\n10\n20\n");
 * const { columns } = await predict(posterior, { path: "others.csv" });
 * console.log(Array.from(columns.mean, (value) => value.toFixed(0)).join(", ")); // 10, 20
 */
export function predict(
  fit: PredictiveFit,
  rows: NewRows | Omit<FileInput, "formula">,
  options?: PredictOptions,
): Promise<Prediction> {
  return sayingAll(() => command.predict(fit, rows, options));
}

/**
 * A fit, or one that `loadFit` or `importFit` read, with the new rows of files, a query, a table or arrays added, by a few passes over
 * these alone, on worker threads. The rows of the fit are not read again, and are not to be among them.
 * @throws InputError where the fit cannot be updated, or the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, loadFit, saveFit, update } from "ornstein/node";
 *
 * const lines = (from, to) => Array.from({ length: to - from }, (_, n) => `${from + n},${2 * (from + n) + Math.sin((from + n) ** 2)}`);
 * await writeFile("monday.csv", ["x,y", ...lines(0, 300)].join("\n"));
 * await writeFile("tuesday.csv", ["x,y", ...lines(300, 400)].join("\n"));
 * await saveFit(await fit({ path: "monday.csv", formula: "y ~ x" }), "fit.nc");
 * const updated = await update(await loadFit("fit.nc"), { path: "tuesday.csv" });
 * console.log(updated.data.rows, updated.data.updates.join(), updated.coefficients[0].mean.toFixed(2)); // 400 100 2.00
 */
export async function update(
  fit: Posterior,
  rows: NewRows | Omit<FileInput, "formula">,
  options?: NodeUpdateOptions,
): Promise<Posterior> {
  return libraryPosterior(await saying(() => command.update(fit, rows, options)));
}

/**
 * Effects of a fit, or of one that `loadFit` or `importFit` read: predictions, comparisons, slopes and hypotheses, averaged over
 * the rows of files, a query, a table or arrays where such are given.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { effects, fit, loadFit, saveFit } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * await saveFit(await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "laplace" }), "fit.nc");
 * const saved = await loadFit("fit.nc");
 * const { effects: slopes, rows } = await effects(saved, { of: "x", kind: "slopes" }, { path: "rows.csv" });
 * console.log(slopes[0].contrast, slopes[0].estimate.toFixed(1), rows); // dY/dX 1.0 6
 */
export function effects(
  fit: PredictiveFit,
  options?: EffectOptions,
  rows?: NewRows | Omit<FileInput, "formula">,
): Promise<Effects> {
  return sayingAll(() => command.effects(fit, options, rows));
}

/**
 * Leave-one-out cross-validation of a fit, or of one that `loadFit` or `importFit` read, over the rows that it was made of: those of
 * files, a query, a table or arrays.
 * @throws InputError where the rows are others, or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, loo } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const posterior = await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "conjugate" });
 * const { elpd_loo, n_data_points } = await loo(posterior, { path: "rows.csv" });
 * console.log(elpd_loo.toFixed(0), n_data_points); // -1 6
 */
export function loo(fit: FittedModel, rows: NewRows | Omit<FileInput, "formula">, options?: LooOptions): Promise<Loo> {
  return sayingAll(() => command.loo(fit, rows, options));
}

/**
 * K-fold cross-validation: the model is fitted K times with the options of the fit, each time without the rows of one fold, whose log
 * densities are computed under that fit, on worker threads. `foldBy` leaves out the rows of whole groups.
 * @throws InputError where the rows are not the fit's, an option cannot be used, or a fold cannot be fitted; the signal's reason when
 * it is aborted
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, kFold } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const posterior = await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "conjugate" });
 * const { kfold_i, folds } = await kFold(posterior, { path: "rows.csv" }, { kFold: 3 });
 * console.log(kfold_i.length, folds.length); // 6 3
 */
export function kFold(
  fit: Posterior,
  rows: NewRows | Omit<FileInput, "formula">,
  options?: NodeKFoldOptions,
): Promise<KFold> {
  return sayingAll(() => command.kFold(fit, rows, options));
}

/**
 * Opens a table by DuckDB: a file or a pattern, or a query over files. Dates and timestamps are days since 1970-01-01.
 * Close it when it is no longer needed.
 * @throws InputError where the file cannot be read or the query is wrong
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, openTable } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const table = await openTable({ path: "rows.csv" });
 * console.log(table.columns.map(({ name }) => name).join(", ")); // y, x
 * const { data } = await fit({ data: table, formula: "y ~ x" }, { sampler: "laplace" });
 * console.log(data.rows); // 6
 * await table.close();
 */
export async function openTable(options: OpenTableOptions): Promise<TableSource> {
  return librarySource(await saying(() => command.openTable(options)));
}

/**
 * Reads a fit that `saveFit` or the command wrote.
 * @throws InputError if there is no such file, or it is damaged, was not written by ornstein, or has another format
 * version
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, loadFit, saveFit } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * await saveFit(await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "laplace" }), "fit.nc");
 * const saved = await loadFit("fit.nc");
 * console.log(saved.formula, (await saved.predict({ x: [10] })).columns.mean[0].toFixed(0)); // y ~ x 10
 */
export async function loadFit(path: string): Promise<SavedFit> {
  return libraryPosterior(await saying(() => command.loadFit(path)));
}

/**
 * Writes a fit as netCDF-4, which `loadFit`, the command, xarray and ArviZ read. The file appears whole or not at all.
 * @throws InputError where the file cannot be written
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { fit, saveFit } from "ornstein/node";
 *
 * await writeFile("rows.csv", "y,x\n1.1,1\n1.9,2\n3.2,3\n3.9,4\n5.2,5\n5.8,6\n");
 * const posterior = await fit({ path: "rows.csv", formula: "y ~ x" }, { sampler: "laplace" });
 * await saveFit(posterior, "fit.nc"); // ornstein check fit.nc
 */
export async function saveFit(posterior: Posterior, path: string, origin?: Partial<Origin>): Promise<void> {
  await saying(async () => {
    requireFit(posterior);
    // Messages in a file are in the command's words, whoever wrote it.
    await command.saveFit(reworded(posterior, inFlags), path, origin);
  });
}

export {
  compareFits,
  customModel,
  exportFit,
  importFit,
  predictStream,
  sampleModel,
  tableFromColumns,
  tableFromRows,
} from "./library.ts";
export type {
  FileInput,
  NodeCompareOptions,
  NodeKFoldOptions,
  NodeRunOptions,
  NodeUpdateOptions,
} from "./node-command.ts";
export * from "./public.ts";
