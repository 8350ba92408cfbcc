import { InputError } from "../errors.ts";
import { sqlText } from "../table/sql-text.ts";
import type { DuckDBSession } from "./session.ts";

export type SqlNode = Readonly<Record<string, unknown>>;

/** One SELECT, as DuckDB's own parser reads it; nothing of it was bound or run. */
export interface Query {
  /** Without what ends a statement: it can stand in parentheses. */
  readonly text: string;
  /** All nodes of its tree. */
  readonly nodes: readonly SqlNode[];
}

const maxCharacters = 1_000_000;
/** Of the tree's nodes; DuckDB's binder goes as deep, on a stack of its own. */
const maxNested = 3000;
/** A semicolon with nothing but comments, blanks and semicolons behind it, within the last characters. */
const maxOfEnding = 10_000;
const ending = /;(?:\s|;|--[^\n]*(?:\n|$)|\/\*(?:(?!\*\/)[\s\S])*\*\/)*$/;

/** The functions that read files: what they are told to, or what is found. */
export const readingFunctions: ReadonlySet<string> = new Set(
  "read_csv read_csv_auto sniff_csv read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects read_parquet parquet_scan parquet_metadata parquet_schema parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_bloom_probe read_text read_blob read_duckdb seq_scan glob".split(
    " ",
  ),
);
/** The functions that make rows of their arguments alone. */
export const pureTableFunctions: ReadonlySet<string> = new Set(
  "range generate_series unnest repeat repeat_row json_each json_tree histogram histogram_values summary test_all_types regexp_split_to_table generate_subscripts".split(
    " ",
  ),
);
/** Of the catalogue: they tell, and change nothing. */
const catalogueFunctions = /^(duckdb_\w+|query_table|pg_timezone_names|icu_calendar_names|pragma_(version|platform))$/;

/**
 * Reads a query by DuckDB's parser: one SELECT (or FROM, WITH, VALUES, …), whose functions do nothing but give rows. The
 * functions that change settings, write logs or run other texts as SQL stand in FROM like any other, so that they are
 * told by name.
 * @throws InputError where it is anything else
 */
export async function parseQuery(session: DuckDBSession, sql: string): Promise<Query> {
  if (sql.includes("\0")) throw new InputError("The query has a character 0 in it; leave it out.");
  if (sql.length > maxCharacters)
    throw new InputError(
      `The query has ${sql.length.toLocaleString("en-US")} characters, and ${maxCharacters.toLocaleString("en-US")} are the most; make it shorter.`,
    );
  const text = (sql.slice(0, -maxOfEnding) + sql.slice(-maxOfEnding).replace(ending, "")).trim();
  const nodes = nodesOf(await statementOf(session, text));
  for (const { type, function: called } of nodes) {
    if (type !== "TABLE_FUNCTION") continue;
    const name = functionName(called as SqlNode);
    if (readingFunctions.has(name) || pureTableFunctions.has(name) || catalogueFunctions.test(name)) continue;
    throw new InputError(
      `The query calls ${name}(), which --sql does not run: of the functions in FROM it takes those that read files, such as read_csv(), read_json() and read_parquet(), and range(), unnest() and their like.`,
    );
  }
  return { text, nodes };
}

/** The tree of the one statement. */
async function statementOf(session: DuckDBSession, text: string): Promise<unknown> {
  const [[json]] = await session.rows(`select json_serialize_sql(${sqlText(text)})`, "The query fails");
  const { error, error_type, error_message, statements } = JSON.parse(String(json)) as {
    readonly error: boolean;
    readonly error_type?: string;
    readonly error_message?: string;
    readonly statements?: readonly unknown[];
  };
  if (error && error_type === "parser" && /memory exhausted|expression depth/.test(error_message ?? ""))
    throw tooDeep();
  if (error && error_type === "parser") throw new InputError(`The query fails: ${error_message}.`);
  if (error || statements === undefined || statements.length !== 1) {
    const what = error ? "another statement" : statements?.length ? `${statements.length} statements` : "none";
    throw new InputError(
      `--sql takes one SELECT, and the query is ${what}; write it as one that gives the rows, such as "select * from data where x > 0".`,
    );
  }
  return statements[0];
}

/** Without recursion, as the depth is what is to be found. */
function nodesOf(root: unknown): SqlNode[] {
  const nodes: SqlNode[] = [];
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxNested) throw tooDeep();
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      if (!Array.isArray(value)) nodes.push(value as SqlNode);
      for (const child of Object.values(value)) next.push(child);
    }
    level = next;
  }
  return nodes;
}

function tooDeep(): InputError {
  return new InputError("The query is nested too deeply to be read; write it with fewer levels.");
}

export function functionName(call: SqlNode): string {
  return String(call.function_name).toLowerCase();
}

/** The texts among the values of a call's first argument; undefined where that is no text, and no list of texts. */
export function pathsOf(call: SqlNode): string[] | undefined {
  const [first] = call.children as SqlNode[];
  const values =
    first?.class === "FUNCTION" && functionName(first) === "list_value" ? (first.children as SqlNode[]) : [first];
  const texts = values.map((node) => (node?.value as SqlNode | undefined)?.value);
  return texts.every((text) => typeof text === "string") ? (texts as string[]) : undefined;
}
