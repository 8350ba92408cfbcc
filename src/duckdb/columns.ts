import type { DuckDBVector } from "@duckdb/node-api";
import { quoted, sqlText } from "../table/sql-text.ts";
import type { Column, ColumnInfo, ColumnType } from "../table/table-source.ts";

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)\b/;
const timeTypes = /^(DATE|TIMESTAMP)/;
const textTypes = /^(VARCHAR|ENUM|UUID|TIME)\b/;

/** A column of DuckDB's type. @param refusal Why it cannot be used, where it cannot. */
export function infoOf(name: string, sourceType: string, refusal: string | undefined): ColumnInfo {
  const type = refusal === undefined ? columnType(sourceType) : "unsupported";
  const isTime = type === "number" && timeTypes.test(sourceType);
  return { name, type, sourceType, ...(isTime && { isTime }), ...(refusal !== undefined && { refusal }) };
}

export function columnOf(
  vector: DuckDBVector,
  { sourceType }: ColumnInfo,
  levels: readonly string[] | undefined,
): Column {
  if (!levels) return textColumn(vector.toArray() as (string | null)[]);
  // The vector's memory is DuckDB's own, and the chunk's; so it is copied.
  const items = (vector as unknown as { items: Float64Array | Int32Array }).items.slice();
  if (!(items instanceof Int32Array)) return { kind: "number", values: items };
  const category = { kind: "category", codes: items, levels } as const;
  return sourceType?.startsWith("ENUM") ? { ...category, isOrdered: true } : category;
}

/** Every row is a level of its own. */
function textColumn(texts: readonly (string | null)[]): Column {
  const codes = Int32Array.from(texts, (text, i) => (text === null ? -1 : i));
  return { kind: "category", codes, levels: texts.map((text) => text ?? "") };
}

function columnType(type: string): ColumnType {
  // A list's type begins with that of its items.
  if (type.endsWith("]")) return "unsupported";
  if (numberTypes.test(type) || timeTypes.test(type)) return "number";
  if (textTypes.test(type)) return "string";
  return type === "BOOLEAN" ? "boolean" : "unsupported";
}

/** Bytes of a text: what is longer is no level and no words. DuckDB holds a few thousand of them at once, and more as levels. */
export const maxTextBytes = 4_000_000;
const limit = maxTextBytes.toLocaleString("en-US");
export function tooLong(average?: number): string {
  const what = average
    ? `texts of ${average.toLocaleString("en-US")} bytes on average, and ${limit} are the most`
    : `a text of more than ${limit} bytes`;
  return `holds ${what}; leave it out, or shorten it with --sql, as by left(x, 1000)`;
}

/** The SQL of a column's texts, which is an error where one is too long. */
export function textExpression(name: string, column: string): string {
  const text = `cast(${column} as varchar)`;
  return `if(strlen(${text}) > ${maxTextBytes}, error(${sqlText(`column "${name}" ${tooLong()}`)}), ${text})`;
}

/** The SQL that reads a column without nulls: doubles with NaN, or codes with −1, for missing values; or texts with nulls. */
export function readExpression(
  { name, type, isTime }: ColumnInfo,
  sqlName: string,
  levels: readonly string[] | undefined,
): string {
  const column = quoted(sqlName);
  if (!levels) return textExpression(name, column);
  if (type === "boolean") return `coalesce(cast(${column} as integer), -1)`;
  if (type === "string") {
    if (levels.length === 0) return "cast(-1 as integer)";
    return `coalesce(cast(enum_code(cast(cast(${column} as varchar) as ${quoted(`levels of ${name}`)})) as integer), -1)`;
  }
  const value = isTime ? `epoch(${column}) / 86400` : column;
  return `coalesce(cast(${value} as double), cast('nan' as double))`;
}
