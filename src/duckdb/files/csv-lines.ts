/** Lines and fields of delimited text, for what DuckDB does not tell: the header's own words, and where a line is odd. */

import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { createGunzip } from "node:zlib";
import { InputError } from "../../errors.ts";
import { shellText, sqlName } from "../../table/sql-text.ts";
import { formatCount } from "../../table/table-source.ts";

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly comment: string;
  readonly skip: number;
  readonly hasHeader: boolean;
}

export interface CsvHeader {
  readonly hasHeader: boolean;
  readonly skip: number;
  /** DuckDB's names, each with the file's own where it is another. */
  readonly names: ReadonlyMap<string, string>;
  /** Why a column cannot be used, by DuckDB's name. */
  readonly refusals: ReadonlyMap<string, { readonly refusal: string }>;
  /** Whether the first line with delimiters has another number of fields than the data. */
  readonly isOdd: boolean;
  readonly notes: (label: string) => string[];
}

/** A line's fields, and the number of the line at which it begins, from 1. */
interface Line {
  readonly number: number;
  readonly fields: readonly string[];
}

/** Splits text into lines of fields; what an unfinished line holds is kept for the next piece. */
class LineSplitter {
  private rest = "";
  private number = 1;

  constructor(
    private readonly delimiter: string,
    private readonly quote = '"',
  ) {}

  *push(text: string, isEnd = false): Generator<Line> {
    this.rest += text;
    let start = 0;
    for (;;) {
      const end = this.endOfLine(start);
      if (end < 0) break;
      yield this.line(start, end);
      start = end + 1;
    }
    this.rest = this.rest.slice(start);
    if (isEnd && this.rest !== "") yield this.line(0, this.rest.length);
  }

  /** The place of the line break that ends the line, beyond those in quotes; −1 where there is none yet. */
  private endOfLine(start: number): number {
    let isQuoted = false;
    for (let i = start; i < this.rest.length; i++) {
      if (this.rest[i] === this.quote) isQuoted = !isQuoted;
      else if (this.rest[i] === "\n" && !isQuoted) return i;
    }
    return -1;
  }

  private line(start: number, end: number): Line {
    const text = this.rest.slice(start, end).replace(/\r$/, "");
    const { number } = this;
    this.number += text.split("\n").length;
    return { number, fields: fieldsOf(text, this.delimiter, this.quote) };
  }
}

function fieldsOf(line: string, delimiter: string, quote: string): string[] {
  const fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === quote) {
      if (isQuoted && line[i + 1] === quote) field += line[i++];
      else isQuoted = !isQuoted;
    } else if (line[i] === delimiter && !isQuoted) {
      fields.push(field);
      field = "";
    } else field += line[i];
  }
  return [...fields, field];
}

/** Finds the header that DuckDB's names come from in the first lines of a file. */
export function headerOf(start: string, dialect: CsvDialect, columns: readonly string[]): CsvHeader {
  const { delimiter, quote, comment } = dialect;
  const lines = [...new LineSplitter(delimiter, quote || '"').push(start.replace(/^\ufeff/, ""))].slice(0, 50);
  let { skip, hasHeader } = dialect;
  const own = lines.findIndex(({ fields }) => fields.length === columns.length);
  const isComment = ({ fields: [field] }: Line) => comment !== "" && field.startsWith(comment);
  const isOdd =
    columns.length > 1 && lines.slice(0, Math.max(own, 0)).some((line) => line.fields.length > 1 && !isComment(line));
  if (!hasHeader && skip > 0 && own >= 0 && own < skip + 1 && lines[own].fields.every(isWord)) {
    // A comment before the header hides it from DuckDB.
    hasHeader = true;
    // Comments are left out by themselves.
    skip = lines[own].number - 1 - lines.slice(0, own).filter(isComment).length;
  }
  const words = hasHeader && own >= 0 ? lines[own].fields.map((field) => field.trim()) : columns;
  const names = new Map<string, string>();
  const refusals = new Map<string, { refusal: string }>();
  const twice = new Set<string>();
  columns.forEach((sql, j) => {
    const word = words[j];
    const same = columns.filter((_, k) => words[k] === word);
    if (same.length > 1) {
      twice.add(word);
      const renamed = same.map((name, k) => `${sqlName(name)} as ${sqlName(`${word}_${"abcdefgh"[k] ?? k}`)}`);
      const query = `select * rename (${renamed.join(", ")}) from data`;
      refusals.set(sql, {
        refusal: `is one of ${same.length} of that name in the file, so it is not known which is meant; give each a name of its own in the header, or by --sql ${shellText(query)}`,
      });
    } else if (word !== "" && sql !== word && sql.toLowerCase().startsWith(`${word.toLowerCase()}_`))
      names.set(sql, word);
  });
  const hasPreamble = skip > 0 && hasHeader;
  return {
    hasHeader,
    skip,
    names,
    refusals,
    isOdd,
    notes: (label) => [
      ...(hasPreamble
        ? [`The first ${skip === 1 ? "line" : `${skip} lines`} of ${label} stand before the header, and are not read.`]
        : []),
      ...(comment === ""
        ? []
        : [`Lines of ${label} that begin with ${comment} are taken for comments, and are not read.`]),
      ...[...twice].map(
        (word) =>
          `${label} has more than one column called ${word}; in SQL they are ${columns.filter((_, j) => words[j] === word).join(", ")}.`,
      ),
    ],
  };
}

function isWord(field: string): boolean {
  return field.trim() !== "" && Number.isNaN(Number(field));
}

/** Lines of different lengths where this share of them is alike. */
const regularFraction = 0.5;

/**
 * The error of the first line whose number of fields is not that of the header, where most lines have as many; nothing
 * where lines are not delimited at all.
 */
export async function oddLineOf(file: string, label: string, delimiter?: string): Promise<InputError | undefined> {
  for (const candidate of delimiter === undefined ? [",", ";", "\t", "|"] : [delimiter]) {
    const found = await oddLineBy(file, label, candidate);
    if (found) return found;
  }
  return undefined;
}

async function oddLineBy(file: string, label: string, delimiter: string): Promise<InputError | undefined> {
  const splitter = new LineSplitter(delimiter);
  const counts = new Map<number, { lines: number; first: Line }>();
  let header: Line | undefined;
  for await (const line of linesOf(file, splitter)) {
    if (line.fields.length === 1 && line.fields[0].trim() === "") continue;
    header ??= line;
    const entry = counts.get(line.fields.length);
    if (entry) entry.lines++;
    else counts.set(line.fields.length, { lines: 1, first: line });
  }
  if (!header) return undefined;
  const total = [...counts.values()].reduce((sum, { lines }) => sum + lines, 0);
  const [usual, { lines }] = [...counts].reduce((most, entry) => (entry[1].lines > most[1].lines ? entry : most));
  if (usual < 2 || counts.size < 2 || lines < regularFraction * total) return undefined;
  const odd = [...counts].filter(([count]) => count !== usual).map(([, { first }]) => first);
  const first = odd.reduce((least, line) => (line.number < least.number ? line : least));
  const others = total - lines - 1;
  const text = first.fields.join(delimiter);
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  const more =
    others > 0 ? `, and ${formatCount(others)} more line${others > 1 ? "s have" : " has"} another number too` : "";
  const fields = (count: number) => `${count} field${count === 1 ? "" : "s"}`;
  return new InputError(
    `Line ${formatCount(first.number)} of ${label} has ${fields(first.fields.length)}, and ${first === header ? "the others have" : "its header has"} ${usual}${more}: ${JSON.stringify(shown)}; mend the line, or put a field that holds the delimiter into quotes.`,
  );
}

async function* linesOf(file: string, splitter: LineSplitter): AsyncGenerator<Line> {
  const raw = createReadStream(file);
  const stream = extname(file) === ".gz" ? raw.pipe(createGunzip()) : raw;
  stream.setEncoding("utf8");
  try {
    for await (const text of stream) yield* splitter.push(text as string);
  } catch {
    return;
  }
  yield* splitter.push("", true);
}
