import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { InputError } from "./errors.ts";

/** Files up to this size are read to the end before types are decided, so that a late text cannot be a surprise. */
const fullySniffedBytes = 200e6;
const sniffedRows = 200_000;
/** What stands for a missing value in files of text. */
const missingWords = ["", "NA", "N/A", "NaN", "nan", "NULL", "null"];

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

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
  if (/^\w+:\/\//.test(path)) return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new InputError(`There is no file ${path}; check the path.`);
  if (stat.isDirectory())
    throw new InputError(`${path} is a folder; name the files in it, as in "${path.replace(/\/$/, "")}/*.csv".`);
  if (stat.isFile() && stat.size === 0) throw new InputError(`${path} is empty; it needs at least a row of data.`);
  try {
    closeSync(openSync(path, "r"));
  } catch {
    throw new InputError(`${path} cannot be read; check its permissions.`);
  }
}

/**
 * The query that reads files of one format.
 *
 * @param path The file or the pattern, as the user wrote it.
 * @param files The files it stands for, at least one.
 */
export function fileQuery(path: string, files: readonly string[]): string {
  const source = sqlText(duckdbPath(path));
  const start = readStart(files[0]);
  if (/\.(parquet|pq)$/i.test(path) || start.startsWith("PAR1")) return `from read_parquet(${source})`;
  if (/\.(json|jsonl|ndjson)(\.gz|\.zst)?$/i.test(path) || /^\s*\{\s*"/.test(start))
    return `from read_json(${source}, sample_size = -1)`;
  if (/\0/.test(start) && !/\.(gz|zst)$/i.test(path)) {
    throw new InputError(`${path} is not a table: it holds binary data; use CSV, JSON lines or Parquet.`);
  }
  const bytes = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? Infinity), 0);
  const sampleSize = bytes <= fullySniffedBytes ? -1 : sniffedRows;
  return (
    alignedQuery(source, start) ??
    `from read_csv(${source}, sample_size = ${sampleSize}, nullstr = [${missingWords.map(sqlText)}])`
  );
}

export function isParquetQuery(query: string): boolean {
  return query.startsWith("from read_parquet(");
}

/** The first 64 KiB as text, without the line that they may break. */
function readStart(file: string): string {
  if (!existsSync(file)) return "";
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(65_536);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    const text = buffer.toString("utf8", 0, length);
    return length < buffer.length ? text : text.slice(0, text.lastIndexOf("\n") + 1);
  } finally {
    closeSync(descriptor);
  }
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
    return `cast(case when ${cell} in (${missingWords.map(sqlText)}) then null else ${cell} end as double) as "${name}"`;
  });
  const options = `columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, skip = ${hasHeader ? 1 : 0}, auto_detect = false`;
  return `select ${columns.join(", ")} from (select string_split_regex(trim(line, E' \\t\\r'), ' +') as cells from read_csv(${source}, ${options}) where trim(line, E' \\t\\r') <> '')`;
}
