import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { progressReporter, type ReportProgress } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { type PredictiveFit, requireFit } from "../prediction/predictive-fit.ts";
import { tellRows, whilePreparing } from "../prediction/telling-rows.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import { ByGroups } from "./by-groups.ts";
import { warningsOfEffects } from "./effect-warnings.ts";
import { type EffectOptions, type SettledEffectOptions, settleEffectOptions } from "./effects-options.ts";
import { type EffectEstimate, type HypothesisEstimate, posteriorOfEffect } from "./estimates.ts";
import { Evaluation } from "./evaluation.ts";
import { hypothesisDraws } from "./hypotheses.ts";
import { type EffectPlan, planEffects } from "./plan.ts";
import { type SettledQuestion, settleQuestion } from "./question.ts";
import { CoarseAverages, FineAverages } from "./row-averages.ts";
import { RowSample } from "./row-sample.ts";
import { type Condition, typicalRow } from "./typical-row.ts";
import { VariedRowReader } from "./varied-rows.ts";

export type { EffectOptions } from "./effects-options.ts";

/** Answers to what was asked of a fit. */
export interface Effects {
  /** What effects are of: E[y | x] or the probability ("response"), or the linear predictor ("link"). */
  readonly scale: "response" | "link";
  /** Probability of the intervals. */
  readonly interval: number;
  /** Draws of the posterior that effects are computed with. */
  readonly draws: number;
  /** Which groups of a multilevel model predictions are of; absent of other models. */
  readonly groups?: "known" | "new" | "population";
  /** Complete rows of the data that are averaged over; absent without data. */
  readonly rows?: number;
  /** Of these the rows that are averaged over at all draws. */
  readonly sampledRows?: number;
  /** Rows that were left out, as a value is missing. */
  readonly missingRows?: number;
  /** Without data: what the columns are held at. */
  readonly conditions?: readonly Condition[];
  readonly effects: readonly EffectEstimate[];
  readonly hypotheses: readonly HypothesisEstimate[];
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/**
 * Effects of a fit: predictions at changed rows, averaged over the rows of a table, or of the row that stands for those of the
 * fit, and what is computed of the averages draw by draw. Memory does not grow with rows × draws.
 *
 * @throws InputError where an option does not go with the fit, the table cannot be used, or the fit lacks what is needed; the
 * signal's reason when it is aborted
 */
export async function effectsOf(fit: PredictiveFit, options: EffectOptions = {}, data?: TableSource): Promise<Effects> {
  requireFit(fit);
  const settled = settleEffectOptions(options);
  if (fit.recipe.version !== recipeVersion)
    throw new InputError("The fit's description of its columns is of another version of ornstein; fit again.");
  const { interval, scale } = settled;
  const hypotheses = hypothesisEstimates(fit, settled);
  const question = settleQuestion(fit, settled, data !== undefined);
  const numChains = chainsOf(fit).length;
  if (question.isEmpty)
    return { scale, interval, draws: numChains * chainsOf(fit)[0].length, effects: [], hypotheses, warnings: [] };
  const plan = planEffects(question);
  const typical = data ? undefined : typicalRow(columnsRead(question), question.at, isReplaced(question));
  const source = data ?? typical!.source;
  const averaged = await averagesOver(fit, source, { plan, question, settled, options });
  const effects = averaged.estimates(numChains);
  return {
    scale,
    interval,
    draws: averaged.draws,
    ...(fit.recipe.groups && { groups: question.groups }),
    ...(data ? averaged.rows : { conditions: typical!.conditions }),
    effects,
    hypotheses,
    warnings: [...plan.notes, ...averaged.warnings(effects)],
  };
}

const chainsOf = ({ draws }: PredictiveFit): readonly Float64Array[] => draws.values().next().value ?? [];

function hypothesisEstimates(fit: PredictiveFit, { hypotheses, interval }: SettledEffectOptions): HypothesisEstimate[] {
  return hypothesisDraws(fit, hypotheses).map(({ text, relation, draws }) => {
    const pooled = Float64Array.from(draws.flatMap((chain) => [...chain]));
    const own = posteriorOfEffect(pooled, { numChains: draws.length, interval, none: 0 });
    const isBelow = relation === "<";
    const probability = isBelow ? 1 - own.probability! : own.probability;
    return { hypothesis: text, ...own, probability, relation: isBelow ? "< 0" : "> 0" };
  });
}

/** The columns that a row of its own needs. */
function columnsRead({ columns, groups }: SettledQuestion) {
  return [...columns.values()].filter(({ isGrouping }) => !isGrouping || groups === "known");
}

/** Whether every prediction sets the column, so that it is held nowhere. */
function isReplaced({ of }: SettledQuestion): (name: string) => boolean {
  return (name) => of.length === 1 && of[0].name === name && of[0].kind !== "number";
}

interface Asked {
  readonly plan: EffectPlan;
  readonly question: SettledQuestion;
  readonly settled: SettledEffectOptions;
  readonly options: EffectOptions;
}

/** Draws that g is averaged over (`CoarseAverages`). */
const coarseDraws = 8;
/** Numbers that are held at once, 256 MiB of them. */
const maxNumbers = 2 ** 25;

async function averagesOver(fit: PredictiveFit, source: TableSource, { plan, question, settled, options }: Asked) {
  const { by, seed, scale, posteriorDraws } = settled;
  const onProgress = progressReporter(options.onProgress);
  const byGroups = new ByGroups(by, source);
  const evaluationOptions = { scale, groups: question.groups, seed };
  const numChains = chainsOf(fit).length;
  // As many of each chain, where there are enough.
  const wanted = posteriorDraws < numChains ? posteriorDraws : posteriorDraws - (posteriorDraws % numChains);
  const fineEvaluation = new Evaluation(fit, wanted, evaluationOptions);
  const coarseEvaluation = new Evaluation(fit, coarseDraws, evaluationOptions);
  const readRows = () =>
    new VariedRowReader(
      fit.recipe,
      source,
      plan.variants,
      { names: by, groups: byGroups },
      { unknownLevels: settled.unknownLevels, readGroups: question.groups === "known", signal: options.signal },
    );
  const numVariants = plan.variants.length;
  const coarse = new CoarseAverages(coarseEvaluation, numVariants);
  const reader = readRows();
  await visit(
    reader,
    source,
    { onProgress, stage: "reading the rows" },
    (rows) => coarse.add(rows),
    (groups) => {
      coarse.count(groups);
      return undefined;
    },
  );
  requireRows(reader, source, coarse.counts);
  const { numDraws, numOutputs } = fineEvaluation;
  requireRoom(coarse.counts.length * numVariants * numOutputs * numDraws);
  const size = sampleSize(settled.rows, numVariants * numDraws * numOutputs * (8 + fit.recipe.blocks.length / 2));
  const sample = new RowSample({ all: coarse.allCounts, complete: coarse.counts }, size, seed);
  const isSample = !sample.isWhole;
  const fine = new FineAverages(fineEvaluation, coarse, { numVariants, estimates: plan.estimates }, isSample);
  await visit(
    readRows(),
    source,
    { onProgress, stage: "averaging" },
    (rows) => fine.add(rows),
    (groups) => (isSample ? sample.choose(groups) : undefined),
  );
  onProgress?.finish();
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + (count ?? 0), 0);
  const rows = {
    rows: sum(coarse.counts),
    sampledRows: sum(fine.counts),
    missingRows: reader.encoder.missingRows + reader.withoutGroup,
  };
  const order = byGroups.inOrder().filter((group) => coarse.counts[group] > 0);
  return {
    draws: numDraws,
    rows,
    estimates: (chains: number) =>
      estimatesOf(fit, { plan, fine, coarse, order, labels: byGroups.labels }, { chains, interval: settled.interval }),
    warnings: (effects: readonly EffectEstimate[]) =>
      warningsOfEffects(effects, {
        reader,
        recipe: fit.recipe,
        newLevels: coarseEvaluation.newLevels,
        numVariants,
        rows,
        isSample,
      }),
  };
}

/** Rows that are averaged over at all draws: all of them where that takes a few seconds. */
function sampleSize(rows: number | "auto" | "all", workOfRow: number): number {
  if (rows !== "auto") return rows === "all" ? Number.POSITIVE_INFINITY : rows;
  return Math.max(1000, Math.floor(work / workOfRow));
}
const work = 1e9;

async function visit(
  reader: VariedRowReader,
  source: TableSource,
  { onProgress, stage }: { readonly onProgress: ReportProgress | undefined; readonly stage: string },
  add: (rows: Parameters<FineAverages["add"]>[0]) => void,
  choose: Parameters<VariedRowReader["read"]>[0],
): Promise<void> {
  const rows = reader.read(choose);
  for (;;) {
    const isFirst = reader.encoder.rowsRead === 0;
    const next = await whilePreparing(source, isFirst ? onProgress : undefined, () => rows.next());
    if (next.done) return;
    add(next.value);
    tellRows(onProgress, stage, source, reader.encoder.rowsRead);
  }
}

/** @throws InputError where no row is left to average over */
function requireRows(
  { encoder }: VariedRowReader,
  { label = "the data" }: TableSource,
  counts: readonly number[],
): void {
  if (encoder.rowsRead === 0) throw new InputError(`There are no rows in ${label}; check the file or the query.`);
  if (counts.some((count) => count > 0)) return;
  const missing = [...encoder.missing].sort((a, b) => b[1] - a[1]).map(([name]) => `"${name}"`);
  const where = missing.length > 0 ? `, most often in ${missing[0]}` : "";
  throw new InputError(
    `Every row of ${label} misses a value that the effects need${where}, so there is none to average over.`,
  );
}

function requireRoom(numbers: number): void {
  if (numbers <= maxNumbers) return;
  throw new InputError(
    `${formatCount(numbers)} averages are wanted at once (groups × values × draws), and ${formatCount(maxNumbers)} are the most: give fewer values, fewer groups, or fewer --posterior-draws.`,
  );
}

interface Averaged {
  readonly plan: EffectPlan;
  readonly fine: FineAverages;
  readonly coarse: CoarseAverages;
  /** Groups with rows, in the order of their values. */
  readonly order: readonly number[];
  readonly labels: ByGroups["labels"];
}

function estimatesOf(
  { recipe }: PredictiveFit,
  { plan, fine, coarse, order, labels }: Averaged,
  { chains, interval }: { readonly chains: number; readonly interval: number },
): EffectEstimate[] {
  const classes: readonly (string | undefined)[] =
    recipe.target.kind === "classes" ? recipe.target.levels : [undefined];
  return plan.estimates.flatMap(({ places, of, none, ...names }, e) =>
    order.flatMap((group) =>
      classes.map((level, k): EffectEstimate => {
        const averages = places.map((place) => fine.average(group, place, k));
        const draws = averages[0].map((_, s) => of(averages.map((own) => own[s])));
        const numChains = draws.length % chains === 0 ? chains : 1;
        return {
          ...names,
          by: labels[group],
          ...(level !== undefined && { class: level }),
          rows: coarse.counts[group],
          ...posteriorOfEffect(draws, { numChains, interval, none }),
          rowError: fine.rowError(group, e, k),
        };
      }),
    ),
  );
}
