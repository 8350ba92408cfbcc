import { InputError } from "./errors.ts";
import {
  type CategoryColumn,
  type Column,
  type ColumnInfo,
  formatCount,
  type NumberColumn,
  type TableChunk,
} from "./table.ts";

/**
 * Gives a column of other data the type that it had when the model was fitted, as far as the values allow: a file may hold
 * too few rows to show that a column is of text, or nothing at all in it.
 */
export type ColumnReader = (column: Column, firstRow: number) => Column;

/** @throws InputError (when a chunk is read) naming the column, the value and the row that do not fit. */
export function readLike(fitted: ColumnInfo, given: ColumnInfo): ColumnReader {
  if (fitted.type === given.type) return (column) => column;
  if (fitted.type === "string") return asText();
  const target = fitted.type === "boolean" ? truthOf : numberOf;
  return (column, firstRow) => {
    const values = valuesOf(column, fitted, target, firstRow);
    if (fitted.type === "number") return { kind: "number", values };
    return { kind: "category", codes: Int32Array.from(values, (v) => (v >= 0 ? v : -1)), levels: ["false", "true"] };
  };
}

/** The chunk with each column read as the readers say. */
export function chunkLike(chunk: TableChunk, readers: ReadonlyMap<string, ColumnReader>, firstRow: number): TableChunk {
  const columns = new Map([...chunk.columns].map(([name, column]) => [name, readers.get(name)!(column, firstRow)]));
  return { numRows: chunk.numRows, columns };
}

/** Numbers as texts; the levels grow, so that a code stays the same in every chunk. */
function asText(): ColumnReader {
  const codes = new Map<number, number>();
  const levels: string[] = [];
  const codeOf = (value: number) => {
    if (Number.isNaN(value)) return -1;
    const known = codes.get(value);
    if (known !== undefined) return known;
    codes.set(value, levels.length);
    return levels.push(String(value)) - 1;
  };
  return (column) =>
    column.kind === "category" ? column : { kind: "category", codes: Int32Array.from(column.values, codeOf), levels };
}

/** The number that a text or a number stands for; NaN for none. */
type Meaning = (value: string | number) => number;

const numberOf: Meaning = (value) => {
  if (value === "true" || value === "false") return Number(value === "true");
  return typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
};

/** The words that DuckDB reads as booleans, so that a column means the same where one stray text makes all of it text. */
const truths: ReadonlyMap<string, number> = new Map([
  ...["true", "t", "yes", "y", "1"].map((word) => [word, 1] as const),
  ...["false", "f", "no", "n", "0"].map((word) => [word, 0] as const),
]);

const truthOf: Meaning = (value) => truths.get(String(value).toLowerCase()) ?? Number.NaN;

function valuesOf(column: Column, fitted: ColumnInfo, meaning: Meaning, firstRow: number): Float64Array {
  const values = column.kind === "number" ? ofNumbers(column, meaning) : ofTexts(column, meaning);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]) || isMissing(column, i)) continue;
    const value = column.kind === "number" ? column.values[i] : `"${column.levels[column.codes[i]]}"`;
    const what = fitted.type === "boolean" ? "true and false" : "numbers";
    throw new InputError(
      `Column "${fitted.name}" held ${what} when the model was fitted, and holds ${value} in data row ${formatCount(firstRow + i)}; correct it, or make it missing, with --sql.`,
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
