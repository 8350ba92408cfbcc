import { InputError } from "../errors.ts";
import { quoted, sqlText } from "../table/sql-text.ts";
import { checkFile, type DataFiles, duckdbPath, isPattern } from "./files/files.ts";
import type { Query } from "./query.ts";
import type { DuckDBSession } from "./session.ts";
import type { Spool } from "./spool.ts";
import type { FileView } from "./view.ts";

interface FileOptions {
  readonly label: string;
  readonly signal: AbortSignal | undefined;
  /** Whether a pattern's files are read by their own names, which alone can be allowed. */
  readonly byName?: boolean;
}

/** The files of a path or a pattern, as they can be read. */
export async function filesOf(
  session: DuckDBSession,
  spool: Spool,
  path: string,
  { label, signal, byName = false }: FileOptions,
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
  const isAsIs = !byName && readable.every((file, i) => file === files[i]);
  const list = `[${readable.map((file) => sqlText(duckdbPath(file))).join(", ")}]`;
  return { label, files: readable, source: isAsIs ? sqlText(duckdbPath(path)) : list };
}

/** Makes the view `query`, in which the files, which are named by themselves, are read as the file of a path is. */
export async function createQuery(
  session: DuckDBSession,
  query: Query,
  files: readonly string[],
  viewOf: (path: string, label: string) => Promise<FileView>,
): Promise<FileView[]> {
  const local = "The query fails";
  const create = () => session.run(`create view query as select * from (\n${query.text}\n)`, local);
  const views: FileView[] = [];
  for (const file of files) {
    const view = await viewOf(file, file);
    await session.run(`create view ${quoted(file)} as ${view.sql}`, local);
    views.push(view);
  }
  try {
    await create();
  } catch (error) {
    if (views.length === 0) throw error;
    // A query may name a file's columns by the file, as in rows.x, which a view does not let it.
    for (const file of files) await session.run(`drop view ${quoted(file)}`, local);
    await create();
    return [];
  }
  return views;
}

/** The types of the columns of all files; none of a name that has several. */
export function fileTypesOf(views: readonly FileView[]): Record<string, string> {
  const types = new Map<string, string | undefined>();
  for (const { columns } of views) {
    for (const { name, type } of columns)
      types.set(name, types.has(name) && types.get(name) !== type ? undefined : type);
  }
  return Object.fromEntries([...types].filter((entry): entry is [string, string] => entry[1] !== undefined));
}
