import { type Column, type ColumnInfo, formatCount } from "../../src/table/table-source.ts";
import type { ColumnSummary } from "./protocol.ts";

const bins = 24;
const shownLevels = 8;

/** Numbers as people write them: five digits. */
const short = (value: number) =>
  Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(5)));

/** A day since 1970 as a date, with the time where it is a part of a day. */
function dayText(days: number, withTime: boolean): string {
  const date = new Date(days * 86_400_000);
  // Beyond what dates of the language reach.
  if (Number.isNaN(date.getTime())) return `day ${short(days)}`;
  const text = date.toISOString();
  return withTime ? text.slice(0, 16).replace("T", " ") : text.slice(0, 10);
}

/** How many values are missing, a histogram, and the range. */
export function summaryOf(info: ColumnInfo, column: Column): ColumnSummary {
  return column.kind === "number" ? ofNumbers(info, column.values) : ofLevels(info, column);
}

function ofNumbers({ name, isTime }: ColumnInfo, values: Float64Array): ColumnSummary {
  let [min, max, missing] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (missing === values.length) return { name, missing, bars: [], range: "no values" };
  const counts = new Float64Array(max > min && Number.isFinite(max - min) ? bins : 1);
  const width = (max - min) / counts.length || 1;
  let hasTimes = false;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value % 1 !== 0) hasTimes = true;
    counts[Math.min(counts.length - 1, Math.max(0, Math.floor((value - min) / width)))]++;
  }
  const text = (value: number) => (isTime ? dayText(value, hasTimes) : short(value));
  const label = (k: number) =>
    counts.length === 1 ? text(min) : `${text(min + k * width)} to ${text(min + (k + 1) * width)}`;
  return {
    name,
    missing,
    bars: Array.from(counts, (count, k) => ({ label: label(k), count })),
    range: min === max ? text(min) : `${text(min)} to ${text(max)}`,
  };
}

function ofLevels({ name }: ColumnInfo, { codes, levels }: Extract<Column, { kind: "category" }>): ColumnSummary {
  const counts = new Float64Array(levels.length);
  let missing = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  const present = [...counts.keys()].filter((code) => counts[code] > 0);
  const most = present.sort((a, b) => counts[b] - counts[a]).slice(0, shownLevels);
  const rest = present.length - most.length;
  const others = codes.length - missing - most.reduce((sum, code) => sum + counts[code], 0);
  return {
    name,
    missing,
    bars: [
      ...most.map((code) => ({ label: levels[code], count: counts[code] })),
      ...(rest > 0 ? [{ label: `${formatCount(rest)} others`, count: others }] : []),
    ],
    range: `${formatCount(present.length)} ${present.length === 1 ? "value" : "values"}`,
  };
}
