import { InputError } from "../errors.ts";

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
  /** Whether the numbers are dates and times, as days since 1970-01-01 (UTC). */
  readonly isTime?: boolean;
  /** Why an unsupported column cannot be used and what to do, after "column … "; the type alone where left out. */
  readonly refusal?: string;
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
  /**
   * In codepoint order, or in the order of an ordered type; the same in every chunk of a source, unless read as a text. A
   * level need not occur.
   */
  readonly levels: readonly string[];
  /** Whether the order of the levels is one that the data gives them. */
  readonly isOrdered?: boolean;
}

/** What a column of texts holds. */
export interface TextValues {
  /** Rows that have a value. */
  readonly rows: number;
  /** The texts, each with its rows and the number in the data of the first, from 1; of part of the rows where they are more than `maxLevels`. */
  readonly levels: readonly TextLevel[];
  /** Whether the levels are those of all rows. */
  readonly isWhole: boolean;
}

export interface TextLevel {
  readonly text: string;
  readonly rows: number;
  readonly firstRow: number;
}

export type Column = NumberColumn | CategoryColumn;

export interface TableChunk {
  readonly numRows: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export interface SurveyWanted {
  /** The columns of which a row is to miss none. */
  readonly names: readonly string[];
  /** Those of them that are numbers, of which entries are counted. */
  readonly numbers: readonly string[];
  /** A column whose rows of 0 are not counted. */
  readonly weights?: string;
}

export interface Survey {
  /** Of all rows, or of the sample. */
  readonly rowsSeen: number;
  /** Those that miss nothing. */
  readonly numRows: number;
  /** How many values of each column of numbers are not 0; 0 where all values are the same, or nearly. */
  readonly nonZeros: readonly number[];
}

/** Rows that can be read several times, in the same order each time, without being held in memory at once. */
export interface TableSource {
  readonly columns: readonly ColumnInfo[];
  /** Known to some sources from the start, to others once chunks were asked for. */
  readonly numRows?: number;
  /** How much of what comes before the first rows is done, 0 … 1; undefined where nothing is under way. */
  prepared?(): number | undefined;
  /** What the rows came from, for messages: a file's name, "the query". */
  readonly label?: string;
  /** What SQL selects the rows from: `data`, or a query in brackets; absent where the source is no SQL. */
  readonly relation?: string;
  /** Sentences for people on how the rows were read. */
  readonly notes?: readonly string[];
  /** The types of the files' own columns, in the source's words: what reads other files alike. */
  readonly fileTypes?: Readonly<Record<string, string>>;
  /** What the source calls a column in SQL. */
  sqlName?(name: string): string;
  /** Reads the named columns, so that what is asked of one after the other is answered of the same rows. */
  hold?(names: readonly string[]): Promise<void>;
  /** Counts rows without handing them out. @param sample Whether some rows from all parts of the data are enough */
  survey?(wanted: SurveyWanted, sample: boolean): Promise<Survey>;
  /** What a column of strings holds; absent where the source cannot tell before all of it is read. */
  texts?(name: string): Promise<TextValues>;
  /** The first value of a column of strings that does not match the pattern (written for RE2 and JavaScript alike). */
  firstUnlike?(name: string, pattern: string): Promise<TextLevel | undefined>;
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

/** The error of a categorical column that has too many levels. */
export function tooManyLevels(name: string, count: string): InputError {
  return new InputError(
    `Column "${name}" is categorical and has ${count} levels, where ${formatCount(maxLevels)} are the most; leave it out of the formula, or group its rare levels with --sql.`,
  );
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
