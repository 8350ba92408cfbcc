import { RowEncoder } from "../../design/recipe/encode-rows.ts";
import { type ProgressListener, type ProgressReporter, progressReporter } from "../../engine/progress.ts";
import { InputError } from "../../errors.ts";
import { families } from "../../families/families.ts";
import { requireListening, requireObject } from "../../kinds.ts";
import { estimateSum } from "../../loo/estimators.ts";
import { FittedRows } from "../../loo/fitted-rows.ts";
import type { FoldSummary, KFold } from "../../loo/k-fold-result.ts";
import { requireRecipe } from "../../loo/loo.ts";
import { modelWarnings } from "../../loo/loo-warnings.ts";
import { RowDensities } from "../../loo/row-densities.ts";
import { type KFoldSettings, kFoldOptions } from "../../options/loo-options.ts";
import { withDefaults } from "../../options/option.ts";
import { requireAccepted } from "../../options/require-accepted.ts";
import { logMeanExp } from "../../prediction/draws-of-row.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { TableSource } from "../../table/table-source.ts";
import type { RunOptions } from "../fit.ts";
import type { TableInput } from "../input/load.ts";
import type { Posterior } from "../posterior.ts";
import { FoldColumn } from "./fold-column.ts";
import { FoldNotes } from "./fold-notes.ts";
import { type FoldPlan, foldsOf } from "./folds.ts";
import { rowsWhere } from "./rows-where.ts";

/** How rows are left out by folds. */
export interface KFoldOptions extends KFoldSettings {
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Fits a table, on the engine that the caller has. */
export type RunFit = (input: TableInput, options: Omit<RunOptions, "checkpoint">) => Promise<Posterior>;

/** What is asked of a fit, and with what. */
interface Asked {
  readonly fit: Posterior;
  readonly source: TableSource;
  readonly settled: ReturnType<typeof settle>;
  readonly signal?: AbortSignal;
  readonly onProgress: ProgressReporter | undefined;
}

/**
 * K-fold cross-validation: the model is fitted K times with the options of the fit, each time without the rows of one fold, and the
 * log densities of these are computed under that fit: elpd = Σ_n log (1/S) Σ_s p(y_n | θ_s^(−k(n))).
 *
 * @throws InputError where the rows are not the fit's, an option cannot be used, or a fold cannot be fitted or scored; the signal's
 * reason when it is aborted
 */
export async function kFoldOf(
  fit: Posterior,
  source: TableSource,
  options: KFoldOptions,
  runFit: RunFit,
): Promise<KFold> {
  const settled = settle(options);
  requireRecipe(fit);
  if (fit.options === undefined)
    throw new InputError("The fit was saved by an earlier version, without its options: fit again to leave out folds.");
  const onProgress = progressReporter(options.onProgress);
  const asked: Asked = { fit, source, settled, ...(options.signal && { signal: options.signal }), onProgress };
  const { rows, folds, whole, prints } = await readWhole(asked);
  const foldOfRow = new Int32Array(rows.at(-1)!).fill(-1);
  rows.forEach((row, i) => {
    foldOfRow[row - 1] = folds[i];
  });
  const notes = new FoldNotes(settled.foldBy !== undefined);
  const densities = new Float64Array(rows.length);
  const summaries: FoldSummary[] = [];
  for (let k = 0; k < settled.kFold; k++) {
    const own = [...folds.keys()].filter((i) => folds[i] === k);
    const { values, verdict } = await leaveOut(asked, { k, foldOfRow, count: own.length }, notes, runFit);
    own.forEach((i, at) => {
      densities[i] = values[at];
    });
    summaries.push({ fold: k + 1, rows: own.length, elpd: values.reduce((sum, value) => sum + value, 0), verdict });
  }
  onProgress?.finish();
  const elpd = estimateSum(densities, rows.length);
  const failed = summaries.filter(({ verdict }) => verdict === "failed").map(({ fold }) => fold);
  return {
    ic: "kfold",
    elpd_kfold: elpd.sum,
    se: elpd.se,
    p_kfold: whole - elpd.sum,
    kfoldic: -2 * elpd.sum,
    n_samples: fit.settings.chains * fit.settings.draws,
    n_data_points: rows.length,
    warning: failed.length > 0,
    scale: "log",
    density: families[fit.recipe.family].target === "numbers" ? "density" : "probability",
    row: Float64Array.from(rows),
    kfold_i: densities,
    fold: Float64Array.from(folds, (k) => k + 1),
    folds: summaries,
    prints,
    warnings: [...notes.sentences(failed), ...modelWarnings({ ...fit, recipe: { ...fit.recipe, groups: undefined } })],
  };
}

function settle(options: KFoldOptions) {
  requireObject(options, "The options of K-fold", "an object of them, such as { kFold: 5 }, or leave it out");
  requireListening(options);
  requireAccepted(kFoldOptions, options, ["signal", "onProgress"]);
  const { foldBy, stratify } = options;
  if (foldBy !== undefined && stratify !== undefined)
    throw new InputError("--fold-by keeps rows together, and --stratify shares them out: give one of them.");
  const defaults = withDefaults(kFoldOptions, options, ["kFold", "posteriorDraws", "seed", "unknownLevels"]);
  return { ...defaults, foldBy, stratify };
}

/** The rows of the fit with a fold for each, and Σ log p(y) under the fit of all of them. */
async function readWhole({ fit, source, settled, signal, onProgress }: Asked) {
  const { kFold, foldBy, stratify, posteriorDraws, seed } = settled;
  const by = foldBy ?? stratify;
  const reader = new FittedRows(fit, source, signal ? { signal } : {});
  const column = new FoldColumn(by, source);
  const densities = new RowDensities(fit, posteriorDraws, { seed, groups: "known" });
  const rows: number[] = [];
  const groupOf: number[] = [];
  let whole = 0;
  for await (const chunk of reader.read("reading the rows", onProgress, by === undefined ? [] : [by])) {
    chunk.places.forEach((i, k) => {
      rows.push(chunk.numbers[k]);
      groupOf.push(column.groupOf(chunk.chunk, chunk.rows.indices[i], chunk.numbers[k]));
      whole += logMeanExp(densities.read(chunk.rows, i));
      densities.requireFinite(chunk.numbers[k]);
    });
  }
  const plan: FoldPlan = {
    count: kFold,
    ...(by !== undefined && { by: foldBy === undefined ? "shared" : "together" }),
  };
  const folds = foldsOf(Int32Array.from(groupOf), plan, createRandom(seed, 0, 21));
  return { rows, folds, whole, prints: reader.prints.prints };
}

interface Fold {
  /** From 0. */
  readonly k: number;
  /** Of each of the table's rows, −1 for those that the fit left out. */
  readonly foldOfRow: Int32Array;
  readonly count: number;
}

/** Fits the rows of the other folds, and scores those of one. */
async function leaveOut(
  { fit, source, settled, signal, onProgress }: Asked,
  { k, foldOfRow, count }: Fold,
  notes: FoldNotes,
  runFit: RunFit,
): Promise<{ readonly values: Float64Array; readonly verdict: FoldSummary["verdict"] }> {
  const { recipe } = fit;
  const label = `fold ${k + 1} of ${settled.kFold}`;
  const others = rowsWhere(source, (row) => foldOfRow[row] >= 0 && foldOfRow[row] !== k);
  const input = { data: others, formula: recipe.terms };
  const posterior = await saying(label, () =>
    runFit(input, {
      ...fit.options,
      family: recipe.family,
      ...(recipe.groups && { effects: true }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (stage, fraction, event) => onProgress(`${label}: ${stage}`, fraction, event) }),
    }),
  );
  const held = rowsWhere(source, (row) => foldOfRow[row] === k);
  const { unknownLevels, posteriorDraws, seed } = settled;
  const encoder = new RowEncoder(posterior.recipe, held, { unknownLevels, ...(signal && { signal }) });
  const densities = new RowDensities(posterior, posteriorDraws, { seed, groups: "known" });
  const values = new Float64Array(count);
  let at = 0;
  await saying(label, async () => {
    for await (const rows of encoder.encode())
      for (let i = 0; i < rows.indices.length; i++) {
        if (Number.isNaN(rows.target![i])) throw lacksClass(encoder);
        values[at++] = logMeanExp(densities.read(rows, i));
      }
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (at !== count || bad >= 0)
      throw new InputError("A row that was left out has no density under the fit to the others.");
  });
  notes.add(encoder, densities.newLevels);
  return { values, verdict: posterior.certificate.verdict };
}

function lacksClass({ unusableTargets }: RowEncoder): InputError {
  const [level] = unusableTargets.keys();
  return new InputError(
    `The rows of the other folds have no class ${JSON.stringify(level)}: give a smaller --k-fold, or --stratify by the target.`,
  );
}

/** @throws as `work`, with the fold in the sentence */
async function saying<Result>(label: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`In ${label}, whose rows are counted from 1: ${error.message}`);
  }
}
