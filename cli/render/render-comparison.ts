import { styleText } from "node:util";
import type { Comparison, SamplerComparison } from "../../src/fit/comparison/comparison.ts";
import { renderModel } from "./render-model.ts";
import { integer, type RenderOptions, renderTable, type TableColumn, wrap } from "./table.ts";
import { visibleTexts } from "./visible.ts";

/** What a person sees of a comparison: what the samplers were measured against, the table, and how to read it. */
export function renderComparison(given: Comparison, options: RenderOptions): string {
  const comparison = visibleTexts(given);
  const { samplers, timing } = comparison;
  const width = Math.max(40, Math.min(options.width, 110));
  const done = samplers.filter(({ settings }) => settings !== null);
  const sections = [
    renderHeader(comparison, width),
    done.length > 0 ? renderTable(done, titleOf, tableColumns, { ...options, minName: 26 }) : "",
    samplers
      .filter(({ message }) => message !== undefined)
      .map((row) => wrap(`${bold(titleOf(row), options)}: ${row.message}`, width))
      .join("\n"),
    done.length > 0 ? legend.map((line) => wrap(line, width)).join("\n") : "",
    wrap(
      `load ${seconds(timing.load)} · estimate ${seconds(timing.estimate)} · reference ${seconds(timing.reference)} · samplers ${seconds(timing.samplers)} · total ${seconds(timing.total)}`,
      width,
    ),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** A sampler's name with its preconditioner. */
export function titleOf({ sampler, preconditioner }: SamplerComparison): string {
  return preconditioner === null ? sampler : `${sampler} ${preconditioner}`;
}

/** Whether the Monte Carlo error of the two runs may well be all there is: twice what it makes on average, or less. */
export function isChance(value: number, byChance: number | undefined): boolean {
  return byChance !== undefined && byChance > 0 && value <= 2 * byChance;
}

const bold = (text: string, { color }: RenderOptions) => (color ? styleText("bold", text) : text);
const seconds = (value: number) => `${value.toFixed(1)} s`;

function renderHeader(comparison: Comparison, width: number): string {
  const { formula, family, data, reference } = comparison;
  const all = integer(data.rows);
  const dropped = data.droppedRows > 0 ? ` (${integer(data.droppedRows)} with a missing value left out)` : "";
  const floor = `its own Monte Carlo error (${integer(reference.ess)} effective draws) makes a KL of ${significant(reference.klFloor)}`;
  const sentence = !Number.isFinite(reference.ess)
    ? `Reference: ${reference.sampler}, the exact posterior of all rows.`
    : reference.rows === data.rows
      ? `Reference: a long run of ${reference.sampler} on all rows; ${floor}.`
      : `Reference: a long run of ${reference.sampler} on ${integer(reference.rows)} of the ${all} rows, drawn at random, as all would take it too long; ${floor}. KL ref, sd error and mean error are measured on those ${integer(reference.rows)} rows; everything else on all ${all}.`;
  return [
    `${formula}   [${family}]`,
    ...renderModel(comparison, width),
    wrap(`${all} rows${dropped}, ${data.columns} columns, on the standardised scale.`, width),
    wrap(sentence, width),
  ].join("\n");
}

const legend = [
  "KL: divergence in nats of a sampler's normal law, from the Laplace approximation as predicted (KL pred) and as measured (KL Laplace), and from the reference (KL ref).",
  "sd error, mean error: the worst of a sd, and of a mean in sds, against the reference. seconds: choosing the settings and running. ESS/s: effective draws a second of the worst coefficient.",
  "~ marks what Monte Carlo error alone may well have made: the error is that or less.",
];

type Pick = (row: SamplerComparison) => number | null;
type ByChance = keyof NonNullable<SamplerComparison["byChance"]>;

/** A column of numbers; `chance` names what Monte Carlo error alone makes of them. */
function column(title: string, rank: number, pick: Pick, say: (value: number) => string, chance?: ByChance) {
  const cell = (row: SamplerComparison) => {
    const value = pick(row);
    if (value === null) return "–";
    return `${chance && isChance(value, row.byChance?.[chance]) ? "~" : ""}${say(value)}`;
  };
  return { title, rank, cell };
}

/** Two digits that count; what is too small to matter is said to be so. */
function significant(value: number): string {
  if (value < 1e-5) return value === 0 ? "0" : "<0.00001";
  if (value >= 9.95) return value >= 1e6 ? value.toExponential(1) : integer(value);
  return value < 0.001 ? value.toFixed(5) : Number(value.toPrecision(2)).toString();
}

const percentage = (value: number) => `${significant(100 * value)}%`;

const tableColumns: readonly TableColumn<SamplerComparison>[] = [
  column("KL pred", 1, (row) => row.kl.laplacePredicted, significant),
  column("KL Laplace", 2, (row) => row.kl.laplaceMeasured, significant, "klLaplace"),
  column("KL ref", 5, (row) => row.kl.reference, significant, "klReference"),
  column("sd error", 9, (row) => row.worstSdError, percentage, "worstSdError"),
  column("mean error", 8, (row) => row.worstMeanError, significant, "worstMeanError"),
  column("seconds", 7, (row) => row.seconds, significant),
  column("passes", 3, (row) => row.passes, significant),
  column("ESS/s", 6, (row) => row.essPerSecond, significant),
  { title: "verdict", rank: 4, cell: (row) => row.verdict ?? "–" },
];
