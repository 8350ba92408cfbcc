import { InputError } from "../../errors.ts";
import { quoted, sqlText } from "../../table/sql-text.ts";
import type { DuckDBSession } from "../session.ts";
import { type FileColumn, type FileHints, type FileView, isPinnedText, spelledTypes } from "../view.ts";
import { type CsvDialect, headerOf, oddLineOf } from "./csv-lines.ts";

/** Files up to this size are read to the end before types are decided, so that a late text cannot be a surprise. */
const fullySniffedBytes = 200e6;
const sniffedRows = 200_000;
/** Rows that are looked at where types are known, or are those of another file. */
const probedRows = 20_480;
/** What stands for a missing value in files of text. */
export const missingWords = ["", "NA", "N/A", "NaN", "nan", "NULL", "null"];
const nullOption = `nullstr = [${missingWords.map(sqlText)}]`;
/**
 * Whatever is neither a number nor missing is text at first. DuckDB makes truth values of yes and no, times of 13:00 and
 * dates of what may be days or months, and the words would be lost.
 */
const sniffedTypes = "auto_type_candidates = ['BIGINT', 'DOUBLE', 'VARCHAR']";

interface Sniffed {
  readonly dialect: CsvDialect;
  readonly columns: readonly (readonly [name: string, type: string])[];
}

export interface CsvFiles {
  /** As the user wrote it, for messages. */
  readonly label: string;
  readonly files: readonly string[];
  /** What DuckDB is to read, as SQL. */
  readonly source: string;
  readonly bytes: number;
  /** The first lines of the first file. */
  readonly start: string;
}

/**
 * The view of files of text with delimiters: columns of numbers, of dates where all values are ISO dates, of truth values
 * where all are true or false in any case, and of texts as they are spelled in the file.
 *
 * @throws InputError naming the line that has another number of fields than the others
 */
export async function csvView(session: DuckDBSession, csv: CsvFiles, hints: FileHints): Promise<FileView> {
  const local = `${csv.label} cannot be read`;
  const isFull = csv.bytes <= fullySniffedBytes;
  const sniffed: Sniffed[] = [];
  for (const file of csv.files)
    sniffed.push(await sniff(session, csv, file, isFull ? -1 : sniffed.length === 0 ? sniffedRows : probedRows));
  let header = headerOf(csv.start, sniffed[0].dialect, namesOf(sniffed[0]));
  if (header.hasHeader && !sniffed[0].dialect.hasHeader) {
    const { delimiter, comment } = sniffed[0].dialect;
    const known = `, delim = ${sqlText(delimiter)}, comment = ${sqlText(comment)}, header = true, skip = ${header.skip}`;
    sniffed[0] = await sniff(session, csv, csv.files[0], isFull ? -1 : sniffedRows, known);
    header = headerOf(csv.start, sniffed[0].dialect, namesOf(sniffed[0]));
  }
  const [{ dialect }] = sniffed;
  if (header.isOdd) throw await oddLine(csv.files[0], csv.label, dialect);

  requireSameNames(csv.files, sniffed);

  const types = new Map<string, string>();
  for (const { columns } of sniffed) for (const [name, type] of columns) types.set(name, widest(types.get(name), type));
  const names = header.names;
  for (const [sql] of types) if (isPinnedText(hints, names.get(sql) ?? sql)) types.set(sql, "VARCHAR");
  const { delimiter, quote, comment } = dialect;
  const options = [
    `delim = ${sqlText(delimiter)}`,
    // Beyond the rows that were looked at, fields in quotes may follow.
    isFull ? `quote = ${sqlText(quote)}, escape = ${sqlText(dialect.escape)}` : `quote = '"', escape = '"'`,
    `comment = ${sqlText(comment)}`,
    `header = ${header.hasHeader}, skip = ${header.skip}`,
    nullOption,
    `sample_size = ${probedRows}`,
    // Otherwise types go by the places of columns, which may differ from file to file.
    `union_by_name = ${csv.files.length > 1}`,
  ];
  const reading = () => {
    const listed = [...types].map(([name, type]) => `${sqlText(name)}: ${sqlText(type)}`);
    return `select * from read_csv(${csv.source}, ${options.join(", ")}, types = {${listed.join(", ")}})`;
  };
  if (isFull) for (const name of await infinities(session, reading(), types, local)) types.set(name, "VARCHAR");
  const query = reading();
  const texts = [...types].filter(([, type]) => type === "VARCHAR").map(([name]) => name);
  const found = await spelledTypes(session, query, texts, {
    local,
    rows: isFull ? undefined : sniffedRows,
    hints,
    names,
    withTruths: true,
  });
  const list = [...types].map(
    ([sql, type]): FileColumn => ({
      sqlName: sql,
      name: names.get(sql) ?? sql,
      type: found.get(sql) ?? type,
      ...header.refusals.get(sql),
    }),
  );
  const replaced = [...found].map(([name, type]) => `cast(${quoted(name)} as ${type}) as ${quoted(name)}`);
  const sql = replaced.length === 0 ? query : `select * replace (${replaced.join(", ")}) from (${query})`;
  return { sql, isStable: false, columns: list, notes: [...header.notes(csv.label)] };
}

function namesOf({ columns }: Sniffed): string[] {
  return columns.map(([name]) => name);
}

function requireSameNames(files: readonly string[], sniffed: readonly Sniffed[]): void {
  const first = new Set(namesOf(sniffed[0]));
  for (const [k, other] of sniffed.entries()) {
    const own = new Set(namesOf(other));
    const missing = [...first].find((name) => !own.has(name));
    const more = [...own].find((name) => !first.has(name));
    if (missing === undefined && more === undefined) continue;
    const [has, lacks] = missing === undefined ? [files[k], files[0]] : [files[0], files[k]];
    throw new InputError(
      `${has} has a column "${missing ?? more}" and ${lacks} has none; read files of the same columns together.`,
    );
  }
}

/** The columns of numbers that hold words for infinity, which as a rule stand for something else. */
async function infinities(
  session: DuckDBSession,
  query: string,
  types: ReadonlyMap<string, string>,
  local: string,
): Promise<string[]> {
  const numbers = [...types].filter(([, type]) => type === "DOUBLE").map(([name]) => name);
  if (numbers.length === 0) return [];
  const tests = numbers.map((name) => `bool_or(isinf(${quoted(name)}))`);
  const [found] = await session.rows(`select ${tests.join(", ")} from (${query})`, local);
  return numbers.filter((_, k) => found[k] === true);
}

/** The type of a column that has one type in one file and one in another. */
function widest(a: string | undefined, b: string): string {
  if (a === undefined || a === b) return b;
  return a === "VARCHAR" || b === "VARCHAR" ? "VARCHAR" : "DOUBLE";
}

/** @param known Options that are known already, as SQL with a comma before each. */
async function sniff(
  session: DuckDBSession,
  csv: CsvFiles,
  file: string,
  sampleSize: number,
  known = "",
): Promise<Sniffed> {
  const one = csv.files.length === 1 ? csv.source : sqlText(file.replace(/[*?[]/g, "[$&]"));
  const fields =
    "Delimiter, Quote, Escape, Comment, SkipRows, HasHeader, [c.name for c in Columns], [c.type for c in Columns]";
  const rows = await session
    .rows(
      `select ${fields} from sniff_csv(${one}, sample_size = ${sampleSize}, ${nullOption}, ${sniffedTypes}${known})`,
      `${csv.label} cannot be read`,
    )
    .catch(async (error) => {
      throw (await oddLineOf(file, csv.label)) ?? error;
    });
  const [delimiter, quote, escaping, comment, skip, hasHeader, names, types] = rows[0] as unknown as [
    ...string[],
    number,
    boolean,
    { items: string[] },
    { items: string[] },
  ];
  const plain = (text: unknown) => (text === "(empty)" ? "" : String(text).replace("\\t", "\t"));
  const dialect: CsvDialect = {
    delimiter: plain(delimiter),
    quote: plain(quote),
    escape: plain(escaping),
    comment: plain(comment),
    skip: Number(skip),
    hasHeader: Boolean(hasHeader),
  };
  const columns = (names as { items: string[] }).items.map(
    (name, j) => [name, (types as { items: string[] }).items[j]] as const,
  );
  // A single column with delimiters in it: lines of different lengths are the reason.
  if (columns.length === 1) {
    const odd = await oddLineOf(file, csv.label);
    if (odd) throw odd;
  }
  return { dialect, columns };
}

async function oddLine(file: string, label: string, dialect: CsvDialect): Promise<InputError> {
  return (
    (await oddLineOf(file, label, dialect.delimiter)) ??
    new InputError(`The first line of ${label} has another number of fields than the others; mend it.`)
  );
}
