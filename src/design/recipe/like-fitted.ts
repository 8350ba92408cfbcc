import { InputError } from "../../errors.ts";
import { listed } from "../../suggest.ts";
import { isoDays } from "../../table/iso-dates.ts";
import {
  type CategoryColumn,
  type Column,
  type ColumnInfo,
  formatCount,
  type NumberColumn,
  type TableChunk,
} from "../../table/table-source.ts";
import { isPlainNumber } from "../../table/text-spellings.ts";

/**
 * Gives a column of other data the type that it had when the model was fitted, as far as the values allow: a file may hold
 * too few rows to show that a column is of text, or nothing at all in it.
 */
export type ColumnReader = (column: Column, firstRow: number) => Column;

/**
 * @param known The texts that the fit has seen in the column, where it is one of text and they are known.
 * @throws InputError (when a chunk is read) naming the column, the value and the row that do not fit.
 */
export function readLike(fitted: ColumnInfo, given: ColumnInfo, known?: readonly string[]): ColumnReader {
  if (fitted.type === "string") return given.type === "string" ? asClock(known) : asText(given, known);
  if (fitted.type === given.type && fitted.isTime === given.isTime) return (column) => column;
  const meaning = meaningFor(fitted, given);
  return (column, firstRow) => {
    const values = valuesOf(column, fitted, given, meaning, firstRow);
    if (fitted.type === "number") return { kind: "number", values };
    return { kind: "category", codes: Int32Array.from(values, (v) => (v >= 0 ? v : -1)), levels: ["false", "true"] };
  };
}

/** The chunk with each column read as its reader says, where it has one. */
export function chunkLike(chunk: TableChunk, readers: ReadonlyMap<string, ColumnReader>, firstRow: number): TableChunk {
  const columns = new Map(
    [...chunk.columns].map(([name, column]) => [name, readers.get(name)?.(column, firstRow) ?? column]),
  );
  return { numRows: chunk.numRows, columns };
}

/**
 * Numbers, dates or truth values as texts: the one that the fit knows of those that mean the same, as 1.1 may have been
 * written 1.10. The levels grow, so that a code stays the same in every chunk.
 */
function asText(given: ColumnInfo, known: readonly string[] | undefined): ColumnReader {
  const codes = new Map<number, number>();
  const levels: string[] = [];
  const meaning = given.type === "boolean" ? truthOf : given.isTime ? isoDays : plainNumberOf;
  const texts = new Map<number, string[]>();
  for (const text of known ?? []) {
    const value = meaning(text);
    if (!Number.isNaN(value)) texts.set(value, [...(texts.get(value) ?? []), text]);
  }
  const ownText = (value: number) =>
    given.type === "boolean" ? String(value === 1) : given.isTime ? isoText(value) : String(value);

  function textOf(value: number, row: number): string {
    const same = texts.get(value) ?? [];
    if (same.length < 2) return same[0] ?? ownText(value);
    const all = listed(
      same.map((text) => `"${text}"`),
      "and",
    );
    throw new InputError(
      `Column "${given.name}" held texts when the model was fitted, and holds ${ownText(value)} in data row ${formatCount(row)}, which may be any of ${all}; give it as text, as in cast(${given.name} as varchar) where it is made.`,
    );
  }

  return (column, firstRow) => {
    const values = column.kind === "number" ? column.values : column.codes;
    const result = Int32Array.from(values as Float64Array, (value, i) => {
      if (isMissing(column, i)) return -1;
      let code = codes.get(value);
      if (code === undefined) {
        code = levels.push(textOf(value, firstRow + i)) - 1;
        codes.set(value, code);
      }
      return code;
    });
    return { kind: "category", codes: result, levels };
  };
}

const clockPattern = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0*)?)?$/;

/** Seconds since midnight; NaN for what is no time of day. */
function secondsOf(text: string): number {
  const [, hours, minutes, seconds = 0] = clockPattern.exec(text) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Texts as they are, but for times of day, which some types hold with seconds: the one that the fit knows of the same. */
function asClock(known: readonly string[] = []): ColumnReader {
  const times = new Map<number, string | undefined>();
  for (const text of known) {
    const seconds = secondsOf(text);
    if (!Number.isNaN(seconds)) times.set(seconds, times.has(seconds) ? undefined : text);
  }
  if (times.size === 0) return (column) => column;
  const isKnown = new Set(known);
  return (column) => {
    const { levels } = column as CategoryColumn;
    const renamed = levels.map((text) => (isKnown.has(text) ? text : (times.get(secondsOf(text)) ?? text)));
    return { ...(column as CategoryColumn), levels: renamed };
  };
}

function isoText(days: number): string {
  const text = new Date(Math.round(days * 86_400_000)).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text;
}

/** The number that a text or a number stands for; NaN for none. */
type Meaning = (value: string | number) => number;

const plainNumberOf = (text: string) => (isPlainNumber(text) ? Number(text) : Number.NaN);

const numberOf: Meaning = (value) => {
  if (value === "true" || value === "false") return Number(value === "true");
  return typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
};

/** Words that may stand for true and false. */
const truths: ReadonlyMap<string, number> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, 1] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, 0] as const),
]);

const truthOf: Meaning = (value) => truths.get(String(value).toLowerCase()) ?? Number.NaN;
const none: Meaning = () => Number.NaN;

function meaningFor(fitted: ColumnInfo, given: ColumnInfo): Meaning {
  // Days are not guessed to be numbers, nor numbers to be days.
  if (fitted.type === "boolean") return given.isTime ? none : truthOf;
  if (!fitted.isTime) return given.isTime ? none : numberOf;
  return given.type === "string" ? (value) => isoDays(String(value)) : none;
}

function valuesOf(
  column: Column,
  fitted: ColumnInfo,
  given: ColumnInfo,
  meaning: Meaning,
  firstRow: number,
): Float64Array {
  const values = column.kind === "number" ? ofNumbers(column, meaning) : ofTexts(column, meaning);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]) || isMissing(column, i)) continue;
    const value = column.kind === "number" ? column.values[i] : `"${column.levels[column.codes[i]]}"`;
    const held = fitted.type === "boolean" ? "true and false" : fitted.isTime ? "dates" : "numbers";
    const holds = given.isTime ? `the date ${isoText(Number(value))}` : value;
    throw new InputError(
      `Column "${fitted.name}" held ${held} when the model was fitted, and holds ${holds} in data row ${formatCount(firstRow + i)}; correct it, or make it missing, with --sql.`,
    );
  }
  return values;
}

function ofNumbers({ values }: NumberColumn, meaning: Meaning): Float64Array {
  return values.map(meaning);
}

function ofTexts({ codes, levels }: CategoryColumn, meaning: Meaning): Float64Array {
  const meanings = levels.map(meaning);
  return Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : meanings[code]));
}

function isMissing(column: Column, i: number): boolean {
  return column.kind === "number" ? Number.isNaN(column.values[i]) : column.codes[i] < 0;
}
