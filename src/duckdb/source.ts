import type { DuckDBInstance } from "@duckdb/node-api";
import { InputError } from "../errors.ts";
import { refuse, requireObject, requireText } from "../kinds.ts";
import { quoted } from "../table/sql-text.ts";
import { type ColumnInfo, cellCount, type TableChunk, type TableSource } from "../table/table-source.ts";
import { cellsTable, countCells, cellCount as countColumn } from "./cells.ts";
import { columnOf, infoOf, readExpression } from "./columns.ts";
import { checkFile, isPattern } from "./files/files.ts";
import { HeldColumns } from "./held-columns.ts";
import { openDuckDB } from "./instance.ts";
import { nameOf, type OpenTableOptions, openViews } from "./open-views.ts";
import { DuckDBSession } from "./session.ts";
import { isStandardInput, Spool } from "./spool.ts";
import { surveyOf } from "./survey.ts";
import { fileTypesOf } from "./tables.ts";
import { DuckDBTexts } from "./texts.ts";

export type { OpenTableOptions } from "./open-views.ts";

/**
 * Opens a table by DuckDB. Dates and timestamps are days since 1970-01-01. The columns that are asked for are held by
 * DuckDB from the first call of `chunks` on, so that every pass sees the same rows; Parquet files are read again.
 *
 * @throws InputError where the file cannot be read or the query is wrong.
 */
export async function openTable(options: OpenTableOptions): Promise<TableSource> {
  requireObject(options, "What to open", "{ path } or { sql }");
  const { path, sql, confined, signal, memoryBytes } = options;
  if (path !== undefined) requireText(path, "The path", "the name of a file, or a pattern");
  if (sql !== undefined) requireText(sql, "The query", "SQL as a text");
  if (confined !== undefined && typeof confined !== "boolean") refuse(confined, "The option confined", "true or false");
  if (path === undefined && sql === undefined) throw new InputError("There is no data; name a file, or give --sql.");
  if (path !== undefined && !isPattern(path) && !isStandardInput(path)) checkFile(path);
  signal?.throwIfAborted();
  const duckdb = await openDuckDB("Reading files and queries", memoryBytes === undefined ? {} : within(memoryBytes));
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

/** DuckDB would fill what it may with what it has read of files, too. */
const within = (bytes: number): Record<string, string> => ({
  memory_limit: `${Math.ceil(bytes / 2 ** 20)}MiB`,
  enable_external_file_cache: "false",
});

async function openSource(
  instance: DuckDBInstance,
  spool: Spool,
  options: OpenTableOptions,
  closeAll: () => void,
): Promise<TableSource> {
  const { path, sql, signal } = options;
  const label = sql === undefined && path !== undefined ? nameOf(path) : "the query";
  const local = sql === undefined ? `${label} cannot be read` : "The query fails";
  const connection = await instance.connect();
  const session = new DuckDBSession(connection, signal);
  await session.run("set global TimeZone = 'UTC'", local);
  // How far a query is, for `prepared`; nothing is printed.
  await session.run(
    "set enable_progress_bar = true; set enable_progress_bar_print = false; set progress_bar_time = 0",
    local,
  );
  const { view, query, files, columns: known, isStable } = await openViews(session, spool, options);
  const { columns, sqlName } = await describeColumns(session, view, known, local);
  const byName = new Map(columns.map((info) => [info.name, info]));
  const info = (name: string) => byName.get(name) ?? missingColumn(name, label);
  const held = new HeldColumns(session, { name: view, isStable }, local, sqlName);
  const texts = new DuckDBTexts(session, local, label, sqlName);
  // Parquet's metadata tells how many rows there are without reading.
  if (isStable) await held.table([]);

  async function* chunks(names: readonly string[], whole?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    signal?.throwIfAborted();
    const infos = names.map(info);
    const table = await held.table(names);
    const read = await columnsToRead(infos, table.name, whole);
    yield* chunksOf(new DuckDBSession(await instance.connect(), signal), read, table.name, local);
  }

  async function columnsToRead(
    infos: readonly ColumnInfo[],
    table: string,
    whole: ReadonlySet<string> | undefined,
  ): Promise<ReadColumn[]> {
    const read: ReadColumn[] = [];
    for (const info of infos) {
      const isWhole = info.type === "string" && whole?.has(info.name);
      const levels = isWhole ? undefined : await texts.levels(info, table);
      read.push({ info, levels, expression: readExpression(info, sqlName(info.name), levels) });
    }
    return read;
  }

  async function cells(names: readonly string[], whole?: ReadonlySet<string>) {
    const infos = names.map(info);
    const table = await held.table(names);
    const isMade = await countCells(session, { ...table, local }, names.map(sqlName));
    if (!isMade) return undefined;
    // The levels are those of all rows.
    const read = await columnsToRead(infos, table.name, whole);
    const counts: ReadColumn = {
      info: { name: cellCount, type: "number", sourceType: "DOUBLE" },
      levels: [],
      expression: quoted(countColumn),
    };
    return async function* () {
      yield* chunksOf(new DuckDBSession(await instance.connect(), signal), [...read, counts], cellsTable, local);
    };
  }

  return {
    columns,
    label,
    relation: query === undefined ? "data" : `(${query})`,
    notes: files.flatMap(({ notes }) => notes),
    fileTypes: fileTypesOf(files),
    sqlName,
    get numRows() {
      return held.numRows;
    },
    // All that is read of texts is held at once, as the rows of a query may not be the same again.
    hold: async (names) => void (await held.table(names)),
    survey: async (wanted, sample) =>
      surveyOf(session, { ...(await held.table(wanted.names)), info, sqlName, local }, wanted, sample),
    texts: async (name) => texts.values(name, (await held.table([name])).name),
    firstUnlike: async (name, pattern) => texts.firstUnlike(name, (await held.table([name])).name, pattern),
    prepared() {
      const { percentage } = connection.progress;
      return held.numRows === undefined && percentage >= 0 ? percentage / 100 : undefined;
    },
    chunks,
    cells,
    async close() {
      connection.closeSync();
      closeAll();
    },
  };
}

/** The columns of a view by their own names, and what DuckDB calls them. */
async function describeColumns(
  session: DuckDBSession,
  view: string,
  ofFile: Awaited<ReturnType<typeof openViews>>["columns"],
  local: string,
): Promise<{ readonly columns: readonly ColumnInfo[]; readonly sqlName: (name: string) => string }> {
  const described = await session.rows(`select column_name, column_type from (describe ${view})`, local);
  const known = new Map(ofFile.map((column) => [column.sqlName, column]));
  const sqlNames = new Map<string, string>();
  const columns = described.map((row) => {
    const [sqlName, type] = row.map(String);
    const { name = sqlName, refusal } = known.get(sqlName) ?? {};
    sqlNames.set(name, sqlName);
    return infoOf(name, type, refusal);
  });
  return { columns, sqlName: (name) => sqlNames.get(name) ?? name };
}

interface ReadColumn {
  readonly info: ColumnInfo;
  /** None of whole texts. */
  readonly levels: readonly string[] | undefined;
  readonly expression: string;
}

/** Reads the columns of a table by a connection of their own, which is closed at the end. */
async function* chunksOf(
  session: DuckDBSession,
  columns: readonly ReadColumn[],
  table: string,
  local: string,
): AsyncGenerator<TableChunk> {
  try {
    const list = columns.map(({ expression }) => expression).join(", ") || "1";
    const result = await session.stream(`select ${list} from ${table}`, local);
    for (;;) {
      const chunk = await session.chunkOf(result, local);
      if (!chunk || chunk.rowCount === 0) return;
      const read = columns.map(
        ({ info, levels }, j) => [info.name, columnOf(chunk.getColumnVector(j), info, levels)] as const,
      );
      yield { numRows: chunk.rowCount, columns: new Map(read) };
    }
  } finally {
    session.connection.closeSync();
  }
}

function missingColumn(name: string, label: string): never {
  throw new InputError(`There is no column "${name}" in ${label}; check its name.`);
}
