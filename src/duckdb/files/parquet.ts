import { closeSync, fstatSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { quoted, sqlText } from "../../table/sql-text.ts";
import { maxTextBytes, tooLong } from "../columns.ts";
import type { DuckDBSession } from "../session.ts";
import type { FileColumn, FileView } from "../view.ts";
import { orderedDictionaries } from "./arrow-schema.ts";
import { copyWithBytes, decimalSql } from "./decimals.ts";
import { dictionaryPageOf, fileOfDictionary, maxHeaderBytes } from "./parquet-dictionary.ts";

/**
 * The view of Parquet files, in which ordered dictionaries are ENUMs with their order, and decimals that DuckDB reads wrongly
 * are read from their bytes as doubles, or are an error where they are read.
 * @param folder Where files may be put for a while.
 */
export async function parquetView(
  session: DuckDBSession,
  { label, files, source }: { readonly label: string; readonly files: readonly string[]; readonly source: string },
  folder: () => string,
): Promise<FileView> {
  const local = `${label} cannot be read`;
  const query = `select * from read_parquet(${source})`;
  const described = (await session.rows(
    `select column_name, column_type from (describe ${query})`,
    local,
  )) as string[][];
  const schema = await topLevelColumns(session, source, local);
  const wide = await wideDecimals(session, source, local);
  const long = await longTexts(session, source, local);
  const orders = await ordersOf(session, source, local, folder);
  const columns: FileColumn[] = [];
  const replaced: string[] = [];
  const asBytes = new Set<string>();
  for (const [j, [sqlName, type]] of described.entries()) {
    const name =
      schema[j] !== undefined && sqlName.toLowerCase().startsWith(schema[j].toLowerCase()) ? schema[j] : sqlName;
    const column = quoted(sqlName);
    const { precision, bytes, scale } = wide.get(name) ?? {};
    const order = orders.get(name);
    if (bytes !== undefined) {
      asBytes.add(name);
      replaced.push(`${decimalSql(column, bytes, scale!)} as ${column}`);
      columns.push({ sqlName, name, type: "DOUBLE" });
    } else if (precision !== undefined) {
      const refusal = `holds decimals of ${precision} digits, of which DuckDB reads no more than 38 right; write it as decimal(38, s) or as double where the file is made`;
      replaced.push(
        `if(${column} is null, null, cast(error(${sqlText(`column "${name}" of ${label} ${refusal}`)}) as ${type})) as ${column}`,
      );
      columns.push({ sqlName, name, type, refusal });
    } else if (order && type === "VARCHAR") {
      const ordered = `ENUM(${order.map(sqlText).join(", ")})`;
      replaced.push(`cast(${column} as ${ordered}) as ${column}`);
      columns.push({ sqlName, name, type: ordered });
    } else {
      const average = type === "VARCHAR" ? long.get(name) : undefined;
      columns.push({ sqlName, name, type, ...(average !== undefined && { refusal: tooLong(average) }) });
    }
  }
  let from = source;
  if (asBytes.size > 0) {
    const copies = files.map((file, k) => {
      const copy = join(folder(), `bytes-${copyCount++}-${k}.parquet`);
      copyWithBytes(file, copy, asBytes);
      return copy;
    });
    from = `[${copies.map(sqlText).join(", ")}]`;
  }
  const sql = replaced.length === 0 ? query : `select * replace (${replaced.join(", ")}) from read_parquet(${from})`;
  return { sql, isStable: true, columns, notes: [] };
}

/** The columns whose texts are too long on average, by the files' metadata, with that length: reading some takes all memory. */
async function longTexts(session: DuckDBSession, source: string, local: string): Promise<ReadonlyMap<string, number>> {
  const rows = await session.rows(
    `select path_in_schema, round(sum(total_uncompressed_size) / sum(num_values))::double as average from parquet_metadata(${source}) where type = 'BYTE_ARRAY' group by all having average > ${maxTextBytes}`,
    local,
  );
  return new Map(rows as [string, number][]);
}

/** The names of the columns in the first file. */
async function topLevelColumns(session: DuckDBSession, source: string, local: string): Promise<string[]> {
  const rows = await schemaRows(session, source, local);
  const first = rows.filter(({ file }) => file === rows[0].file);
  return first.filter(({ top }, i) => i > 0 && top === first[i].name && first[i].depth === 1).map(({ name }) => name);
}

/** Of copies of files, so that each has a name of its own. */
let copyCount = 0;

interface SchemaRow {
  readonly file: string;
  readonly name: string;
  /** The column that it belongs to. */
  readonly top: string;
  readonly depth: number;
  readonly precision: number;
  readonly scale: number;
  /** 0 where they vary. */
  readonly bytes: number;
}

/** The elements of the files' schemas, depth first, each with the column that it belongs to. */
async function schemaRows(session: DuckDBSession, source: string, local: string): Promise<SchemaRow[]> {
  const list = "file_name, name, num_children, type, type_length, precision, scale";
  const rows = await session.rows(
    `select file_name, name, coalesce(num_children, 0)::integer, coalesce(precision, 0)::integer, coalesce(scale, 0)::integer, if(type = 'FIXED_LEN_BYTE_ARRAY', coalesce(try_cast(type_length as integer), 0), 0) from (select ${list} from parquet_schema(${source}))`,
    local,
  );
  const result: SchemaRow[] = [];
  /** Children that are still to come, by depth. */
  let left: number[] = [];
  let top = "";
  for (const [file, name, children, precision, scale, bytes] of rows as [string, string, ...number[]][]) {
    while (left.length > 0 && left[left.length - 1] === 0) left.pop();
    if (result.length === 0 || file !== result[result.length - 1].file) left = [];
    const depth = left.length;
    if (depth > 0) left[depth - 1]--;
    if (depth === 1) top = name;
    result.push({ file, name, top, depth, precision, scale, bytes });
    if (children > 0) left.push(children);
  }
  return result;
}

export interface WideDecimal {
  readonly precision: number;
  readonly scale: number;
  /** How many each value has, where it can be read from them. */
  readonly bytes?: number;
}

/** The decimals that are too wide for DuckDB, by column; those within lists and structs too. */
export async function wideDecimals(
  session: DuckDBSession,
  source: string,
  local: string,
): Promise<ReadonlyMap<string, WideDecimal>> {
  const rows = await schemaRows(session, source, local);
  const wide = new Map<string, WideDecimal>();
  for (const { top, depth, precision, scale, bytes } of rows) {
    if (precision <= 38) continue;
    const known = wide.get(top);
    const isReadable = depth === 1 && bytes > 0 && (!known || (known.bytes === bytes && known.scale === scale));
    wide.set(top, { precision, scale, ...(isReadable && { bytes }) });
  }
  return wide;
}

/** The levels of ordered dictionaries in their order, by column. */
async function ordersOf(
  session: DuckDBSession,
  source: string,
  local: string,
  folder: () => string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const schemas = await session.rows(
    `select file_name, decode(value) from parquet_kv_metadata(${source}) where decode(key) = 'ARROW:schema'`,
    local,
  );
  const orders = new Map<string, readonly string[]>();
  for (const [file, schema] of schemas as string[][]) {
    for (const name of orderedDictionaries(Buffer.from(schema, "base64"))) {
      for (const order of await dictionariesOf(session, file, name, local, folder)) {
        orders.set(name, merged(orders.get(name) ?? [], order, `Column "${name}"`));
      }
    }
  }
  return orders;
}

async function dictionariesOf(
  session: DuckDBSession,
  file: string,
  name: string,
  local: string,
  folder: () => string,
): Promise<string[][]> {
  const literal = sqlText(file.replace(/[*?[]/g, "[$&]"));
  const pages = await session.rows(
    `select dictionary_page_offset::double, compression from parquet_metadata(${literal}) where path_in_schema = ${sqlText(name)} and dictionary_page_offset is not null`,
    local,
  );
  const orders: string[][] = [];
  for (const [offset, codec] of pages as [number, string][]) {
    const bytes = readPage(file, offset);
    if (!bytes) continue;
    const path = join(folder(), "dictionary.parquet");
    writeFileSync(path, fileOfDictionary(bytes.page, bytes.entries, codec));
    try {
      const rows = await session.rows(`select v from read_parquet(${sqlText(path)})`, local);
      orders.push(rows.map(([value]) => String(value)));
    } finally {
      rmSync(path, { force: true });
    }
  }
  return orders;
}

function readPage(file: string, offset: number): { page: Uint8Array; entries: number } | undefined {
  const descriptor = openSync(file, "r");
  try {
    const start = Buffer.alloc(maxHeaderBytes);
    readSync(descriptor, start, 0, start.length, offset);
    const { length, entries } = dictionaryPageOf(start);
    if (length > fstatSync(descriptor).size - offset) throw new RangeError("The page ends behind the file.");
    const page = Buffer.alloc(length);
    readSync(descriptor, page, 0, length, offset);
    return entries > 0 ? { page, entries } : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Two orders as one. @throws InputError where they contradict each other */
function merged(a: readonly string[], b: readonly string[], column: string): readonly string[] {
  const result: string[] = [];
  const [left, right] = [new Set(a), new Set(b)];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && !right.has(a[i])) result.push(a[i++]);
    else if (j < b.length && !left.has(b[j])) result.push(b[j++]);
    else if (a[i] === b[j]) {
      result.push(a[i++]);
      j++;
    } else {
      throw new InputError(
        `${column} has its levels in one order in one part of the files and in another in the next ("${a[i]}" and "${b[j]}" change places); write the files with one order.`,
      );
    }
  }
  return result;
}
