import type { DesignRecipe } from "../design/design-types.ts";
import { isoTypes } from "../table/iso-dates.ts";
import { quoted, sqlText } from "../table/sql-text.ts";
import type { DuckDBSession } from "./session.ts";

/** What a fit knew of its files' columns, by which others are read. */
export interface FileHints {
  /** DuckDB's types by the columns' own names. */
  readonly types: Readonly<Record<string, string>>;
}

export interface FileColumn {
  /** The name in SQL. */
  readonly sqlName: string;
  /** The name in the file. */
  readonly name: string;
  readonly type: string;
  readonly refusal?: string;
}

/** How files are read. */
export interface FileView {
  readonly sql: string;
  /** Whether every pass sees the same rows, and a pass is cheap. */
  readonly isStable: boolean;
  /** Empty where DuckDB's own names and types are those of the file. */
  readonly columns: readonly FileColumn[];
  readonly notes: readonly string[];
}

/** What a fit's recipe tells of other files. @param withQuery Whether a query stands between the files and the rows */
export function hintsOf(like: Pick<DesignRecipe, "inputs" | "fileTypes"> | undefined, withQuery: boolean): FileHints {
  const ofRows = like?.inputs.filter(({ type }) => type === "string").map(({ name }) => [name, "VARCHAR"] as const);
  return { types: { ...(!withQuery && Object.fromEntries(ofRows ?? [])), ...like?.fileTypes } };
}

/** Whether the fit read the column as text. */
export function isPinnedText({ types }: FileHints, name: string): boolean {
  return Object.hasOwn(types, name) && /^(VARCHAR|ENUM|UUID|TIME)/.test(types[name]);
}

/** Rows that are looked at before all are. */
const probedRows = 1000;

interface SpellingOptions {
  readonly local: string;
  /** Rows that are looked at; all where left out. */
  readonly rows?: number;
  readonly hints: FileHints;
  /** The file's own names by those in SQL, where they differ. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether true and false are truth values. */
  readonly withTruths: boolean;
}

/**
 * The types of those columns of texts that all are ISO dates, or true and false; or what they were in the fit.
 * @param query Gives the columns as texts.
 */
export async function spelledTypes(
  session: DuckDBSession,
  query: string,
  columns: readonly string[],
  { local, rows, hints, names, withTruths }: SpellingOptions,
): Promise<ReadonlyMap<string, string>> {
  const candidates = columns.flatMap((column) => {
    const name = names.get(column) ?? column;
    if (isPinnedText(hints, name)) return [];
    const own = Object.hasOwn(hints.types, name) ? [hints.types[name]] : [];
    const types = own.filter((type) => /^\w+( WITH TIME ZONE)?(\(\d+,\d+\))?$/.test(type) && type !== "JSON");
    return [
      ...isoTypes.map(([type, pattern]) => ({ column, type, test: isoTest(column, type, pattern) })),
      ...(withTruths ? [{ column, type: "BOOLEAN", test: `lower(${quoted(column)}) in ('true', 'false')` }] : []),
      ...types.map((type) => ({
        column,
        type,
        test: `try_cast(${quoted(column)} as ${type}) is not null`,
        isFitted: true,
      })),
    ];
  });
  let left = candidates;
  for (const limit of [probedRows, rows]) {
    if (left.length === 0) break;
    const tests = left.map(({ column, test }) => `bool_and(${test}) filter (${quoted(column)} is not null)`);
    const from = limit === undefined ? `(${query})` : `(select * from (${query}) limit ${limit})`;
    const [holds] = await session.rows(`select ${tests.join(", ")} from ${from}`, local);
    // Where all values are missing, the type is that of the fit.
    left = left.filter(
      (candidate, k) => holds[k] === true || (holds[k] === null && ("isFitted" in candidate || limit === probedRows)),
    );
  }
  const found = new Map<string, string>();
  for (const { column, type } of left) if (!found.has(column)) found.set(column, type);
  return found;
}

function isoTest(column: string, type: string, pattern: string): string {
  return `regexp_full_match(${quoted(column)}, ${sqlText(pattern)}) and try_cast(${quoted(column)} as ${type}) is not null`;
}
