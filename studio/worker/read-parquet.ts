import { gunzipSync } from "fflate/browser";
import { decompress } from "fzstd";
import { type FileMetaData, parquetMetadataAsync, type SchemaElement } from "hyparquet";
import { parquetReadColumn } from "hyparquet/src/read.js";
import { orderedDictionaries } from "../../src/duckdb/files/arrow-schema.ts";
import { InputError } from "../../src/errors.ts";
import type { ColumnInfo } from "../../src/table/table-source.ts";
import { type ReadColumn, textColumn } from "./column-classes.ts";

/** Rows of the chunks in which the command reads a row group. */
const chunkRows = 2048;
const instead = "the page does not read that; ornstein studio FILE does";

/** Beside Snappy, which hyparquet has. Brotli's dictionary alone would be a third of all that the page loads. */
const compressors = {
  GZIP: (input: Uint8Array) => gunzipSync(input),
  ZSTD: (input: Uint8Array) => decompress(input),
};

interface ParquetTable {
  readonly columns: readonly ReadColumn[];
  readonly chunkSizes: readonly number[];
}

/** A Parquet file as the columns that the command makes of it. @throws InputError where it cannot be read */
export async function readParquet(file: File): Promise<ParquetTable> {
  const source = {
    byteLength: file.size,
    slice: (start: number, end?: number) => file.slice(start, end).arrayBuffer(),
  };
  try {
    const metadata = await parquetMetadataAsync(source);
    const numRows = Number(metadata.num_rows);
    const ordered = new Set(orderedNames(metadata));
    const columns: ReadColumn[] = [];
    for (const element of topLevel(metadata)) {
      const info = infoOf(element, ordered.has(element.name));
      if (info.type === "unsupported") {
        columns.push({ info, column: { kind: "category", codes: new Int32Array(numRows).fill(-1), levels: [] } });
        continue;
      }
      const values = await parquetReadColumn({ file: source, metadata, columns: [element.name], compressors, parsers });
      columns.push({ info, column: columnOf(info, values) });
    }
    return { columns, chunkSizes: chunkSizesOf(metadata) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${file.name} cannot be read as Parquet: ${(error as Error).message}; ornstein studio FILE may read it.`,
    );
  }
}

/** Days since 1970-01-01 (UTC), computed as the command's query does. */
const daysOf = (micros: bigint) => Number(micros) / 1e6 / 86_400;
const parsers = {
  dateFromDays: (days: number) => days,
  timestampFromMilliseconds: (millis: bigint) => daysOf(BigInt(millis) * 1000n),
  timestampFromMicroseconds: (micros: bigint) => daysOf(micros),
} as unknown as { readonly dateFromDays: (days: number) => Date };

function topLevel({ schema }: FileMetaData): SchemaElement[] {
  const found: SchemaElement[] = [];
  for (let k = 1; k < schema.length; ) {
    found.push(schema[k]);
    k = skip(schema, k);
  }
  return found;
}

/** The element after that one and all that belongs to it. */
function skip(schema: readonly SchemaElement[], at: number): number {
  let next = at + 1;
  for (let child = 0; child < (schema[at].num_children ?? 0); child++) next = skip(schema, next);
  return next;
}

function orderedNames({ key_value_metadata = [] }: FileMetaData): string[] {
  const own = key_value_metadata.find(({ key }) => key === "ARROW:schema")?.value;
  return own === undefined ? [] : orderedDictionaries(Uint8Array.from(atob(own), (sign) => sign.charCodeAt(0)));
}

function infoOf(element: SchemaElement, isOrdered: boolean): ColumnInfo {
  const { name, type, converted_type: converted, logical_type: logical, num_children: children = 0 } = element;
  const refused = (what: string): ColumnInfo => ({ name, type: "unsupported", refusal: `holds ${what}; ${instead}` });
  if (children > 0 || element.repetition_type === "REPEATED") return refused("lists or records");
  if (isOrdered) return refused("ordered categories");
  const kind = logical?.type ?? converted;
  if (type === "BOOLEAN") return { name, type: "boolean", sourceType: "BOOLEAN" };
  if (kind === "DATE") return { name, type: "number", sourceType: "DATE", isTime: true };
  const isZoned = logical?.type === "TIMESTAMP" && logical.isAdjustedToUTC;
  const isNano = logical?.type === "TIMESTAMP" && logical.unit === "NANOS";
  if ((kind === "TIMESTAMP" && !isNano) || kind === "TIMESTAMP_MILLIS" || kind === "TIMESTAMP_MICROS")
    return { name, type: "number", sourceType: isZoned ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP", isTime: true };
  if (converted === "DECIMAL" || kind === "DECIMAL")
    return (type === "INT32" || type === "INT64") && (element.precision ?? 99) <= 15
      ? { name, type: "number", sourceType: `DECIMAL(${element.precision},${element.scale ?? 0})` }
      : refused("decimals of many digits");
  if (kind === undefined || kind === "INTEGER" || /^U?INT_/.test(kind)) {
    if (type === "INT32" || type === "INT64") return { name, type: "number", sourceType: wholeType(element) };
    if (type === "FLOAT" || type === "DOUBLE") return { name, type: "number", sourceType: type };
  }
  if (type === "BYTE_ARRAY" && (kind === "STRING" || kind === "UTF8"))
    return { name, type: "string", sourceType: "VARCHAR" };
  return refused(`values of the type ${kind ?? type}`);
}

/** The command's name of a type of whole numbers. */
function wholeType({ type, converted_type: converted, logical_type: logical }: SchemaElement): string {
  const [, sign, width] = /^(U?)INT_(\d+)$/.exec(converted ?? "") ?? [];
  const bits = logical?.type === "INTEGER" ? logical.bitWidth : Number(width ?? (type === "INT32" ? 32 : 64));
  const isUnsigned = logical?.type === "INTEGER" ? !logical.isSigned : sign === "U";
  const names: Readonly<Record<number, string>> = { 8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT" };
  return `${isUnsigned ? "U" : ""}${names[bits]}`;
}

function columnOf({ type }: ColumnInfo, values: ArrayLike<unknown>): ReadColumn["column"] {
  const given = Array.from(values);
  const isMissing = (value: unknown) => value === null || value === undefined;
  if (type === "number")
    return {
      kind: "number",
      values: Float64Array.from(given, (value) => (isMissing(value) ? Number.NaN : Number(value))),
    };
  if (type === "boolean")
    return {
      kind: "category",
      codes: Int32Array.from(given, (value) => (isMissing(value) ? -1 : Number(value))),
      levels: ["false", "true"],
    };
  return textColumn(given.map((value) => (isMissing(value) ? null : String(value))));
}

function chunkSizesOf({ row_groups }: FileMetaData): number[] {
  return row_groups.flatMap(({ num_rows }) => {
    const rows = Number(num_rows);
    return Array.from({ length: Math.ceil(rows / chunkRows) }, (_, k) => Math.min(chunkRows, rows - k * chunkRows));
  });
}
