import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBInstance, DuckDBVector } from "@duckdb/node-api";
import type { DesignRecipe } from "./design-types.ts";
import { asInputError } from "./duckdb-errors.ts";
import { checkFile, type DataFiles, duckdbPath, fileView, isPattern } from "./duckdb-files.ts";
import { filesOfQuery } from "./duckdb-query-files.ts";
import { DuckDBSession } from "./duckdb-session.ts";
import { isStandardInput, Spool } from "./duckdb-spool.ts";
import { DuckDBTexts } from "./duckdb-texts.ts";
import { type FileHints, type FileView, hintsOf } from "./duckdb-view.ts";
import { InputError } from "./errors.ts";
import { quoted, sqlText } from "./sql-text.ts";
import type { Column, ColumnInfo, ColumnType, TableChunk, TableSource } from "./table.ts";

export interface OpenTableOptions {
  /** A file or a pattern: CSV (delimiter and header sniffed), TSV, JSON lines, Parquet, numbers aligned by blanks; - is standard input. */
  readonly path?: string;
  /** A query over any file that DuckDB reads; the file at `path`, where there is one, is its table `data`. */
  readonly sql?: string;
  /** The recipe of a fit: columns that its files had are read with the types that they had there. */
  readonly like?: Pick<DesignRecipe, "inputs" | "fileTypes">;
  readonly signal?: AbortSignal;
}

const numberTypes = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|BIGNUM)\b/;
const timeTypes = /^(DATE|TIMESTAMP)/;
const textTypes = /^(VARCHAR|ENUM|UUID|TIME)\b/;

/**
 * Opens a table by DuckDB. Dates and timestamps are days since 1970-01-01. The columns that are asked for are held by
 * DuckDB from the first call of `chunks` on, so that every pass sees the same rows; Parquet files are read again.
 *
 * @throws InputError where the file cannot be read or the query is wrong.
 */
export async function openTable(options: OpenTableOptions): Promise<TableSource> {
  const { path, sql, signal } = options;
  if (path === undefined && sql === undefined) throw new InputError("There is no data; name a file, or give --sql.");
  if (path !== undefined && !isPattern(path) && !isStandardInput(path)) checkFile(path);
  const { DuckDBInstance } = await import("@duckdb/node-api");
  signal?.throwIfAborted();
  const instance = await DuckDBInstance.create(":memory:", {
    // Where a table outgrows memory, DuckDB goes on there, and removes the folder at the end.
    temp_directory: join(tmpdir(), `ornstein-${process.pid}`),
  });
  const spool = new Spool();
  const close = () => {
    instance.closeSync();
    spool.remove();
  };
  try {
    return await openSource(instance, spool, options, close);
  } catch (error) {
    close();
    throw error;
  }
}

async function openSource(
  instance: DuckDBInstance,
  spool: Spool,
  { path, sql, like, signal }: OpenTableOptions,
  closeAll: () => void,
): Promise<TableSource> {
  const connection = await instance.connect();
  const session = new DuckDBSession(connection, signal);
  const name = path === undefined || !isStandardInput(path) ? path : "standard input";
  const label = sql === undefined ? name! : "the query";
  const problem = sql === undefined ? `${name} cannot be read` : "The query fails";
  await session.run("set TimeZone = 'UTC'", problem);

  const hints = hintsOf(like, sql !== undefined);
  const viewOf = async (path: string, label: string) =>
    fileView(session, await filesOf(session, spool, path, label, signal), hints, spool.folder);
  const data = path === undefined ? undefined : await viewOf(path, name!);
  if (data) await session.run(`create view data as ${data.sql}`, `${name} cannot be read`);
  const views = data ? [data] : [];
  const query = sql?.replace(/[\s;]+$/, "");
  if (query !== undefined) views.push(...(await createQuery(session, query, viewOf)));
  const view = query === undefined ? "data" : "query";
  const isStable = query === undefined && data!.isStable;

  const described = (await session.rows(`select column_name, column_type from (describe ${view})`, problem)) as string[][];
  const known = query === undefined ? new Map(data!.columns.map((column) => [column.sqlName, column])) : new Map();
  /** What DuckDB calls each column. */
  const sqlNames = new Map<string, string>();
  const columns = described.map(([sqlName, type]): ColumnInfo => {
    const { name = sqlName, refusal } = known.get(sqlName) ?? {};
    sqlNames.set(name, sqlName);
    const info = { name, type: refusal === undefined ? columnType(type) : "unsupported", sourceType: type, refusal } as const;
    return timeTypes.test(type) && !type.endsWith("]") ? { ...info, isTime: true } : info;
  });
  const byName = new Map(columns.map((info) => [info.name, info]));
  const sqlName = (name: string) => sqlNames.get(name) ?? name;

  let numRows: number | undefined;
  async function countRows(table: string): Promise<void> {
    numRows = Number((await session.rows(`select cast(count(*) as double) from ${table}`, problem))[0][0]);
  }
  // Parquet's metadata tells without reading.
  if (isStable) await countRows(view);

  /** The columns held in the table `held`. */
  let held: readonly string[] | undefined;
  async function hold(names: readonly string[]): Promise<string> {
    if (isStable) return view;
    if (!held || names.some((name) => !held!.includes(name))) {
      const all = [...new Set([...(held ?? []), ...names])];
      // Without columns only the number of rows matters.
      const list = all.length > 0 ? all.map((name) => quoted(sqlName(name))).join(", ") : "1 as one";
      await session.run(`create or replace table held as select ${list} from ${view}`, problem);
      held = all;
      await countRows("held");
    }
    return "held";
  }

  const texts = new DuckDBTexts(session, problem, label, sqlName);

  async function* chunks(names: readonly string[], whole?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    signal?.throwIfAborted();
    const infos = names.map((name) => byName.get(name) ?? missingColumn(name, label));
    const table = await hold(names);
    /** None of texts. */
    const levels: (readonly string[] | undefined)[] = [];
    for (const info of infos) {
      if (info.type === "string") levels.push(whole?.has(info.name) ? undefined : await texts.levels(info, table));
      else levels.push(info.type === "boolean" ? ["false", "true"] : []);
    }
    const list = infos.map((info, j) => readExpression(info, sqlName(info.name), levels[j]));
    const reading = await instance.connect();
    try {
      const result = await asInputError(
        problem,
        async () => {
          await reading.run("set TimeZone = 'UTC'");
          return reading.stream(`select ${list.join(", ") || "1"} from ${table}`);
        },
        signal,
      );
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await asInputError(problem, () => result.fetchChunk(), signal);
        if (!chunk || chunk.rowCount === 0) return;
        const read = infos.map((info, j) => [info.name, column(chunk.getColumnVector(j), info, levels[j])] as const);
        yield { numRows: chunk.rowCount, columns: new Map(read) };
      }
    } finally {
      reading.closeSync();
    }
  }

  return {
    columns,
    label,
    relation: query === undefined ? "data" : `(${query})`,
    notes: views.flatMap(({ notes }) => notes),
    fileTypes: fileTypesOf(views),
    sqlName,
    get numRows() {
      return numRows;
    },
    // All that is read of texts is held at once, as the rows of a query may not be the same again.
    hold: async (names) => void (await hold(names)),
    texts: async (name) => texts.values(name, await hold([name])),
    firstUnlike: async (name, pattern) => texts.firstUnlike(name, await hold([name]), pattern),
    chunks,
    async close() {
      connection.closeSync();
      closeAll();
    },
  };
}

/** The files of a path or a pattern, as they can be read. */
async function filesOf(
  session: DuckDBSession,
  spool: Spool,
  path: string,
  label: string,
  signal: AbortSignal | undefined,
): Promise<DataFiles> {
  if (!isPattern(path)) {
    const file = await spool.file(path, signal);
    return { label, files: [file], source: sqlText(duckdbPath(file)) };
  }
  const rows = await session.rows(`select file from glob(${sqlText(duckdbPath(path))})`, `${label} cannot be read`);
  const files = rows.map(([file]) => String(file));
  if (files.length === 0) throw new InputError(`No file matches ${path}; check the pattern.`);
  for (const file of files) checkFile(file);
  const readable: string[] = [];
  for (const file of files) readable.push(await spool.file(file, signal));
  const isAsIs = readable.every((file, i) => file === files[i]);
  const list = `[${readable.map((file) => sqlText(duckdbPath(file))).join(", ")}]`;
  return { label, files: readable, source: isAsIs ? sqlText(duckdbPath(path)) : list };
}

/** Makes the view `query`, in which files that are named by themselves are read as the file of a path is. */
async function createQuery(
  session: DuckDBSession,
  query: string,
  viewOf: (path: string, label: string) => Promise<FileView>,
): Promise<FileView[]> {
  const problem = "The query fails";
  const create = () => session.run(`create view query as select * from (\n${query}\n)`, problem);
  const views: FileView[] = [];
  const files = await filesOfQuery(session, query);
  for (const file of files) {
    const view = await viewOf(file, file);
    await session.run(`create view ${quoted(file)} as ${view.sql}`, problem);
    views.push(view);
  }
  try {
    await create();
  } catch (error) {
    if (views.length === 0) throw error;
    // A query may name a file's columns by the file, as in rows.x, which a view does not let it.
    for (const file of files) await session.run(`drop view ${quoted(file)}`, problem);
    await create();
    return [];
  }
  return views;
}

/** The types of the columns of all files; none of a name that has several. */
function fileTypesOf(views: readonly FileView[]): Record<string, string> {
  const types = new Map<string, string | undefined>();
  for (const { columns } of views) {
    for (const { name, type } of columns) types.set(name, types.has(name) && types.get(name) !== type ? undefined : type);
  }
  return Object.fromEntries([...types].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function column(vector: DuckDBVector, { sourceType }: ColumnInfo, levels: readonly string[] | undefined): Column {
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

/** The SQL that reads a column without nulls: doubles with NaN, or codes with −1, for missing values; or texts with nulls. */
function readExpression({ name, type, isTime }: ColumnInfo, sqlName: string, levels: readonly string[] | undefined): string {
  const column = quoted(sqlName);
  if (!levels) return `cast(${column} as varchar)`;
  if (type === "boolean") return `coalesce(cast(${column} as integer), -1)`;
  if (type === "string") {
    if (levels.length === 0) return "cast(-1 as integer)";
    return `coalesce(cast(enum_code(cast(cast(${column} as varchar) as ${quoted(`levels of ${name}`)})) as integer), -1)`;
  }
  const value = isTime ? `epoch(${column}) / 86400` : column;
  return `coalesce(cast(${value} as double), cast('nan' as double))`;
}

function missingColumn(name: string, label: string): never {
  throw new InputError(`There is no column "${name}" in ${label}; check its name.`);
}
