import { InputError } from "./errors.ts";

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
  /** In codepoint order; the same in every chunk of a source. A level need not occur. */
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
  /** Known only to sources that need not read everything to tell. */
  readonly numRows?: number;
  /** What the rows came from, for messages: a file's name, "the query". */
  readonly label?: string;
  /**
   * The named columns, a few thousand rows at a time. A chunk's arrays may be kept.
   * @throws InputError where a column cannot be read: an unsupported type, or more than `maxLevels` distinct strings.
   */
  chunks(names: readonly string[]): AsyncIterable<TableChunk>;
  close?(): Promise<void>;
}

/** The largest number of levels of a categorical column: each costs a column of the design. */
export const maxLevels = 10_000;

/** The error of a categorical column that has too many levels; `hint` is a sentence that says why it may be so. */
export function tooManyLevels(name: string, count: string, hint = ""): InputError {
  return new InputError(
    `Column "${name}" is categorical and has ${count} levels, where ${formatCount(maxLevels)} are the most; ${hint}leave it out of the formula, or group its rare levels with --sql.`,
  );
}

/**
 * The first level that is no number where more than half of them are numbers: a stray text in a column of numbers.
 */
export function textAmongNumbers(levels: readonly string[]): string | undefined {
  const texts = levels.filter((level) => level.trim() === "" || Number.isNaN(Number(level)));
  return texts.length > 0 && texts.length < levels.length / 2 ? texts[0] : undefined;
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
