import type { DuckDBInstance } from "@duckdb/node-api";
import type { DesignRecipe } from "../design/design-types.ts";
import { InputError } from "../errors.ts";
import { refuse, requireObject, requireText } from "../kinds.ts";
import { quoted } from "../table/sql-text.ts";
import type { TableChunk, TableSource } from "../table/table-source.ts";

import { columnOf, infoOf, readExpression } from "./columns.ts";
import { lockDown, requireConfined } from "./confinement.ts";
import { checkFile, duckdbPath, fileView, isPattern } from "./files/files.ts";
import { openDuckDB } from "./instance.ts";
import { parseQuery } from "./query.ts";
import { filesOfQuery } from "./query-files.ts";
import { DuckDBSession } from "./session.ts";
import { isStandardInput, Spool } from "./spool.ts";
import { surveyOf } from "./survey.ts";
import { createQuery, filesOf, fileTypesOf } from "./tables.ts";
import { DuckDBTexts } from "./texts.ts";
import { hintsOf } from "./view.ts";

export interface OpenTableOptions {
  /** A file or a pattern: CSV (delimiter and header sniffed), TSV, JSON lines, Parquet, numbers aligned by blanks; - is standard input. */
  readonly path?: string;
  /**
   * One SELECT over any file that DuckDB reads; the file at `path`, where there is one, is its table `data`. It can read
   * whatever the process can: a stranger's is to be `confined`.
   */
  readonly sql?: string;
  /** Whether the query may read the file at `path` alone, and change and learn nothing else. */
  readonly confined?: boolean;
  /** The recipe of a fit: columns that its files had are read with the types that they had there. */
  readonly like?: Pick<DesignRecipe, "inputs" | "fileTypes">;
  readonly signal?: AbortSignal;
}

/**
 * Opens a table by DuckDB. Dates and timestamps are days since 1970-01-01. The columns that are asked for are held by
 * DuckDB from the first call of `chunks` on, so that every pass sees the same rows; Parquet files are read again.
 *
 * @throws InputError where the file cannot be read or the query is wrong.
 */
export async function openTable(options: OpenTableOptions): Promise<TableSource> {
  requireObject(options, "What to open", "{ path } or { sql }");
  const { path, sql, confined, signal } = options;
  if (path !== undefined) requireText(path, "The path", "the name of a file, or a pattern");
  if (sql !== undefined) requireText(sql, "The query", "SQL as a text");
  if (confined !== undefined && typeof confined !== "boolean") refuse(confined, "The option confined", "true or false");
  if (path === undefined && sql === undefined) throw new InputError("There is no data; name a file, or give --sql.");
  if (path !== undefined && !isPattern(path) && !isStandardInput(path)) checkFile(path);
  signal?.throwIfAborted();
  const duckdb = await openDuckDB("Reading files and queries");
  const spool = new Spool();
  const close = () => {
    duckdb.close();
    spool.remove();
  };
  try {
    return await openSource(duckdb.instance, spool, options, close);
  } catch (error) {
    close();
    throw error;
  }
}

async function openSource(
  instance: DuckDBInstance,
  spool: Spool,
  { path, sql, like, confined = false, signal }: OpenTableOptions,
  closeAll: () => void,
): Promise<TableSource> {
  const connection = await instance.connect();
  const session = new DuckDBSession(connection, signal);
  const name = path === undefined || !isStandardInput(path) ? path : "standard input";
  const label = sql === undefined ? name! : "the query";
  const local = sql === undefined ? `${name} cannot be read` : "The query fails";
  await session.run("set global TimeZone = 'UTC'", local);
  // How far a query is, for `prepared`; nothing is printed.
  await session.run(
    "set enable_progress_bar = true; set enable_progress_bar_print = false; set progress_bar_time = 0",
    local,
  );

  const parsed = sql === undefined ? undefined : await parseQuery(session, sql);
  const hints = hintsOf(like, sql !== undefined);
  const files: string[] = [];
  const viewOf = async (path: string, label: string) => {
    const found = await filesOf(session, spool, path, { label, signal, byName: confined });
    files.push(...found.files);
    return fileView(session, found, hints, spool.folder);
  };
  const data = path === undefined ? undefined : await viewOf(path, name!);
  if (data) await session.run(`create view data as ${data.sql}`, `${name} cannot be read`);
  if (confined && parsed) {
    requireConfined(parsed, { path, files });
    await lockDown(session, [...files, ...files.map(duckdbPath)], spool.made);
  }
  const views = data ? [data] : [];
  if (parsed) {
    // Where it is confined, the file that was named is the one there is.
    const named = (await filesOfQuery(session, parsed)).filter((name) => !confined || name === path);
    views.push(...(await createQuery(session, parsed, named, confined ? async () => data! : viewOf)));
  }
  const query = parsed?.text;
  const view = query === undefined ? "data" : "query";
  const isStable = query === undefined && data!.isStable;

  const described = (await session.rows(
    `select column_name, column_type from (describe ${view})`,
    local,
  )) as string[][];
  const known = query === undefined ? new Map(data!.columns.map((column) => [column.sqlName, column])) : new Map();
  /** What DuckDB calls each column. */
  const sqlNames = new Map<string, string>();
  const columns = described.map(([sqlName, type]) => {
    const { name = sqlName, refusal } = known.get(sqlName) ?? {};
    sqlNames.set(name, sqlName);
    return infoOf(name, type, refusal);
  });
  const byName = new Map(columns.map((info) => [info.name, info]));
  const sqlName = (name: string) => sqlNames.get(name) ?? name;

  let numRows: number | undefined;
  async function countRows(table: string): Promise<void> {
    numRows = Number((await session.rows(`select cast(count(*) as double) from ${table}`, local))[0][0]);
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
      await session.run(`create or replace table held as select ${list} from ${view}`, local);
      held = all;
      await countRows("held");
    }
    return "held";
  }

  const texts = new DuckDBTexts(session, local, label, sqlName);

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
    const reading = new DuckDBSession(await instance.connect(), signal);
    try {
      const result = await reading.stream(`select ${list.join(", ") || "1"} from ${table}`, local);
      for (;;) {
        const chunk = await reading.chunkOf(result, local);
        if (!chunk || chunk.rowCount === 0) return;
        const read = infos.map((info, j) => [info.name, columnOf(chunk.getColumnVector(j), info, levels[j])] as const);
        yield { numRows: chunk.rowCount, columns: new Map(read) };
      }
    } finally {
      reading.connection.closeSync();
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
    survey: async (wanted, sample) => {
      const table = { name: await hold(wanted.names), numRows: numRows!, info: (name: string) => byName.get(name)! };
      return surveyOf(session, { ...table, sqlName, local }, wanted, sample);
    },
    texts: async (name) => texts.values(name, await hold([name])),
    firstUnlike: async (name, pattern) => texts.firstUnlike(name, await hold([name]), pattern),
    prepared() {
      const { percentage } = connection.progress;
      return numRows === undefined && percentage >= 0 ? percentage / 100 : undefined;
    },
    chunks,
    async close() {
      connection.closeSync();
      closeAll();
    },
  };
}

function missingColumn(name: string, label: string): never {
  throw new InputError(`There is no column "${name}" in ${label}; check its name.`);
}
