import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance, DuckDBVector } from "@duckdb/node-api";
import { asInputError } from "./duckdb-errors.ts";
import { checkFile, duckdbPath, fileQuery, isParquetQuery, isPattern, sqlText } from "./duckdb-files.ts";
import { InputError } from "./errors.ts";
import { requireObject, requireText } from "./kinds.ts";
import { optionalPackage } from "./optional-package.ts";
import {
  areTooManyLevels,
  type Column,
  type ColumnInfo,
  type ColumnType,
  compareText,
  formatCount,
  maxLevels,
  type TableChunk,
  type TableSource,
  tooManyLevels,
} from "./table.ts";

export interface OpenTableOptions {
  /** A file or a pattern: CSV (delimiter and header sniffed), TSV, JSON lines, Parquet, numbers aligned by blanks. */
  readonly path?: string;
  /** A query over any file that DuckDB reads; the file at `path`, where there is one, is its table `data`. */
  readonly sql?: string;
  readonly signal?: AbortSignal;
}

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)\b/;
const timeTypes = /^(DATE|TIMESTAMP)/;
const textTypes = /^(VARCHAR|ENUM|UUID)\b/;

/**
 * Opens a table by DuckDB. Dates and timestamps are days since 1970-01-01. The columns that are asked for are held by
 * DuckDB from the first call of `chunks` on, so that every pass sees the same rows; Parquet files are read again.
 *
 * @throws InputError where the file cannot be read or the query is wrong.
 */
export async function openTable(options: OpenTableOptions): Promise<TableSource> {
  requireObject(options, "What to open", "{ path } or { sql }");
  const { path, sql, signal } = options;
  if (path !== undefined) requireText(path, "The path", "the name of a file, or a pattern");
  if (sql !== undefined) requireText(sql, "The query", "SQL as a text");
  if (path === undefined && sql === undefined) throw new InputError("There is no data; name a file, or give --sql.");
  if (path !== undefined && !isPattern(path)) checkFile(path);
  const { DuckDBInstance } = await optionalPackage(
    "@duckdb/node-api",
    "Reading files and queries",
    () => import("@duckdb/node-api"),
  );
  signal?.throwIfAborted();
  const instance = await DuckDBInstance.create(":memory:", {
    // Where a table outgrows memory, DuckDB goes on there, and removes the folder at the end.
    temp_directory: join(tmpdir(), `ornstein-${process.pid}`),
  });
  try {
    return await openSource(instance, await instance.connect(), options);
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function openSource(
  instance: DuckDBInstance,
  connection: DuckDBConnection,
  { path, sql, signal }: OpenTableOptions,
): Promise<TableSource> {
  const label = sql === undefined ? path! : "the query";
  const problem = sql === undefined ? `${path} cannot be read` : "The query fails";
  const run = (statement: string, what = problem) =>
    asInputError(what, () => interruptible(connection, signal, () => connection.run(statement)), signal);
  const values = async (statement: string) => {
    const reader = await asInputError(
      problem,
      () => interruptible(connection, signal, () => connection.runAndReadAll(statement)),
      signal,
    );
    return reader.getRows() as (string | number | null)[][];
  };

  let isStable = false;
  if (path !== undefined) {
    const query = fileQuery(path, isPattern(path) ? await matches(path, values) : [path]);
    isStable = isParquetQuery(query);
    await run(`create view data as ${query}`, `${path} cannot be read`);
  }
  if (sql !== undefined) {
    isStable = false;
    await run(`create view query as select * from (\n${sql.replace(/[\s;]+$/, "")}\n)`);
  }
  const view = sql === undefined ? "data" : "query";
  const types = await values(`select column_name, column_type from (describe ${view})`);
  const columns = types.map(
    ([name, type]): ColumnInfo => ({ name: String(name), type: columnType(String(type)), sourceType: String(type) }),
  );
  const byName = new Map(columns.map((info) => [info.name, info]));

  let numRows: number | undefined;
  async function countRows(table: string): Promise<void> {
    numRows = Number((await values(`select cast(count(*) as double) from ${table}`))[0][0]);
  }
  // Parquet's metadata tells without reading.
  if (isStable) await countRows(view);

  /** The columns held in the table `held`. */
  let held: readonly string[] | undefined;
  async function hold(names: readonly string[]): Promise<string> {
    if (isStable) return view;
    if (!held || names.some((name) => !held!.includes(name))) {
      // Without columns only the number of rows matters.
      const list = names.length > 0 ? names.map(quote).join(", ") : "1 as one";
      await run(`create or replace table held as select ${list} from ${view}`);
      held = [...names];
      await countRows("held");
    }
    return "held";
  }

  const knownLevels = new Map<string, readonly string[]>();
  async function levelsOf(name: string, table: string): Promise<readonly string[]> {
    const known = knownLevels.get(name);
    if (known) return known;
    const text = `cast(${quote(name)} as varchar)`;
    const rows = await values(
      `select distinct ${text} from ${table} where ${quote(name)} is not null limit ${maxLevels + 1}`,
    );
    const levels = rows.map(([level]) => String(level)).sort(compareText);
    if (areTooManyLevels(levels)) throw await levelError(name, text, table, values);
    if (levels.some((level) => level.includes("\0"))) {
      throw new InputError(`Column "${name}" of ${label} holds binary data; leave it out of the formula.`);
    }
    if (levels.length > 0) await run(`create type ${quote(`levels of ${name}`)} as enum (${levels.map(sqlText)})`);
    knownLevels.set(name, levels);
    return levels;
  }

  async function* chunks(names: readonly string[], texts?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    signal?.throwIfAborted();
    const infos = names.map((name) => byName.get(name) ?? missingColumn(name, label));
    const table = await hold(names);
    /** None of texts. */
    const levels: (readonly string[] | undefined)[] = [];
    for (const { name, type } of infos) {
      if (type === "string") levels.push(texts?.has(name) ? undefined : await levelsOf(name, table));
      else levels.push(type === "boolean" ? ["false", "true"] : []);
    }
    const list = infos.map((info, j) => readExpression(info, levels[j]));
    const reading = await instance.connect();
    try {
      const result = await asInputError(
        problem,
        () => reading.stream(`select ${list.join(", ") || "1"} from ${table}`),
        signal,
      );
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await asInputError(problem, () => result.fetchChunk(), signal);
        if (!chunk || chunk.rowCount === 0) return;
        const read = infos.map(({ name }, j) => [name, column(chunk.getColumnVector(j), levels[j])] as const);
        yield { numRows: chunk.rowCount, columns: new Map(read) };
      }
    } finally {
      reading.closeSync();
    }
  }

  async function close(): Promise<void> {
    connection.closeSync();
    instance.closeSync();
  }
  return {
    columns,
    label,
    get numRows() {
      return numRows;
    },
    chunks,
    close,
  };
}

function column(vector: DuckDBVector, levels: readonly string[] | undefined): Column {
  if (!levels) return textColumn(vector.toArray() as (string | null)[]);
  // The vector's memory is DuckDB's own, and the chunk's; so it is copied.
  const items = (vector as unknown as { items: Float64Array | Int32Array }).items.slice();
  return items instanceof Int32Array ? { kind: "category", codes: items, levels } : { kind: "number", values: items };
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

/** The SQL that reads a column without nulls: doubles with NaN, or codes with −1, for missing values; or texts with nulls. */
function readExpression({ name, type, sourceType }: ColumnInfo, levels: readonly string[] | undefined): string {
  const quoted = quote(name);
  if (!levels) return `cast(${quoted} as varchar)`;
  if (type === "boolean") return `coalesce(cast(${quoted} as integer), -1)`;
  if (type === "string") {
    if (levels.length === 0) return "cast(-1 as integer)";
    return `coalesce(cast(enum_code(cast(cast(${quoted} as varchar) as ${quote(`levels of ${name}`)})) as integer), -1)`;
  }
  const value = timeTypes.test(sourceType ?? "") ? `epoch(${quoted}) / 86400` : quoted;
  return `coalesce(cast(${value} as double), cast('nan' as double))`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

async function matches(path: string, values: (statement: string) => Promise<unknown[][]>): Promise<string[]> {
  const files = (await values(`select file from glob(${sqlText(duckdbPath(path))})`)).map(([file]) => String(file));
  if (files.length === 0) throw new InputError(`No file matches ${path}; check the pattern.`);
  for (const file of files) checkFile(file);
  return files;
}

function missingColumn(name: string, label: string): never {
  throw new InputError(`There is no column "${name}" in ${label}; check its name.`);
}

async function levelError(
  name: string,
  text: string,
  table: string,
  values: (statement: string) => Promise<(string | number | null)[][]>,
): Promise<InputError> {
  const isNumber = `try_cast(${text} as double) is not null`;
  const counts = `cast(count(distinct ${text}) as integer), cast(count(*) filter (${isNumber}) as integer), cast(count(${quote(name)}) as integer)`;
  const [[levels, numbers, rows]] = (await values(`select ${counts} from ${table}`)) as number[][];
  if (2 * numbers <= rows) return tooManyLevels(name, formatCount(levels));
  const [[stray]] = await values(
    `select ${text} from ${table} where not (${isNumber}) and ${quote(name)} is not null limit 1`,
  );
  return tooManyLevels(name, formatCount(levels), stray === null ? undefined : String(stray));
}

/** Runs a query that the signal interrupts. */
async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  query: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    return await query();
  } finally {
    signal?.removeEventListener("abort", interrupt);
  }
}
