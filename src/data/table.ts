import { InputError } from "./errors.ts";
import { requireArray, requireObject } from "./kinds.ts";

/**
 * What a formula can see in a column. Dates and timestamps are numbers: days since 1970-01-01 (UTC), with a fraction.
 * Columns of any other type are listed too, so that using one can be refused by name.
 */
export type ColumnType = "number" | "boolean" | "string" | "unsupported";

export interface ColumnInfo {
  readonly name: string;
  readonly type: ColumnType;
  /** The source's own word for the type, for error messages. */
  readonly sourceType?: string;
}

export interface NumberColumn {
  readonly kind: "number";
  /** NaN where the value is missing. */
  readonly values: Float64Array;
}

/** Strings and booleans; the levels of a boolean column are "false" and "true". */
export interface CategoryColumn {
  readonly kind: "category";
  /** Index into `levels`, −1 where the value is missing. */
  readonly codes: Int32Array;
  /** In codepoint order, and the same in every chunk of a source, unless read as a text. A level need not occur. */
  readonly levels: readonly string[];
}

export type Column = NumberColumn | CategoryColumn;

export interface TableChunk {
  readonly numRows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

/** Rows that can be read several times, in the same order each time, without being held in memory at once. */
export interface TableSource {
  readonly columns: readonly ColumnInfo[];
  /** Known to some sources from the start, to others once chunks were asked for. */
  readonly numRows?: number;
  /** What the rows came from, for messages: a file's name, "the query". */
  readonly label?: string;
  /**
   * The named columns, a few thousand rows at a time. A chunk's arrays may be kept.
   * @param texts Columns of strings that are read as texts: their levels are those of a chunk, however many there are.
   * @throws InputError where a column cannot be read: an unsupported type, or more than `maxLevels` distinct strings.
   */
  chunks(names: readonly string[], texts?: ReadonlySet<string>): AsyncIterable<TableChunk>;
  close?(): Promise<void>;
}

/** The largest number of levels of a categorical column: each costs a column of the design. Below 2^20 (TermRows). */
export const maxLevels = 200_000;
/** The same where most levels are numbers, and a stray text made a categorical of their column: a mistake, most likely. */
const maxNumberLevels = 10_000;

/** Whether a column's levels are too many. */
export function areTooManyLevels(levels: readonly string[]): boolean {
  if (levels.length > maxLevels) return true;
  return levels.length > maxNumberLevels && textAmongNumbers(levels) !== undefined;
}

/**
 * The error of a categorical column that has too many levels.
 * @param stray A text of a column whose other values are numbers, which is why it is categorical.
 */
export function tooManyLevels(name: string, count: string, stray?: string): InputError {
  const hint =
    stray === undefined ? "" : `it is text because "${stray}" in it is not a number, so make that missing; or `;
  return new InputError(
    `Column "${name}" is categorical and has ${count} levels, where ${formatCount(stray === undefined ? maxLevels : maxNumberLevels)} are the most; ${hint}leave it out of the formula, or group its rare levels with --sql.`,
  );
}

/**
 * The first level that is no number where more than half of them are numbers: a stray text in a column of numbers.
 */
export function textAmongNumbers(levels: readonly string[]): string | undefined {
  const texts = levels.filter((level) => level.trim() === "" || Number.isNaN(Number(level)));
  return texts.length > 0 && 2 * texts.length < levels.length ? texts[0] : undefined;
}

/** Orders strings by codepoint, which UTF-16's own order differs from beyond U+FFFF; the same on every machine. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    // A high surrogate stands for a codepoint above every other unit; equal prefixes keep pairs aligned.
    return a.codePointAt(i)! - b.codePointAt(i)! || a.charCodeAt(i) - b.charCodeAt(i);
  }
  return a.length - b.length;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** Rows of a chunk: few enough for a chunk's design to stay in a core's cache. */
const chunkRows = 4096;

/** A column's values; null, undefined and NaN are missing. */
export type ColumnData = ArrayLike<number | string | boolean | Date | bigint | null | undefined>;

/**
 * Columns by name, each as `ColumnData`. A type of that shape would refuse every interface, which has no index signature,
 * so that what the columns hold is looked at when they are read.
 */
export type Columns = object;

/** A table: columns by name, or rows (objects, of a class or an interface too), or a source such as `openTable` gives. */
export type TableData = Columns | readonly object[] | TableSource;

/**
 * A table over arrays, one a column, all of the same length. Dates become days since 1970-01-01.
 *
 * @throws InputError where lengths differ, or a column mixes numbers and texts.
 */
export function tableFromColumns(given: Columns): TableSource {
  const columns = columnsOf(given);
  const names = Object.keys(columns);
  if (names.length === 0) throw new InputError("The table has no columns; give at least a target and a feature.");
  const numRows = columns[names[0]].length;
  const infos: ColumnInfo[] = [];
  const stored = new Map<string, Column>();
  for (const name of names) {
    const values = columns[name];
    if (values.length !== numRows) {
      const first = `"${names[0]}" has ${formatCount(numRows)} values`;
      throw new InputError(
        `The columns differ in length: ${first} and "${name}" has ${formatCount(values.length)}; make them equally long.`,
      );
    }
    const type = columnType(name, values);
    infos.push({ name, type });
    stored.set(name, type === "number" ? { kind: "number", values: numbers(values) } : categories(values, type));
  }

  async function* chunks(wanted: readonly string[], texts?: ReadonlySet<string>) {
    for (const name of wanted) {
      const column = stored.get(name);
      if (column?.kind !== "category" || texts?.has(name) || !areTooManyLevels(column.levels)) continue;
      throw tooManyLevels(name, formatCount(column.levels.length), textAmongNumbers(column.levels));
    }
    for (let from = 0; from < numRows; from += chunkRows) {
      const to = Math.min(from + chunkRows, numRows);
      yield { numRows: to - from, columns: new Map(wanted.map((name) => [name, slice(stored.get(name)!, from, to)])) };
    }
  }
  return { columns: infos, numRows, label: "the table", chunks };
}

/** @throws InputError where a column is no array */
function columnsOf(given: Columns): Readonly<Record<string, ColumnData>> {
  requireObject(given, "The table", "an object with an array for each column, or an array of rows");
  for (const [name, values] of Object.entries(given))
    requireArray(values, `Column "${name}"`, "an array of its values");
  return given as Readonly<Record<string, ColumnData>>;
}

/**
 * A table over records, one a row; its columns are the names of all of them, in the order of first appearance.
 *
 * @throws InputError where there is no row, a row is no object, or as tableFromColumns.
 */
export function tableFromRows(rows: readonly object[]): TableSource {
  requireArray(rows, "The rows", "an array of objects, one for each row");
  if (rows.length === 0)
    throw new InputError("There are no rows in the data: it is an empty array; give one at least.");
  const names = new Set<string>();
  rows.forEach((row, n) => {
    requireObject(row, `Row ${formatCount(n + 1)} of the data`, "an object with a value for each column");
    for (const name of Object.keys(row)) names.add(name);
  });
  return tableFromColumns(
    Object.fromEntries(
      [...names].map((name) => [name, rows.map((row) => (row as Record<string, unknown>)[name]) as ColumnData]),
    ),
  );
}

function columnType(name: string, values: ColumnData): "number" | "boolean" | "string" {
  if (ArrayBuffer.isView(values)) return "number";
  let type: "number" | "boolean" | "string" | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    const own = valueType(value);
    if (!own) {
      throw new InputError(
        `Column "${name}" holds ${describe(value)} in row ${i + 1}; use numbers, texts, booleans, dates, or null where a value is missing.`,
      );
    }
    type ??= own;
    if (type !== own) {
      throw new InputError(
        `Column "${name}" mixes types: it holds ${type}s, and in row ${i + 1} ${describe(value)}; use one type, and null where a value is missing.`,
      );
    }
  }
  return type ?? "number";
}

function valueType(value: unknown): "number" | "boolean" | "string" | undefined {
  if (typeof value === "bigint" || value instanceof Date) return "number";
  const type = typeof value;
  return type === "number" || type === "boolean" || type === "string" ? type : undefined;
}

function describe(value: unknown): string {
  if (typeof value === "string") return `the text "${value}"`;
  return typeof value === "object" ? "an object" : `the ${typeof value} ${String(value)}`;
}

function numbers(values: ColumnData): Float64Array {
  if (values instanceof Float64Array) return values;
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) result[i] = Number.NaN;
    else result[i] = value instanceof Date ? value.getTime() / 86_400_000 : Number(value);
  }
  return result;
}

function categories(values: ColumnData, type: "boolean" | "string"): CategoryColumn {
  const distinct = new Set<string>();
  for (let i = 0; i < values.length; i++)
    if (values[i] !== null && values[i] !== undefined) distinct.add(String(values[i]));
  const levels = type === "boolean" ? ["false", "true"] : [...distinct].sort(compareText);
  const index = new Map(levels.map((level, code) => [level, code]));
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    codes[i] = value === null || value === undefined ? -1 : index.get(String(value))!;
  }
  return { kind: "category", codes, levels };
}

function slice(column: Column, from: number, to: number): Column {
  return column.kind === "number"
    ? { kind: "number", values: column.values.subarray(from, to) }
    : { ...column, codes: column.codes.subarray(from, to) };
}
