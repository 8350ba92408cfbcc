import { styleText } from "node:util";
import { largestRHat, minEffectiveSamples } from "../../src/diagnostics/certificate/convergence-check.ts";
import { nats, percent } from "../../src/diagnostics/certificate/wording.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { sizeText } from "../../src/options/sizes.ts";
import { type Density, densityOf, paintDensity } from "./density.ts";
import { groupHeading, groupRows, type TableRow } from "./render-groups.ts";
import { renderModel } from "./render-model.ts";
import {
  decimalsWithin,
  integer,
  type RenderOptions,
  renderTable,
  roundedTo,
  type TableColumn,
  verdictColor,
  wrap,
} from "./table.ts";
import { visibleTexts } from "./visible.ts";

/** What a person sees of a fit: what was fitted, the table, the certificate, the time each stage took. */
export function renderPosterior(given: Posterior, options: RenderOptions): string {
  const posterior = visibleTexts(given);
  const sections = [
    renderHeader(posterior, options),
    renderCoefficients(posterior, options),
    renderCertificate(posterior, options),
    renderTiming(posterior),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Rows of the table; of more coefficients the first and the last are shown. */
const maxShown = 200;
const shownFirst = 60;
const shownLast = 10;

function renderCoefficients(posterior: Posterior, options: RenderOptions): string {
  const { coefficients, data } = posterior;
  const ofGroups = groupRows(posterior);
  const headings = (posterior.groups ?? []).map(groupHeading);
  const headingFor = ({ name }: TableRow) =>
    headings.find((heading) => name.startsWith(`${heading} `)) ?? headingOf(name, data);
  const table = (rows: readonly TableRow[]) =>
    renderTable([...rows, ...ofGroups], ({ name }) => name, columns, { ...options, headingOf: headingFor });
  const columns = options.color ? [...tableColumns, densityColumn(posterior)] : tableColumns;
  if (coefficients.length <= maxShown) return table(coefficients);
  const left = coefficients.length - shownFirst - shownLast;
  const rows = [...coefficients.slice(0, shownFirst), ...coefficients.slice(-shownLast)];
  return `${table(rows)}\n(${integer(left)} coefficients in between are left out here; --json has them all)`;
}

function renderHeader(posterior: Posterior, { width }: RenderOptions): string {
  const { data, family, formula, settings } = posterior;
  const dropped = data.droppedRows > 0 ? ` (${integer(data.droppedRows)} with a missing value left out)` : "";
  const weightless = data.zeroWeightRows ? ` (${integer(data.zeroWeightRows)} of weight 0 left out)` : "";
  return [
    `${formula}   [${family}]`,
    ...renderModel(posterior, width),
    `${integer(data.rows)} rows${dropped}${weightless}${ofUpdates(data.updates)}${inCells(data.cells)}, ${integer(data.columns)} columns${storageOf(data)}; sampler ${settings.sampler}, ${settings.chains} chains of ${integer(settings.draws)} draws`,
  ].join("\n");
}

/** Rows that agree, counted once. */
const inCells = (cells: number | undefined) => (cells === undefined ? "" : ` in ${integer(cells)} cells`);

/** Rows that updates have added. */
function ofUpdates(updates: Posterior["data"]["updates"]): string {
  if (!updates) return "";
  const added = integer(updates.reduce((sum, rows) => sum + rows, 0));
  return ` (${added} added by ${updates.length === 1 ? "an update" : `${integer(updates.length)} updates`})`;
}

/** How rows are stored, unless they are dense and in memory. */
function storageOf({ nonZeros, rows, cells, blocks }: Posterior["data"]): string {
  const sparse = nonZeros !== undefined && `sparse, ${(nonZeros / (cells ?? rows)).toPrecision(3)} entries a row`;
  const place = blocks && `${blocks.count === 1 ? "block" : "blocks"} on ${blocks.place ?? "disk"}`;
  const inBlocks = blocks && `${sizeText(blocks.bytes)} in ${integer(blocks.count)} ${place}`;
  const told = [sparse, inBlocks].filter((text) => text);
  return told.length > 0 ? ` (${told.join("; ")})` : "";
}

/** Enough decimals that the fourth digit of the sd shows. */
function decimalsFor({ sd }: TableRow): number {
  return sd > 0 ? Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(sd)))) : 3;
}

/** The entries of a coefficient that are numbers. */
type NumberKey = Exclude<keyof TableRow, "name" | "drawn">;

/** A column by the name of its entry. */
function column(
  title: NumberKey,
  rank: number,
  say: (value: number, coefficient: TableRow) => string,
): TableColumn<TableRow> {
  const cell = (coefficient: TableRow) => {
    const value = coefficient[title];
    return value === null ? "–" : say(value, coefficient);
  };
  return { title, rank, cell };
}

/** Numbers on the scale of their coefficient's sd; where `errorKey` names their own Monte Carlo error, no digits that it hides. */
function scaled(title: NumberKey, rank: number, errorKey?: NumberKey): TableColumn<TableRow> {
  return column(title, rank, (value, coefficient) => {
    const known = errorKey ? decimalsWithin(coefficient[errorKey]) : Number.POSITIVE_INFINITY;
    const decimals = Math.min(decimalsFor(coefficient), known);
    return Math.abs(value) >= 1e7 || decimals > 8 ? value.toExponential(3) : roundedTo(value, decimals);
  });
}

function warned(own: TableColumn<TableRow>, isBad: (row: TableRow) => boolean): TableColumn<TableRow> {
  return { ...own, paint: (row, cell) => (isBad(row) ? styleText("yellow", cell) : cell) };
}

const tableColumns: readonly TableColumn<TableRow>[] = [
  scaled("mean", 9),
  scaled("sd", 8, "mcse_sd"),
  scaled("hdi_3%", 7, "mcse_hdi_3%"),
  scaled("hdi_97%", 7, "mcse_hdi_97%"),
  column("mcse_mean", 2, (error) => error.toExponential(0)),
  warned(column("ess_bulk", 4, integer), ({ ess_bulk }) => ess_bulk !== null && ess_bulk < minEffectiveSamples),
  warned(column("ess_tail", 1, integer), ({ ess_tail }) => ess_tail !== null && ess_tail < minEffectiveSamples),
  warned(
    column("r_hat", 3, (value) => value.toFixed(3)),
    ({ r_hat }) => r_hat !== null && r_hat > largestRHat,
  ),
];

/** The draws of each row as a histogram; the first column to go where the terminal is narrow. */
function densityColumn({ draws }: Posterior): TableColumn<TableRow> {
  const known = new Map<TableRow, Density | undefined>();
  const of = (row: TableRow) => {
    if (!known.has(row)) {
      const own = row.drawn === null ? undefined : draws.get(row.drawn ?? row.name);
      known.set(row, own && densityOf(own));
    }
    return known.get(row);
  };
  return {
    title: "density",
    rank: 0,
    cell: (row) => of(row)?.bars ?? "",
    paint(row, cell) {
      const density = of(row);
      return density ? paintDensity(density, row.mean) : cell;
    },
  };
}

/** A class's coefficients stand under a heading, such as Cover_Type[2], without its name in each line. */
function headingOf(name: string, { target, classes }: Posterior["data"]): string {
  return classes?.map((level) => `${target}[${level}]`).find((prefix) => name.startsWith(`${prefix}:`)) ?? "";
}

function renderCertificate({ certificate, settings }: Posterior, { width, color }: RenderOptions): string {
  const { verdict, klToLaplace, maxSdError, checks, assumptions, notes } = certificate;
  const title = `Certificate: ${verdict}`;
  const sentences = [
    `Settings: ${settings.because}.`,
    `Largest relative error of ${settings.covariance === "sandwich" ? "an sd, against the sandwich's" : "a posterior sd"}: ${orUnknown(percent, maxSdError.predicted)} predicted, ${orUnknown(percent, maxSdError.measured)} measured. KL to the Laplace posterior: ${orUnknown(nats, klToLaplace.predicted)} predicted, ${orUnknown(nats, klToLaplace.measured)} measured.`,
    ...checks.map(({ passed, message }) => `${mark(passed)} ${message}`),
    ...assumptions.map(({ id, passed, message }) => `${mark(passed)} ${id}: ${message}`),
    ...notes.map((note) => `! ${note}`),
  ];
  const lines = sentences.map((sentence) => wrap(sentence, Math.max(40, Math.min(width, 110))));
  const body = color ? lines.map(painted) : lines;
  return [color ? styleText(["bold", verdictColor[verdict]], title) : title, ...body].join("\n");
}

const orUnknown = (say: (value: number) => string, value: number | null) => (value === null ? "unknown" : say(value));
const mark = (passed: boolean) => (passed ? "✓" : "✗");
/** A line's mark, in the colour of what it says. */
const painted = (line: string) =>
  line.replace(
    /^( +)([✓✗!]) /,
    (_, blanks, sign) => `${blanks}${styleText(signColor[sign as keyof typeof signColor], sign)} `,
  );
const signColor = { "✓": "green", "✗": "red", "!": "yellow" } as const;

function renderTiming({ timing }: Posterior): string {
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  return `load ${seconds(timing.load)} · estimate ${seconds(timing.estimate)} · sample ${seconds(timing.sample)} · total ${seconds(timing.total)} · ${integer(timing.rowsVisited)} rows read (${timing.passes.toFixed(1)} passes)`;
}
