import type { DistantTable } from "../engine/distant-parts.ts";
import { InputError } from "../errors.ts";

/**
 * What a formula can see in a column. Dates and timestamps are numbers: days since 1970-01-01 (UTC), with a fraction.
 * Columns of any other type are listed too, so that using one can be refused by name.
 */
export type ColumnType = "number" | "boolean" | "string" | "unsupported";

export interface ColumnInfo {
  readonly name: string;
  readonly type: ColumnType;
  /** The source's own name of the type, for error messages. */
  readonly sourceType?: string;
  /** Whether the numbers are dates and times, as days since 1970-01-01 (UTC). */
  readonly isTime?: boolean;
  /**
   * Why an unsupported column cannot be used and what to do, as the continuation of "column … "; by default only the
   * type is named.
   */
  readonly refusal?: string;
}

export interface NumberColumn {
  readonly kind: "number";
  /** NaN for missing values. */
  readonly values: Float64Array;
}

/** Strings and booleans; the levels of a boolean column are "false" and "true". */
export interface CategoryColumn {
  readonly kind: "category";
  /** Index into `levels`; −1 for missing values. */
  readonly codes: Int32Array;
  /**
   * In codepoint order, or in the order of an ordered type; the same in every chunk of a source, unless the column is
   * read as text. A level need not occur.
   */
  readonly levels: readonly string[];
  /** Whether the data define the order of the levels. */
  readonly isOrdered?: boolean;
}

/** What a text column contains. */
export interface TextValues {
  /** Number of rows with a value. */
  readonly rows: number;
  /**
   * The texts, each with its number of rows and the number in the data of the first of them, from 1, where it is known; if there are more
   * than `maxLevels`, those of part of the rows.
   */
  readonly levels: readonly TextLevel[];
  /** Whether the levels are those of all rows. */
  readonly isWhole: boolean;
}

export interface TextLevel {
  readonly text: string;
  readonly rows: number;
  readonly firstRow?: number;
}

export type Column = NumberColumn | CategoryColumn;

export interface TableChunk {
  readonly numRows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export interface SurveyWanted {
  /** The columns in which a row must have no missing value. */
  readonly names: readonly string[];
  /** The numeric columns among them, whose non-zero entries are counted. */
  readonly numbers: readonly string[];
  /** A column whose rows with value 0 are not counted. */
  readonly weights?: string;
}

export interface Survey {
  /** Number of all rows, or of those in the sample. */
  readonly rowsSeen: number;
  /** Number of rows without missing values. */
  readonly numRows: number;
  /** Number of non-zero values in each numeric column; 0 if all values are equal, or nearly. */
  readonly nonZeros: readonly number[];
}

/** Rows that can be read several times, in the same order each time, without being held in memory at once. */
export interface TableSource {
  readonly columns: readonly ColumnInfo[];
  /** Some sources know it from the start, others once chunks have been read. */
  readonly numRows?: number;
  /** How much of the work before the first rows is done, from 0 to 1; undefined if none is under way. */
  prepared?(): number | undefined;
  /** Where the rows came from, for messages: a file's name, "the query". */
  readonly label?: string;
  /** What SQL selects the rows from: `data`, or a query in parentheses; absent if the source has no SQL. */
  readonly relation?: string;
  /** Notes on how the rows were read, as sentences for the user. */
  readonly notes?: readonly string[];
  /** The types of the files' own columns, as the source names them, so that other files can be read in the same way. */
  readonly fileTypes?: Readonly<Record<string, string>>;
  /** The name of a column in the source's SQL. */
  sqlName?(name: string): string;
  /** Reads the named columns once, so that later questions about each of them refer to the same rows. */
  hold?(names: readonly string[]): Promise<void>;
  /** Counts rows without returning them. @param sample whether some rows from all parts of the data are enough */
  survey?(wanted: SurveyWanted, sample: boolean): Promise<Survey>;
  /** What a text column contains; absent if the source cannot know this before all of it is read. */
  texts?(name: string): Promise<TextValues>;
  /** The first value of a column of strings that does not match the pattern (written for RE2 and JavaScript alike). */
  firstUnlike?(name: string, pattern: string): Promise<TextLevel | undefined>;
  /**
   * The named columns, a few thousand rows at a time. A chunk's arrays may be kept.
   * @param texts text columns that are read as texts: their levels are those of the chunk, however many there are
   * @throws InputError if a column cannot be read: an unsupported type, or more than `maxLevels` distinct strings.
   */
  chunks(names: readonly string[], texts?: ReadonlySet<string>): AsyncIterable<TableChunk>;
  /**
   * The rows of the named columns that differ, and how often each occurs: chunks as those of `chunks`, with the number `cellCount` beside
   * the columns, in an order that the values decide. Nothing where they are not far fewer than the rows. Absent if the source cannot count
   * them before it reads them.
   */
  cells?(names: readonly string[], texts?: ReadonlySet<string>): Promise<(() => AsyncIterable<TableChunk>) | undefined>;
  /** Where the rows stand elsewhere and are read there: `chunks` then gives one without rows, which has the levels of texts. */
  readonly distant?: DistantTable;
  close?(): Promise<void>;
}

/** The column of `TableSource.cells` that says how often a cell occurs: no name that a column of data can have. */
export const cellCount = "\u0000count";

/** The largest number of levels of a categorical column: each takes a column of the design. Below 2^20 (TermRows). */
export const maxLevels = 200_000;

/** The error of a categorical column that has too many levels. */
export function tooManyLevels(name: string, count: string): InputError {
  return new InputError(
    `Column "${name}" is categorical and has ${count} levels, where ${formatCount(maxLevels)} are the most; leave it out of the formula, or group its rare levels with --sql.`,
  );
}

/** Orders strings by codepoint, the same on every machine; UTF-16's own order differs beyond U+FFFF. */
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
