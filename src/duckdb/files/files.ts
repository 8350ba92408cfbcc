import { accessSync, closeSync, constants, existsSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { gunzipSync, constants as zlib } from "node:zlib";
import { InputError } from "../../errors.ts";
import { quoted, sqlText } from "../../table/sql-text.ts";
import type { DuckDBSession } from "../session.ts";
import type { FileHints, FileView } from "../view.ts";
import { csvView, missingWords } from "./csv.ts";
import { jsonView } from "./json.ts";
import { parquetView } from "./parquet.ts";
import { damaged, refuseDeepParquet } from "./parquet-depth.ts";

/** Whether the path is a pattern; a file of that very name comes first. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path) && !existsSync(path);
}

/** The path as DuckDB takes it: patterns as they are, and files whose names look like patterns literally. */
export function duckdbPath(path: string): string {
  return isPattern(path) ? path : path.replace(/[*?[]/g, "[$&]");
}

/** @throws InputError where there is nothing to read. */
export function checkFile(path: string): void {
  if (/^\w+:\/\//.test(path))
    throw new InputError(`${path} is on another machine; fetch it first, as by curl, and name the file.`);
  const stat = statOf(path);
  if (!stat) throw new InputError(`There is no file ${path}; check the path.`);
  if (stat.isDirectory())
    throw new InputError(`${path} is a folder; name the files in it, as in "${path.replace(/\/$/, "")}/*.csv".`);
  if (stat.isSocket()) throw new InputError(`${path} is a socket; give a file or a pipe.`);
  if (stat.isFile() && stat.size === 0) throw new InputError(`${path} is empty; it needs at least a row of data.`);
  try {
    // Not by opening it: a pipe waits for its writer, and opens once only.
    accessSync(path, constants.R_OK);
  } catch {
    throw new InputError(`${path} cannot be read; check its permissions.`);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw new InputError(`${path} cannot be read: its links lead round in a circle.`);
    if (code === "ENOTDIR") return undefined;
    throw new InputError(`${path} cannot be read: ${message}.`);
  }
}

/** Files of one format. */
export interface DataFiles {
  /** As the user wrote it, for messages. */
  readonly label: string;
  /** At least one. */
  readonly files: readonly string[];
  /** What DuckDB is to read, as SQL: a path, a pattern or a list. */
  readonly source: string;
}

/**
 * How the files are read, in the format that their names or first bytes tell.
 * @param folder Where files may be put for a while.
 * @throws InputError where they cannot be read
 */
export async function fileView(
  session: DuckDBSession,
  { label, files, source }: DataFiles,
  hints: FileHints,
  folder: () => string,
): Promise<FileView> {
  const [first] = files;
  const start = readStart(first);
  if (/\.(parquet|pq)$/i.test(first) || start.startsWith("PAR1"))
    return parquetOf(session, { label, files, source }, folder);
  if (/\.(json|jsonl|ndjson)(\.gz|\.zst)?$/i.test(first) || /^\s*(\[\s*)?\{\s*"/.test(start))
    return jsonView(session, label, source, hints);
  if (/^(?:[^\0]\0){4}|^(?:\0[^\0]){4}/.test(start))
    throw new InputError(
      `${label} seems to be in UTF-16 without a mark that says so; make UTF-8 of it first, as by iconv.`,
    );
  if (/\0/.test(start) && !/\.zst$/i.test(first)) {
    throw new InputError(`${label} is not a table: it holds binary data; use CSV, JSON lines or Parquet.`);
  }
  const aligned = alignedQuery(source, start);
  if (aligned !== undefined) return { sql: aligned, isStable: false, columns: [], notes: [] };
  const bytes = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? Infinity), 0);
  return csvView(session, { label, files, source, bytes, start }, hints);
}

async function parquetOf(session: DuckDBSession, data: DataFiles, folder: () => string): Promise<FileView> {
  for (const file of data.files) refuseDeepParquet(file, data.files.length === 1 ? data.label : file);
  try {
    return await parquetView(session, data, folder);
  } catch (error) {
    // Bytes that are not what they say to be.
    throw error instanceof RangeError || error instanceof TypeError ? damaged(data.label) : error;
  }
}

/** The first 64 KiB as text, without the line that they may break. */
function readStart(file: string): string {
  if (!existsSync(file)) return "";
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(65_536);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    const isPart = length === buffer.length;
    if (buffer.readUInt16BE(0) !== 0x1f8b) return wholeLines(buffer.toString("utf8", 0, length), isPart);
    const options = { finishFlush: zlib.Z_SYNC_FLUSH };
    return wholeLines(gunzipSync(buffer.subarray(0, length), options).toString("utf8"), isPart);
  } finally {
    closeSync(descriptor);
  }
}

function wholeLines(text: string, isPart: boolean): string {
  return isPart ? text.slice(0, text.lastIndexOf("\n") + 1) : text;
}

/**
 * The query for numbers in columns that are aligned by blanks, as in many of UCI's files: DuckDB's own reader takes a
 * single character for the delimiter. Names come from a first line of words; else they are DuckDB's own.
 */
function alignedQuery(source: string, start: string): string | undefined {
  const lines = start.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines.length === 0 || lines.some((line) => /[,;|\t"\0]/.test(line.trim()))) return undefined;
  const cells = lines.map((line) => line.trim().split(/ +/));
  const width = cells[0].length;
  const isNumeric = (words: string[]) =>
    words.every((word) => missingWords.includes(word) || !Number.isNaN(Number(word)));
  const hasHeader = !isNumeric(cells[0]);
  const body = hasHeader ? cells.slice(1) : cells;
  if (width < 2 || body.length === 0 || !body.every((words) => words.length === width && isNumeric(words)))
    return undefined;

  const digits = String(width - 1).length;
  const columns = cells[0].map((word, j) => {
    const name = hasHeader ? word : `column${String(j).padStart(digits, "0")}`;
    const cell = `cells[${j + 1}]`;
    return `cast(case when ${cell} in (${missingWords.map(sqlText)}) then null else ${cell} end as double) as ${quoted(name)}`;
  });
  const options = `columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, skip = ${hasHeader ? 1 : 0}, auto_detect = false`;
  return `select ${columns.join(", ")} from (select string_split_regex(trim(line, E' \\t\\r'), ' +') as cells from read_csv(${source}, ${options}) where trim(line, E' \\t\\r') <> '')`;
}
