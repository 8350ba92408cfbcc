/** The functions of `ornstein` that run anywhere; sentences in their errors and results name the library's options. */

import type { EffectOptions, Effects } from "./effects/effects.ts";
import { effects as effectsOfRows } from "./fit/ask-effects.ts";
import type { CompareOptions } from "./fit/comparison/compare.ts";
import { compare as compareHere } from "./fit/comparison/compare-inline.ts";
import type { Comparison } from "./fit/comparison/comparison.ts";
import type { RunOptions } from "./fit/fit.ts";
import { fit as fitHere } from "./fit/fit-inline.ts";
import type { FitInput } from "./fit/input/load.ts";
import type { KFoldOptions } from "./fit/k-fold/k-fold.ts";
import { kFold as kFoldHere, loo as looOfRows } from "./fit/leave-out.ts";
import { inOptions, reworded } from "./fit/options/option-words.ts";
import type { Posterior } from "./fit/posterior.ts";
import { type NewRows, type Prediction, predict as predictRows } from "./fit/predict.ts";
import { type CustomPosterior, type SampleModelOptions, sampleModel as sample } from "./fit/sample-model.ts";
import { plainJson } from "./fit/summary/to-json.ts";
import type { UpdateOptions } from "./fit/update/update-types.ts";
import { update as updateHere } from "./fit/update-fit.ts";
import { libraryPosterior, librarySource, libraryStream, saying, sayingAll, sayingNow } from "./library-words.ts";
import { compareFits as compareResults, type FitComparison } from "./loo/compare-fits.ts";
import type { KFold } from "./loo/k-fold-result.ts";
import type { FittedModel, Loo, LooOptions } from "./loo/loo.ts";
import { type CustomModel, type CustomModelOptions, customModel as modelOf } from "./models/custom-model.ts";
import { importFit as readFit } from "./persistence/portable-fit.ts";
import type { SavedFit } from "./persistence/restored-fit.ts";
import { type PredictionStream, type PredictOptions, predictStream as stream } from "./prediction/predict.ts";
import type { PredictiveFit } from "./prediction/predictive-fit.ts";
import { withHidden } from "./prediction/with-hidden.ts";
import { type Columns, tableFromColumns as columnsTable, tableFromRows as rowsTable } from "./table/table.ts";
import type { TableSource } from "./table/table-source.ts";

export { exportFit } from "./persistence/portable-fit.ts";

/**
 * Fits a generalised linear model to arrays or a table, on the calling thread (Node or browser). It yields to the event
 * loop every few milliseconds, so that a page stays responsive; `fit` of ornstein/node spreads the work over threads.
 *
 * The same seed, data and options give the same draws everywhere.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { fit } from "ornstein";
 *
 * const x = Array.from({ length: 100 }, (_, n) => n / 10);
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(n * n));
 * const { coefficients, certificate } = await fit({ data: { x, y }, formula: "y ~ x" });
 * console.log(coefficients.map(({ name, mean }) => `${name} ${mean.toFixed(1)}`).join(", ")); // x 2.0, Intercept 0.9, sigma 0.7
 * console.log(certificate.verdict); // ok
 */
export async function fit(input: FitInput, options?: RunOptions): Promise<Posterior> {
  return libraryPosterior(await saying(() => fitHere(input, options)));
}

/**
 * Runs every sampler of the registry on one problem, on the calling thread (Node or browser), and measures each against
 * one independent posterior;
 * `compare` of ornstein/node spreads the work over threads.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { compare } from "ornstein";
 *
 * const x = Array.from({ length: 100 }, (_, n) => n / 10);
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(n * n));
 * const { reference, samplers } = await compare({ data: { x, y }, formula: "y ~ x" }, { samplers: ["laplace", "conjugate"] });
 * console.log(reference.sampler); // conjugate
 * console.log(samplers.map(({ sampler, worstSdError }) => `${sampler} ${worstSdError < 0.05}`).join(", ")); // laplace true, conjugate true
 */
export function compare(input: FitInput, options?: CompareOptions): Promise<Comparison> {
  return sayingAll(() => compareHere(input, options));
}

/**
 * Predicts rows from a fit, a saved fit, or a copy of one, with the fit's own preprocessing.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { fit, predict } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const { columns, scores } = await predict(posterior, { x: [10, 20], y: [10.1, 19.5] });
 * console.log(Array.from(columns.mean, (value) => value.toFixed(0)).join(", ")); // 10, 20
 * console.log(scores.rows, scores.rmse < 0.5); // 2 true
 */
export function predict(fit: PredictiveFit, rows: NewRows, options?: PredictOptions): Promise<Prediction> {
  return sayingAll(() => predictRows(fit, rows, options));
}

/**
 * A fit, a saved fit, or a copy of one, with new rows added by a few passes over these alone; the rows of the fit are not read again,
 * and are not to be among them. The model is the fit's. The certificate says what that makes wrong, and how far the new rows move
 * the coefficients.
 * @throws InputError where the fit cannot be updated, or the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { fit, update } from "ornstein";
 *
 * const rows = (from, to) => {
 *   const x = Array.from({ length: to - from }, (_, n) => Math.sin((from + n) ** 2));
 *   return { x, y: x.map((value, n) => 1 + 2 * value + Math.sin(7 * (from + n) ** 2)) };
 * };
 * const monday = await fit({ data: rows(0, 500), formula: "y ~ x" });
 * const tuesday = await update(monday, rows(500, 800));
 * const show = ({ coefficients }) => coefficients.map(({ name, mean }) => `${name} ${mean.toFixed(2)}`).join(", ");
 * console.log(tuesday.data.rows, show(tuesday)); // 800 x 2.01, Intercept 1.00, sigma 0.71
 * console.log(show(await fit({ data: rows(0, 800), formula: "y ~ x" }))); // x 2.01, Intercept 1.00, sigma 0.71
 */
export async function update(fit: Posterior, rows: NewRows, options?: UpdateOptions): Promise<Posterior> {
  return libraryPosterior(await saying(() => updateHere(fit, rows, options)));
}

/**
 * Effects of a fit, a saved fit, or a copy of one, as marginaleffects and emmeans define them: average or conditional
 * predictions, comparisons, slopes, and hypotheses on coefficients, each computed draw by draw. With rows they are averages over
 * them: (1/N) Σ_n f(x_n), f a prediction, a difference of two, or a derivative. Without rows they are of one row: numbers at
 * their means in the fit, levels at the most frequent.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { effects, fit } from "ornstein";
 *
 * const x = Array.from({ length: 300 }, (_, n) => Math.sin(n * n));
 * const city = x.map((_, n) => ["Lima", "Oslo", "Rome"][n % 3]);
 * const late = x.map((value, n) => value + (n % 3) + 2 * Math.sin(7 * n) > 1);
 * const posterior = await fit({ data: { x, city, late }, formula: "late ~ x + city" }, { sampler: "laplace" });
 * const show = ({ contrast, estimate }) => `${contrast} ${estimate.toFixed(1)}`;
 * const average = await effects(posterior, { of: "city", kind: "comparisons" }, { x, city });
 * console.log(average.effects.map(show).join(", ")); // Oslo - Lima 0.2, Rome - Lima 0.4
 * const { hypotheses } = await posterior.effects({ hypothesis: "city[Rome] > city[Oslo]" });
 * console.log(hypotheses[0].probability > 0.99); // true
 */
export function effects(fit: PredictiveFit, options?: EffectOptions, rows?: NewRows): Promise<Effects> {
  return sayingAll(() => effectsOfRows(fit, options, rows));
}

/**
 * How well a fit predicts rows that it was not made of: leave-one-out cross-validation by Pareto-smoothed importance sampling
 * (Vehtari, Gelman & Gabry 2017), elpd_loo = Σ_n log p(y_n | the other rows), with the names and numbers of `az.loo`. `rows` are the
 * rows that the fit was made of. Where there are more than 10,000, a random sample is left out, which log p(y_n | θ̄) of
 * all rows corrects (Magnusson et al. 2020). Rows of a multilevel model are left out of their group, which stays.
 * @throws InputError where the rows are others, or an option cannot be used; the signal's reason when it is aborted
 * @example
 * import { fit, loo } from "ornstein";
 *
 * const x = Array.from({ length: 200 }, (_, n) => Math.sin(n * n));
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(7 * n * n));
 * const posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { sampler: "conjugate" });
 * const { elpd_loo, se, p_loo, pareto_k, warning } = await loo(posterior, { x, y });
 * console.log(elpd_loo.toFixed(0), se.toFixed(0), p_loo.toFixed(0), pareto_k.length, warning); // -214 5 2 200 false
 */
export function loo(fit: FittedModel, rows: NewRows, options?: LooOptions): Promise<Loo> {
  return sayingAll(() => looOfRows(fit, rows, options));
}

/**
 * K-fold cross-validation: the model is fitted K times with the options of the fit, each time without the rows of one fold, whose log
 * densities are computed under that fit. `foldBy` leaves out the rows of whole groups.
 * @throws InputError where the rows are not the fit's, an option cannot be used, or a fold cannot be fitted; the signal's reason when
 * it is aborted
 * @example
 * import { fit, kFold } from "ornstein";
 *
 * const x = Array.from({ length: 200 }, (_, n) => Math.sin(n * n));
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(7 * n * n));
 * const posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { sampler: "conjugate" });
 * const { elpd_kfold, folds } = await kFold(posterior, { x, y }, { kFold: 5 });
 * console.log(elpd_kfold.toFixed(0), folds.map(({ rows }) => rows).join()); // -214 40,40,40,40,40
 */
export function kFold(fit: Posterior, rows: NewRows, options?: KFoldOptions): Promise<KFold> {
  return sayingAll(() => kFoldHere(fit, rows, options));
}

/**
 * Compares what `loo` or `kFold` found for several fits of the same rows, as `az.compare` does: differences of elpd with their standard
 * errors, and the weights of the mixture that predicts best (stacking; Yao et al. 2018).
 * @throws InputError where they cannot be compared: other rows, another target, probabilities against densities, another sample
 * @example
 * import { compareFits, fit, loo } from "ornstein";
 *
 * const x = Array.from({ length: 200 }, (_, n) => Math.sin(n * n));
 * const y = x.map((value, n) => 1 + 2 * value + Math.sin(7 * n * n));
 * const results = {};
 * for (const formula of ["y ~ x", "y ~ 1"])
 *   results[formula] = await loo(await fit({ data: { x, y }, formula }, { sampler: "conjugate" }), { x, y });
 * const { fits } = compareFits(results);
 * const show = ({ name, elpd_diff, dse }) => `${name}: ${elpd_diff.toFixed(0)} ± ${dse.toFixed(0)}`;
 * console.log(fits.map(show).join(", ")); // y ~ x: 0 ± 0, y ~ 1: 162 ± 8
 */
export function compareFits(results: Readonly<Record<string, Loo>>): FitComparison<"loo">;
export function compareFits(results: Readonly<Record<string, KFold>>): FitComparison<"kfold">;
export function compareFits(
  results: Readonly<Record<string, Loo | KFold>>,
): FitComparison<"loo"> | FitComparison<"kfold"> {
  return reworded(
    sayingNow(() => compareResults(results)),
    inOptions,
  );
}

/**
 * Predicts the rows of a table, a few thousand at a time, and holds the predictions of one chunk only.
 * @throws InputError where the table, an option or (when chunks are read) a value cannot be used
 * @example
 * import { fit, predictStream, tableFromColumns } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const { chunks, summary } = predictStream(posterior, tableFromColumns({ x: Array(10_000).fill(3) }));
 * let numRows = 0;
 * for await (const { columns } of chunks()) numRows += columns.mean.length;
 * console.log(numRows, summary().missingRows); // 10000 0
 */
export function predictStream(fit: PredictiveFit, source: TableSource, options?: PredictOptions): PredictionStream {
  return libraryStream(sayingNow(() => stream(fit, source, options)));
}

/**
 * A table made of arrays, one per column, all of the same length. Dates become days since 1970-01-01.
 * @throws InputError if a column is not an array, lengths differ, or a column mixes numbers and texts
 * @example
 * import { fit, tableFromColumns } from "ornstein";
 *
 * const table = tableFromColumns({ city: ["Rome", "Oslo", "Rome", "Oslo"], y: Float64Array.of(3, 1, 3.2, 1.1) });
 * const { coefficients } = await fit({ data: table, formula: "y ~ city" }, { sampler: "laplace", sigma: 0.1 });
 * console.log(coefficients.map(({ name }) => name).join(", ")); // city[Rome], Intercept
 */
export function tableFromColumns(columns: Columns): TableSource {
  return librarySource(sayingNow(() => columnsTable(columns)));
}

/**
 * A table made of records, one per row; its columns are the names in any of them, in the order of first appearance.
 * @throws InputError if there is no row, if a row is not an object, or as `tableFromColumns`
 * @example
 * import { tableFromRows } from "ornstein";
 *
 * const table = tableFromRows([{ x: 1, city: "Rome" }, { x: 2 }]);
 * console.log(table.numRows, table.columns.map(({ name }) => name).join(", ")); // 2 x, city
 */
export function tableFromRows(rows: readonly object[]): TableSource {
  return librarySource(sayingNow(() => rowsTable(rows)));
}

/**
 * Restores the fit from bytes that `exportFit` made, in any runtime. Nothing in them is trusted: sizes are compared with
 * the length of the bytes before memory is allocated, and the description of the columns must be consistent.
 * @throws InputError if the bytes are damaged, are not a fit, or are of another version of the format
 * @example
 * import { exportFit, fit, importFit } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const bytes = exportFit(await fit({ data, formula: "y ~ x" }, { sampler: "laplace" }));
 * const { columns } = await importFit(bytes).predict({ x: [10] });
 * console.log(columns.mean[0].toFixed(0)); // 10
 */
export function importFit(bytes: Uint8Array | ArrayBuffer): SavedFit {
  return libraryPosterior(sayingNow(() => readFit(bytes)));
}

/**
 * Makes a model from any function that returns the loss of a minibatch and its gradient. `sampleModel` samples its
 * posterior.
 * @throws InputError where an option cannot be used
 * @example
 * import { customModel } from "ornstein";
 *
 * const y = [1, 3, 2, 4];
 * const model = customModel({
 *   dimension: 1,
 *   numRows: y.length,
 *   names: ["mu"],
 *   // y_n ~ N(mu, 1): the mean over the rows asked for of −log p(y_n | mu), and its derivative.
 *   lossAndGradient([mu], rows) {
 *     const errors = Array.from(rows, (n) => mu - y[n]);
 *     const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
 *     return { loss: mean(errors.map((error) => error ** 2 / 2)), gradient: [mean(errors)] };
 *   },
 * });
 * console.log(model.lossAndGradient([2], [0, 1]).loss); // 0.5
 */
export function customModel(options: CustomModelOptions): CustomModel {
  return sayingNow(() => modelOf(options));
}

/**
 * Samples the posterior of a custom model, on the calling thread, with the samplers that need only minibatch gradients:
 * `constant-sgd` (the default), `momentum-sgd`, `sgld`, `sgfs`, `iasg`, and `laplace` and `nuts`.
 * @throws InputError where an option, or what the model's function returns, cannot be used; the signal's reason when it is
 * aborted; whatever the function throws
 * @example
 * import { customModel, sampleModel } from "ornstein";
 *
 * const y = [1, 3, 2, 4];
 * const model = customModel({
 *   dimension: 1,
 *   numRows: y.length,
 *   names: ["mu"],
 *   // y_n ~ N(mu, 1): the mean over the rows asked for of −log p(y_n | mu), and its derivative.
 *   lossAndGradient([mu], rows) {
 *     const errors = Array.from(rows, (n) => mu - y[n]);
 *     const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
 *     return { loss: mean(errors.map((error) => error ** 2 / 2)), gradient: [mean(errors)] };
 *   },
 * });
 * const { coefficients } = await sampleModel(model, { sampler: "laplace", draws: 4000 });
 * console.log(coefficients[0].name, coefficients[0].mean.toFixed(1), coefficients[0].sd.toFixed(1)); // mu 2.5 0.5
 */
export async function sampleModel(model: CustomModel, options?: SampleModelOptions): Promise<CustomPosterior> {
  const posterior = await sayingAll(() => sample(model, options));
  return withHidden(posterior, { toJSON: () => plainJson(posterior) as Record<string, unknown> });
}
