import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { probabilityOf } from "../../src/formula/event.ts";
import type { PredictionSummary } from "../../src/prediction/predict.ts";
import type { PredictiveFit } from "../../src/prediction/predictive-fit.ts";
import type { PredictionColumns, PredictionScores } from "../../src/prediction/row-predictor.ts";
import { short } from "./short-numbers.ts";
import { integer, type RenderOptions, renderTable, type TableColumn, wrap } from "./table.ts";
import { visible, visibleTexts } from "./visible.ts";

/** The predictions of the first rows. */
export interface FirstRows {
  numRows: number;
  columns: PredictionColumns;
}

/** What intervals are quantiles of. */
interface IntervalOptions {
  /** Their probability. */
  readonly interval: number;
  readonly draws: number;
}

/** What a person sees of predictions: the first rows, how good they are where that can be known, and what to heed. */
export function renderPrediction(
  { recipe: { formula, family, target } }: PredictiveFit,
  firstRows: FirstRows,
  given: PredictionSummary,
  options: RenderOptions & IntervalOptions & { readonly out?: string },
): string {
  const first = visibleTexts(firstRows);
  const { rows, missingRows, scores, warnings } = visibleTexts(given);
  const where = options.out === undefined ? "" : `; written to ${options.out}`;
  const header = [
    `${visible(formula)}   [${family}]`,
    ...(target.event === undefined ? [] : [`probability: ${visible(probabilityOf(target.event))}`]),
    `${integer(rows - missingRows)} of ${integer(rows)} rows predicted${where}`,
  ].join("\n");
  const width = Math.max(40, Math.min(options.width, 110));
  const sections = [
    header,
    renderFirst(first, rows, options),
    ...(scores
      ? [renderScores(scores, options), renderCalibration(scores, options), renderChecks(scores, options)]
      : []),
    ...(warnings.length > 0 ? [warnings.map((warning) => wrap(`! ${warning}`, width)).join("\n")] : []),
  ];
  return `${sections.join("\n\n")}\n`;
}

function renderFirst({ numRows, columns }: FirstRows, total: number, options: RenderOptions & IntervalOptions): string {
  const errorOfEnd = (name: string, i: number) => {
    const kind = /^(.*)_(?:low|high)/.exec(name)?.[1];
    const [low, high] = ["low", "high"].map((end) => columns[name.replace(/_(?:low|high)/, `_${end}`)]?.[i]);
    if (kind === undefined || typeof low !== "number" || typeof high !== "number") return null;
    return (high - low) * relativeErrorOfEnd(options);
  };
  const places = Array.from({ length: numRows }, (_, i) => i);
  const names = Object.keys(columns);
  const tableColumns = names.map(
    (name, j): TableColumn<number> => ({
      title: name,
      // Intervals go together where the terminal is narrow, and draws and later classes first.
      rank:
        name.endsWith("_low") || name.endsWith("_high")
          ? name.startsWith("predictive")
            ? 5
            : 4
          : names.length > 8
            ? 8 - j
            : 9 - j / 10,
      cell: (i) => cellOf(columns[name][i], errorOfEnd(name, i)),
    }),
  );
  const table = renderTable(places, (i) => `row ${integer(i + 1)}`, tableColumns, { ...options, minName: 8 });
  return total > numRows ? `${table}\n… and ${integer(total - numRows)} more` : table;
}

function cellOf(value: number | string | null, error: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  return typeof value === "string" ? value : short(value, error);
}

/** Monte Carlo error of an end, in widths of the interval: that of a normal law's quantile, √(α (1 − α)/n) / φ(z) over 2 z. */
function relativeErrorOfEnd({ interval, draws }: IntervalOptions): number {
  const outside = (1 - interval) / 2;
  const z = -normalQuantile(outside, 0, 1);
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return Math.sqrt((outside * (1 - outside)) / draws) / (density * 2 * z);
}

const percent = (fraction: number) => `${(100 * fraction).toFixed(1)}%`;

function renderScores(scores: PredictionScores, options: RenderOptions): string {
  const { logScore, logScoreError } = scores;
  const error = logScoreError === null ? "" : ` ± ${short(logScoreError)}`;
  const parts = [`log score ${short(logScore)}${error} a row`];
  if ("rmse" in scores) parts.push(`rmse ${short(scores.rmse)}`, `mae ${short(scores.mae)}`);
  else parts.push(`accuracy ${percent(scores.accuracy)}`, `Brier score ${short(scores.brier)}`);
  return wrap(
    `Scores of ${integer(scores.rows)} ${scores.rows === 1 ? "row" : "rows"}: ${parts.join(" · ")}`,
    options.width,
  ).trimStart();
}

function renderCalibration(scores: PredictionScores, options: RenderOptions): string {
  if ("coverage" in scores) {
    const table = renderTable(
      scores.coverage,
      ({ level }) => `${percent(level)} interval`,
      [{ title: "holds", rank: 1, cell: ({ observed }) => percent(observed) }],
      options,
    );
    return `Calibration: targets within central predictive intervals\n${table}`;
  }
  const bins = scores.reliability.filter(({ count }) => count > 0);
  const table = renderTable(
    bins,
    ({ low, high }) => `${low.toFixed(1)} – ${high.toFixed(1)}`,
    [
      { title: "rows", rank: 1, cell: ({ count }) => integer(count) },
      { title: "predicted", rank: 2, cell: ({ predicted }) => predicted!.toFixed(3) },
      { title: "came true", rank: 3, cell: ({ observed }) => observed!.toFixed(3) },
    ],
    options,
  );
  const error = `expected calibration error ${percent(scores.expectedCalibrationError)}`;
  return `Calibration by predicted probability: ${error}\n${table}`;
}

function renderChecks({ checks }: PredictionScores, options: RenderOptions): string {
  const table = renderTable(
    checks,
    ({ statistic }) => statistic,
    [
      { title: "observed", rank: 4, cell: ({ observed }) => short(observed) },
      { title: "replicated", rank: 3, cell: ({ replicated }) => short(replicated) },
      { title: "5%", rank: 1, cell: ({ low }) => short(low) },
      { title: "95%", rank: 1, cell: ({ high }) => short(high) },
      { title: "p", rank: 5, cell: ({ pValue }) => pValue.toFixed(3) },
    ],
    options,
  );
  return `Posterior predictive checks\n${table}`;
}
