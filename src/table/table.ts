import { InputError } from "../errors.ts";
import { requireArray, requireObject } from "../kinds.ts";
import { storedTable } from "./stored-table.ts";
import {
  type CategoryColumn,
  type Column,
  type ColumnInfo,
  compareText,
  formatCount,
  type TableSource,
} from "./table-source.ts";

export * from "./table-source.ts";

/** A column's values; null, undefined and NaN are missing. */
export type ColumnData = ArrayLike<number | string | boolean | Date | bigint | null | undefined>;

/**
 * Columns by name, each as `ColumnData`. A type of that shape would refuse interfaces, which have no index signature, so
 * the contents of columns are checked when they are read.
 */
export type Columns = object;

/**
 * A table: columns by name, or rows (objects, also of a class or an interface), or a source such as `openTable`
 * returns.
 */
export type TableData = Columns | readonly object[] | TableSource;

/**
 * A table made of arrays, one per column, all of the same length. Dates become days since 1970-01-01.
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
    infos.push(type === "date" ? { name, type: "number", isTime: true } : { name, type });
    const isText = type === "boolean" || type === "string";
    stored.set(name, isText ? categories(values, type) : { kind: "number", values: numbers(values) });
  }

  return storedTable({ columns: infos, numRows, label: "the table", column: (name) => stored.get(name)! });
}

/** @throws InputError if a column is not an array */
function columnsOf(given: Columns): Readonly<Record<string, ColumnData>> {
  requireObject(given, "The table", "an object with an array for each column, or an array of rows");
  for (const [name, values] of Object.entries(given))
    requireArray(values, `Column "${name}"`, "an array of its values");
  return given as Readonly<Record<string, ColumnData>>;
}

/**
 * A table made of records, one per row; its columns are the names in any of them, in the order of first appearance.
 *
 * @throws InputError if there is no row, if a row is not an object, or as tableFromColumns.
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

type ValueType = "number" | "date" | "boolean" | "string";

function columnType(name: string, values: ColumnData): ValueType {
  if (ArrayBuffer.isView(values)) return "number";
  let type: ValueType | undefined;
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

function valueType(value: unknown): ValueType | undefined {
  if (value instanceof Date) return "date";
  if (typeof value === "bigint") return "number";
  const type = typeof value;
  return type === "number" || type === "boolean" || type === "string" ? type : undefined;
}

function describe(value: unknown): string {
  if (typeof value === "string") return `the text "${value}"`;
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${String(value)}`;
}

function numbers(values: ColumnData): Float64Array {
  if (values instanceof Float64Array) return values;
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === null || value === undefined) result[i] = Number.NaN;
    else result[i] = value instanceof Date ? value.getTime() / 1000 / 86_400 : Number(value);
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
