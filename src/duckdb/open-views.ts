import type { DesignRecipe } from "../design/design-types.ts";
import { lockDown, requireConfined } from "./confinement.ts";
import { duckdbPath, fileView } from "./files/files.ts";
import { parseQuery } from "./query.ts";
import { filesOfQuery } from "./query-files.ts";
import type { DuckDBSession } from "./session.ts";
import { isStandardInput, type Spool } from "./spool.ts";
import { createQuery, filesOf } from "./tables.ts";
import { type FileView, hintsOf } from "./view.ts";

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
  /** Bytes that DuckDB may hold in memory; beyond them it goes on in the temporary folder. Most of the machine's where left out. */
  readonly memoryBytes?: number;
}

/** What the rows are read from: the view `data` of a file, or the view `query`. */
interface OpenedViews {
  readonly view: "data" | "query";
  /** The query's text, where there is one. */
  readonly query?: string;
  /** Of all files. */
  readonly files: readonly FileView[];
  /** The columns of the file, where it is read without a query. */
  readonly columns: FileView["columns"];
  /** Whether reading again gives the same rows. */
  readonly isStable: boolean;
}

/** What sentences call a path. */
export const nameOf = (path: string) => (isStandardInput(path) ? "standard input" : path);

/** Makes the views, and confines what can be read to them where that was asked for. */
export async function openViews(
  session: DuckDBSession,
  spool: Spool,
  { path, sql, like, confined = false, signal }: OpenTableOptions,
): Promise<OpenedViews> {
  const parsed = sql === undefined ? undefined : await parseQuery(session, sql);
  const hints = hintsOf(like, sql !== undefined);
  const read: string[] = [];
  const viewOf = async (path: string, label: string) => {
    const found = await filesOf(session, spool, path, { label, signal, byName: confined });
    read.push(...found.files);
    return fileView(session, found, hints, spool.folder);
  };
  const files: FileView[] = [];
  if (path !== undefined) {
    const data = await viewOf(path, nameOf(path));
    await session.run(`create view data as ${data.sql}`, `${nameOf(path)} cannot be read`);
    files.push(data);
  }
  if (!parsed) {
    const isStable = files.every((file) => file.isStable);
    return { view: "data", files, columns: files.flatMap(({ columns }) => columns), isStable };
  }
  if (confined) {
    requireConfined(parsed, { path, files: read });
    await lockDown(session, [...read, ...read.map(duckdbPath)], spool.made);
  }
  // Where it is confined, the file that was named is the one there is.
  const [data] = files;
  const named = (await filesOfQuery(session, parsed)).filter((name) => !confined || name === path);
  files.push(...(await createQuery(session, parsed, named, confined ? async () => data : viewOf)));
  return { view: "query", query: parsed.text, files, columns: [], isStable: false };
}
