/**
 * What the command and `ornstein/node` share: files, SQL and worker threads. Sentences in errors and results name the command's
 * flags; node.ts has them in the library's words.
 */
import { availableParallelism } from "node:os";
import { version } from "../package.json" with { type: "json" };
import { blockFiles, usualMemory } from "./blocks/block-files-node.ts";
import { statePlace } from "./checkpoint/checkpoint.ts";
import { openTable } from "./duckdb/source.ts";
import type { EffectOptions, Effects } from "./effects/effects.ts";
import type { Engine } from "./engine/engine.ts";
import { createNodeEngine } from "./engine/node-engine.ts";
import { progressReporter } from "./engine/progress.ts";
import { InputError } from "./errors.ts";
import { effects as effectsOfRows } from "./fit/ask-effects.ts";
import { type CompareOptions, compareWithEngine } from "./fit/comparison/compare.ts";
import type { Comparison } from "./fit/comparison/comparison.ts";
import { fitWithEngine, type RunOptions } from "./fit/fit.ts";
import type { FitInput, RunControl } from "./fit/input/load.ts";
import { type KFoldOptions, kFoldOf, type RunFit } from "./fit/k-fold/k-fold.ts";
import { loo as looOfRows } from "./fit/leave-out.ts";
import { requireOptions } from "./fit/options/require-input.ts";
import type { Posterior, PosteriorData } from "./fit/posterior.ts";
import { posteriorOf } from "./fit/posterior-methods.ts";
import { type NewRows, type Prediction, predict as predictRows, sourceOf } from "./fit/predict.ts";
import { updateWithEngine } from "./fit/update/update.ts";
import type { UpdateOptions } from "./fit/update/update-types.ts";
import { requireText, shown } from "./kinds.ts";
import type { KFold } from "./loo/k-fold-result.ts";
import type { FittedModel, Loo, LooOptions } from "./loo/loo.ts";
import type { FitOptions } from "./options/options.ts";
import { refuseOptionsAmong } from "./options/resolve-options.ts";
import { bytesOfSize } from "./options/sizes.ts";
import { openCheckpoint, type RunCheckpoint } from "./persistence/checkpoint-node.ts";
import type { PredictOptions } from "./prediction/predict.ts";
import { type PredictiveFit, requireFit } from "./prediction/predictive-fit.ts";
import { sparkOf } from "./spark/spark-options.ts";
import { openSparkTable } from "./spark/spark-table-node.ts";
import type { TableSource } from "./table/table-source.ts";

/** A file (CSV, TSV, JSON lines, Parquet), a glob of them, or a query over files, and a formula over its columns. */
export interface FileInput {
  /** A file, or a pattern such as `trips/*.parquet`. */
  readonly path?: string;
  /** One SELECT statement; the file of `path`, if given, is the view `data`. */
  readonly sql?: string;
  /** Whether `sql` may read only the file of `path`, as it should if others wrote it; false by default. */
  readonly confined?: boolean;
  /** Such as `y ~ x1 + log(x2) + C(code)`. */
  readonly formula: string;
  /**
   * A master of Spark, such as `spark://host:7077` or `local[4]`, on whose executors the rows are read and stay (docs/spark.md): `path`
   * and `sql` are then Spark's.
   */
  readonly engine?: string;
  /** With `engine`: a table of the session's catalogue. */
  readonly table?: string;
  /** With `engine`: a program of Python that has pyspark; `python3` where left out. */
  readonly python?: string;
  /** With `engine`: settings of Spark, such as `spark.executor.memory=8g`. */
  readonly conf?: readonly string[];
}

/** Number of worker threads; all cores by default. The result does not depend on it. */
interface Threads {
  readonly threads?: number;
}

/** What may be set for a run of `fit` on worker threads. */
export interface NodeRunOptions extends Omit<RunOptions, "checkpoint">, Threads {
  /**
   * A folder in which the run keeps what it has worked out, every few seconds: the same call goes on from there after the process
   * has ended before its time, with the same draws. Its states go when the fit is done.
   */
  readonly checkpoint?: string;
}

/** The same for the command, which finishes the checkpoint once its outputs are written. */
interface CommandRunOptions extends Omit<NodeRunOptions, "checkpoint"> {
  readonly checkpoint?: string | RunCheckpoint;
}
/** What may be set for a comparison on worker threads. */
export interface NodeCompareOptions extends CompareOptions, Threads {}

/**
 * Posterior of a generalised linear model from files, tables or arrays, on worker threads that share one copy of the data.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fit(input: FitInput | FileInput, options: CommandRunOptions = {}): Promise<Posterior> {
  requireOptions(options);
  const { checkpoint: given, ...plain } = options;
  if (given === undefined) return onThreads(input, plain, fitWithEngine);
  const checkpoint = typeof given === "object" ? given : checkpointOf(given, input, plain);
  const posterior = await onThreads(input, { ...plain, checkpoint }, fitWithEngine);
  if (checkpoint !== given) checkpoint.finish();
  return posterior;
}

/** The checkpoint in a folder of a run with this input and these options. */
function checkpointOf(folder: string, input: FitInput | FileInput, options: RunOptions & Threads): RunCheckpoint {
  requireText(folder, "The option checkpoint", "a folder");
  const { signal, onProgress, threads, ...deciding } = options;
  const named = isFile(input) ? input : { formula: "formula" in input ? input.formula : undefined };
  const run = { ...named, ...deciding };
  return openCheckpoint(folder, { version, run, cwd: process.cwd() }, (message) => process.emitWarning(message));
}

/**
 * Runs every sampler of the registry, with each of its preconditioners, on one problem from files, tables or arrays, and
 * measures each against one independent posterior: the exact one if it is known, otherwise a long run of NUTS.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export function compare(input: FitInput | FileInput, options: NodeCompareOptions = {}): Promise<Comparison> {
  return onThreads(input, options, compareWithEngine);
}

/**
 * Predicts the rows of files, a query, a table or arrays from a fit, or from one that `loadFit` read.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function predict(
  fit: PredictiveFit,
  rows: NewRows | Omit<FileInput, "formula">,
  options: PredictOptions = {},
): Promise<Prediction> {
  if (!namesFile(rows)) return predictRows(fit, rows, options);
  return withRows(fit, rows, options, (source) => predictRows(fit, source, options));
}

/**
 * Effects of a fit, averaged over the rows of files, a query, a table or arrays where such are given.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function effects(
  fit: PredictiveFit,
  options: EffectOptions = {},
  rows?: NewRows | Omit<FileInput, "formula">,
): Promise<Effects> {
  if (rows === undefined || !namesFile(rows)) return effectsOfRows(fit, options, rows);
  return withRows(fit, rows, options, (source) => effectsOfRows(fit, options, source));
}

/**
 * Leave-one-out cross-validation of a fit over the rows that it was made of, from files, a query, a table or arrays.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function loo(
  fit: FittedModel,
  rows: NewRows | Omit<FileInput, "formula">,
  options: LooOptions = {},
): Promise<Loo> {
  if (!namesFile(rows)) return looOfRows(fit, rows, options);
  return withRows(fit, rows, options, (source) => looOfRows(fit, source, options));
}

/** What may be set for K-fold cross-validation on worker threads. */
export interface NodeKFoldOptions extends KFoldOptions, Threads {}

/**
 * K-fold cross-validation: fits K times without a part of the rows, on worker threads.
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function kFold(
  fitted: Posterior,
  rows: NewRows | Omit<FileInput, "formula">,
  given: NodeKFoldOptions = {},
): Promise<KFold> {
  requireFit(fitted);
  requireOptions(given);
  const { threads, ...options } = given;
  const run: RunFit = (input, own) => fit(input, { ...own, ...(threads !== undefined && { threads }) });
  if (!namesFile(rows)) return kFoldOf(fitted, sourceOf(fitted, rows), options, run);
  return withRows(fitted, rows, options, (source) => kFoldOf(fitted, source, options, run));
}

/** What may be set for an update on worker threads. */
export interface NodeUpdateOptions extends UpdateOptions, Threads {}

/**
 * A fit with the new rows of files, a query, a table or arrays added, on worker threads.
 * @throws InputError where the fit cannot be updated, or the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function update(
  fitted: PosteriorData,
  rows: NewRows | Omit<FileInput, "formula">,
  options: NodeUpdateOptions = {},
): Promise<Posterior> {
  requireFit(fitted);
  requireOptions(options);
  const { threads = availableParallelism(), ...own } = options;
  requireThreads(threads);
  const onEngine = async (source: TableSource) => {
    const engine = await createNodeEngine(threads);
    try {
      return posteriorOf(await updateWithEngine(fitted, source, own, engine));
    } finally {
      await engine.executor.close();
    }
  };
  return namesFile(rows) ? withRows(fitted, rows, own, onEngine) : onEngine(sourceOf(fitted, rows));
}

/** Opens rows that are read as those of the fit were, asks them, and closes them. */
async function withRows<Answer>(
  fit: PredictiveFit,
  rows: Omit<FileInput, "formula">,
  options: { readonly signal?: AbortSignal },
  ask: (source: TableSource) => Promise<Answer>,
): Promise<Answer> {
  requireFit(fit);
  requireOptions(options);
  if ("engine" in rows && rows.engine !== undefined)
    throw new InputError(
      "--engine is for fits and for ornstein predict of the command: these rows are read here, so leave it out.",
    );
  const source = await openTable({ ...fileOf(rows), like: fit.recipe, signal: options.signal });
  try {
    return await ask(source);
  } finally {
    await source.close?.();
  }
}

const fileOf = ({ path, sql, confined }: Omit<FileInput, "formula">) => ({ path, sql, confined });

/** Whether the rows are given by texts; a table may have columns with those names. */
function namesFile(rows: NewRows | Omit<FileInput, "formula">): rows is Omit<FileInput, "formula"> {
  const { path, sql } = (rows ?? {}) as Partial<FileInput>;
  return typeof path === "string" || typeof sql === "string";
}

/** What is free, or was when the run began that is gone on with: its rows stand where they stood. */
function memoryAsBefore(checkpoint: RunOptions["checkpoint"]): number {
  const place = statePlace<number>(checkpoint, "memory", []);
  const bytes = place?.before ?? usualMemory();
  place?.keep(bytes);
  return bytes;
}

/** Text takes DuckDB some buffers of 32 MiB for each thread; of Parquet it holds far less than it may. */
const leastForReading = 3 * 2 ** 26;

/** Opens what the input names, runs `work` on as many threads as the options ask for, and closes both. */
async function onThreads<
  Options extends RunControl & Pick<FitOptions, "memory" | "cache"> & Pick<RunOptions, "checkpoint">,
  Result,
>(
  input: FitInput | FileInput,
  given: Options & Threads,
  work: (input: FitInput, options: Omit<Options, keyof Threads>, engine: Engine) => Promise<Result>,
): Promise<Result> {
  requireOptions(given);
  const { threads = availableParallelism(), ...others } = given;
  const onProgress = progressReporter(given.onProgress);
  const options = { ...others, ...(onProgress && { onProgress }) };
  requireThreads(threads);
  const { cache } = given;
  const memoryBytes = bytesOfSize(given.memory);
  const blocks = blockFiles({
    memoryBytes: memoryBytes ?? memoryAsBefore(given.checkpoint),
    cache: typeof cache === "string" ? cache : undefined,
  });
  const engine = { ...(await createNodeEngine(threads)), blocks };
  try {
    if (!isFile(input)) return await work(input, options, engine);
    refuseOptionsAmong(input);
    onProgress?.("opening", 0);
    const { formula } = input;
    requireText(formula, "The formula", 'a text such as "y ~ x"');
    const forReading = memoryBytes === undefined ? {} : { memoryBytes: Math.max(leastForReading, memoryBytes / 4) };
    const spark = sparkOf(input);
    const { signal } = options;
    const source = spark
      ? await openSparkTable(spark.source, { ...spark.place, signal }, onProgress)
      : await openTable({ ...fileOf(input), signal, ...forReading });
    try {
      return await work({ data: source, formula }, options, engine);
    } finally {
      await source.close?.();
    }
  } finally {
    await engine.executor.close();
    blocks.close();
  }
}

function requireThreads(threads: unknown): void {
  if (!(Number.isInteger(threads) && (threads as number) >= 1))
    throw new InputError(`The option threads cannot be ${shown(threads)}: it takes a whole number of at least 1.`);
}

function isFile(input: FitInput | FileInput): input is FileInput {
  return typeof input === "object" && input !== null && ("path" in input || "sql" in input || "table" in input);
}

export { effectsToJson, looToJson, posteriorToJson } from "./fit/summary/to-json.ts";
export { compareFits } from "./loo/compare-fits.ts";
export { openCheckpoint } from "./persistence/checkpoint-node.ts";
export { loadFit, saveFit } from "./persistence/saved-fit-node.ts";
export { predictStream } from "./prediction/predict.ts";
export { predictOnSpark } from "./spark/predict-on-spark-node.ts";
export { openTable };
