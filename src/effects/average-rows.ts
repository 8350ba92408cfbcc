import { progressReporter, type ReportProgress } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import { tellRows, whilePreparing } from "../prediction/telling-rows.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import { ByGroups } from "./by-groups.ts";
import { warningsOfEffects } from "./effect-warnings.ts";
import type { EffectOptions, SettledEffectOptions } from "./effects-options.ts";
import { type EffectEstimate, posteriorOfEffect } from "./estimates.ts";
import { Evaluation } from "./evaluation.ts";
import type { EffectPlan, PlannedEstimate } from "./plan.ts";
import type { SettledQuestion } from "./question.ts";
import { CoarseAverages, FineAverages } from "./row-averages.ts";
import { RowSample } from "./row-sample.ts";
import { type ChooseRows, VariedRowReader, type VariedRows } from "./varied-rows.ts";

/** What is asked of the rows. */
export interface Asked {
  readonly plan: EffectPlan;
  readonly question: SettledQuestion;
  readonly settled: SettledEffectOptions;
  readonly options: EffectOptions;
}

/** Draws that g is averaged over (`CoarseAverages`). */
const coarseDraws = 8;
/** Numbers that are held at once, 256 MiB of them. */
const maxNumbers = 2 ** 25;

/** What averaging over rows comes to. */
export interface Averaged {
  readonly effects: readonly EffectEstimate[];
  /** S */
  readonly draws: number;
  readonly rows: { readonly rows: number; readonly sampledRows: number; readonly missingRows: number };
  readonly warnings: readonly string[];
}

/**
 * Averages a table's rows twice: all of them at a few draws, and then as many as take no more than seconds at all draws.
 * @throws InputError where a value cannot be used, or nothing is left to average over
 */
export async function averageRows(fit: PredictiveFit, source: TableSource, asked: Asked): Promise<Averaged> {
  const { plan, question, settled, options } = asked;
  const { by, seed, posteriorDraws } = settled;
  const onProgress = progressReporter(options.onProgress);
  const groups = new ByGroups(by, source);
  const readRows = () =>
    new VariedRowReader(
      fit.recipe,
      source,
      plan.variants,
      { names: by, groups },
      {
        unknownLevels: settled.unknownLevels,
        readGroups: question.groups === "known",
        ...(options.signal && { signal: options.signal }),
      },
    );
  const numVariants = plan.variants.length;
  const chains = numChainsOf(fit);
  // As many of each chain, where there are enough.
  const wanted = posteriorDraws < chains ? posteriorDraws : posteriorDraws - (posteriorDraws % chains);
  const evaluationAt = (draws: number) => new Evaluation(fit, draws, { ...settled, groups: question.groups });
  const [all, few] = [evaluationAt(wanted), evaluationAt(coarseDraws)];
  const coarse = new CoarseAverages(few, numVariants);
  const reader = readRows();
  await visit(
    reader,
    source,
    { onProgress, stage: "reading the rows" },
    (rows) => coarse.add(rows),
    (own) => {
      coarse.count(own);
      return undefined;
    },
  );
  requireRows(reader, source, coarse.counts);
  requireRoom(coarse.counts.length * numVariants * all.values.length);
  const size = sampleSize(settled.rows, numVariants * all.values.length * (8 + fit.recipe.blocks.length / 2));
  const sample = new RowSample({ all: coarse.allCounts, complete: coarse.counts }, size, seed);
  const isSample = !sample.isWhole;
  const fine = new FineAverages(all, coarse, { numVariants, estimates: plan.estimates }, isSample);
  await visit(
    readRows(),
    source,
    { onProgress, stage: "averaging" },
    (rows) => fine.add(rows),
    (own) => (isSample ? sample.choose(own) : undefined),
  );
  onProgress?.finish();
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + (count ?? 0), 0);
  const missingRows = reader.encoder.missingRows + reader.withoutGroup;
  const rows = { rows: sum(coarse.counts), sampledRows: sum(fine.counts), missingRows };
  const { effects, notes } = estimatesOf(fit, { plan, fine, coarse, groups }, settled.interval);
  const about = { reader, recipe: fit.recipe, newLevels: few.newLevels, numVariants, rows, isSample };
  return { effects, draws: all.numDraws, rows, warnings: [...notes, ...warningsOfEffects(effects, about)] };
}

const numChainsOf = ({ draws }: PredictiveFit) => draws.values().next().value?.length ?? 1;

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
  add: (rows: VariedRows) => void,
  choose: ChooseRows,
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

interface Sums {
  readonly plan: EffectPlan;
  readonly fine: FineAverages;
  readonly coarse: CoarseAverages;
  readonly groups: ByGroups;
}

/** Every estimate of every group of rows and class, and sentences on those that say little. */
function estimatesOf(fit: PredictiveFit, { plan, fine, coarse, groups }: Sums, interval: number) {
  const { target } = fit.recipe;
  const classes: readonly (string | undefined)[] = target.kind === "classes" ? target.levels : [undefined];
  const order = groups.inOrder().filter((group) => coarse.counts[group] > 0);
  const chains = numChainsOf(fit);
  const notes = new Set<string>();
  const effects = plan.estimates.flatMap((estimate, e) =>
    order.flatMap((group) =>
      classes.map((level, k): EffectEstimate => {
        const { places, of, none, ...names } = estimate;
        const averages = places.map((place) => fine.average(group, place, k));
        if (isRatioAboutZero(estimate, averages)) notes.add(ratioNote(estimate));
        const draws = averages[0].map((_, s) => of(averages.map((own) => own[s])));
        const numChains = draws.length % chains === 0 ? chains : 1;
        return {
          ...names,
          by: groups.labels[group],
          ...(level !== undefined && { class: level }),
          rows: coarse.counts[group],
          ...posteriorOfEffect(draws, { numChains, interval, none }),
          rowError: fine.rowError(group, e, k),
        };
      }),
    ),
  );
  return { effects, notes: [...notes] };
}

/** Whether what a ratio divides by is below 0 at some draws, where the ratio has another sign, and no bounds. */
function isRatioAboutZero({ comparison }: PlannedEstimate, averages: readonly Float64Array[]): boolean {
  return comparison === "ratio" && averages[1].some((own) => own <= 0);
}

const ratioNote = ({ term, contrast }: PlannedEstimate) =>
  `The ratio ${term}: ${contrast} divides by what is 0 or less at some draws, so that it says little; take the difference.`;
