import { probabilityOf } from "../../src/formula/event.ts";
import type { ComparedFit, FitComparison } from "../../src/loo/compare-fits.ts";
import type { FoldSummary, KFold } from "../../src/loo/k-fold-result.ts";
import type { Loo } from "../../src/loo/loo.ts";
import type { ShapeCount } from "../../src/loo/shape-counts.ts";
import type { PredictiveFit } from "../../src/prediction/predictive-fit.ts";
import { integer, type RenderOptions, renderTable, type TableColumn, wrap } from "./table.ts";
import { visible, visibleTexts } from "./visible.ts";

type Options = RenderOptions & { readonly out?: string };

/** What a person sees of how well a fit predicts rows that were left out. */
export function renderLoo(
  { recipe: { formula, family, target } }: Pick<PredictiveFit, "recipe">,
  given: Loo | KFold,
  options: Options,
): string {
  const result = visibleTexts(given);
  return sections(
    [
      [
        `${visible(formula)}   [${family}]`,
        ...(target.event === undefined ? [] : [`probability: ${visible(probabilityOf(target.event))}`]),
        ...aboutOf([given], options),
      ].join("\n"),
      sumsOf(result, options),
      result.ic === "loo" ? shapesOf(result.k_counts, options) : foldsOf(result.folds, options),
    ],
    result.warnings,
    options,
  );
}

/** The same of several fits, best first. */
export function renderComparedFits(
  given: FitComparison | FitComparison<"kfold">,
  results: Readonly<Record<string, Loo | KFold>>,
  options: Options,
): string {
  const { fits, ic, warnings, n_rows_left_out, n_data_points } = visibleTexts(given);
  const two = (value: number) => value.toFixed(2);
  type Row = ComparedFit & ComparedFit<"kfold">;
  const columns: TableColumn<Row>[] = [
    { title: "rank", rank: 3, cell: ({ rank }) => String(rank) },
    { title: `elpd_${ic}`, rank: 8, cell: (own) => two(own[`elpd_${ic}`]) },
    { title: `p_${ic}`, rank: 2, cell: (own) => two(own[`p_${ic}`]) },
    { title: "elpd_diff", rank: 9, cell: ({ elpd_diff }) => two(elpd_diff) },
    { title: "dse", rank: 9, cell: ({ dse }) => two(dse) },
    ...(n_rows_left_out < n_data_points
      ? [{ title: "sampling", rank: 7, cell: (own: Row) => two(own.subsampling_dse) }]
      : []),
    { title: "weight", rank: 6, cell: ({ weight }) => weight.toFixed(3) },
    { title: "se", rank: 5, cell: ({ se }) => two(se) },
    { title: "warning", rank: 4, cell: ({ warning }) => (warning ? "yes" : "no") },
  ];
  const table = renderTable(fits as readonly Row[], ({ name }) => visible(name), columns, { ...options, minName: 12 });
  const note =
    n_rows_left_out < n_data_points
      ? wrap(
          "sampling: the standard error of elpd_diff that comes of leaving out a sample of the rows",
          widthOf(options),
        ).trimStart()
      : undefined;
  const parts = [aboutOf(Object.values(results), options).join("\n"), table, ...(note ? [note] : [])];
  return sections(parts, warnings, options);
}

const widthOf = ({ width }: RenderOptions) => Math.max(40, Math.min(width, 110));

function sections(parts: readonly string[], warnings: readonly string[], options: Options): string {
  const said = warnings.map((warning) => wrap(`! ${warning}`, widthOf(options))).join("\n");
  return `${[...parts, ...(said === "" ? [] : [said])].join("\n\n")}\n`;
}

/** What was left out, and how. */
function aboutOf([first, ...others]: readonly (Loo | KFold)[], options: Options): string[] {
  const rows = integer(first.n_data_points);
  const draws = [...new Set([first, ...others].map(({ n_samples }) => integer(n_samples)))].join(" or ");
  const how =
    first.ic === "kfold"
      ? `${first.folds.length}-fold cross-validation over ${rows} rows`
      : first.n_rows_left_out < first.n_data_points
        ? `leave-one-out by importance sampling: ${integer(first.n_rows_left_out)} of ${rows} rows, and an approximation for all of them`
        : `leave-one-out by importance sampling over ${rows} rows`;
  const lines = [wrap(`${how} · ${draws} draws`, widthOf(options)).trimStart()];
  return options.out === undefined ? lines : [...lines, `rows written to ${options.out}`];
}

interface Sum {
  readonly name: string;
  readonly estimate: number;
  readonly se?: number;
  readonly sampling?: number;
}

function sumsOf(result: Loo | KFold, options: RenderOptions): string {
  const isLoo = result.ic === "loo";
  const isSample = isLoo && result.n_rows_left_out < result.n_data_points;
  const sampling = isLoo ? result.subsampling_se : 0;
  const rows: Sum[] = isLoo
    ? [
        { name: "elpd_loo", estimate: result.elpd_loo, se: result.se, sampling },
        { name: "p_loo", estimate: result.p_loo, sampling: result.p_loo_subsampling_se },
        { name: "looic", estimate: result.looic, se: 2 * result.se, sampling: 2 * sampling },
      ]
    : [
        { name: "elpd_kfold", estimate: result.elpd_kfold, se: result.se },
        { name: "p_kfold", estimate: result.p_kfold },
        { name: "kfoldic", estimate: result.kfoldic, se: 2 * result.se },
      ];
  const cell = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(2));
  const columns: TableColumn<Sum>[] = [
    { title: "estimate", rank: 9, cell: ({ estimate }) => cell(estimate) },
    { title: "se", rank: 8, cell: ({ se }) => cell(se) },
    ...(isSample ? [{ title: "sampling", rank: 7, cell: (own: Sum) => cell(own.sampling) }] : []),
  ];
  const note = "sampling: the standard error that comes of leaving out a sample of the rows";
  const table = renderTable(rows, ({ name }) => name, columns, options);
  return isSample ? `${table}\n${wrap(note, widthOf(options)).trimStart()}` : table;
}

function shapesOf(counts: readonly ShapeCount[], options: RenderOptions): string {
  const bound = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : value < 0 ? "-Inf" : "Inf");
  const columns: TableColumn<ShapeCount>[] = [
    { title: "rows", rank: 9, cell: ({ rows }) => integer(rows) },
    { title: "share", rank: 8, cell: ({ share }) => `${(100 * share).toFixed(1)}%` },
  ];
  const nameOf = ({ low, high, label }: ShapeCount) =>
    `(${bound(low)}, ${bound(high)}${Number.isFinite(high) ? "]" : ")"}`.padEnd(14) + label;
  return `Pareto k\n${renderTable(counts, nameOf, columns, { ...options, minName: 24 })}`;
}

function foldsOf(folds: readonly FoldSummary[], options: RenderOptions): string {
  const columns: TableColumn<FoldSummary>[] = [
    { title: "rows", rank: 8, cell: ({ rows }) => integer(rows) },
    { title: "elpd", rank: 9, cell: ({ elpd }) => elpd.toFixed(2) },
    { title: "certificate", rank: 7, cell: ({ verdict }) => verdict },
  ];
  return `Folds\n${renderTable(folds, ({ fold }) => String(fold), columns, options)}`;
}
