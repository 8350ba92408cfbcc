import { existsSync } from "node:fs";
import { wideDecimals } from "./duckdb-parquet.ts";
import type { DuckDBSession } from "./duckdb-session.ts";
import { InputError } from "./errors.ts";
import { sqlText } from "./sql-text.ts";

/** The files that a query names in its FROM clauses, by themselves as in from 'rows.csv'; nothing where it cannot be told. */
export async function filesOfQuery(session: DuckDBSession, sql: string): Promise<readonly string[]> {
  const { tables, parquet } = await sourcesOf(session, sql);
  for (const path of parquet) {
    const wide = await wideDecimals(session, sqlText(path), `${path} cannot be read`);
    for (const [name, { precision }] of wide) {
      throw new InputError(
        `Column "${name}" of ${path} holds decimals of ${precision} digits, of which DuckDB reads no more than 38 right; name the file without read_parquet(), as in from ${sqlText(path)}.`,
      );
    }
  }
  return tables.filter((path) => existsSync(path) || (/[*?[]/.test(path) && /\.\w+$/.test(path)));
}

/** Every name in a query's FROM clauses that may be a file's, by itself or given to a function such as read_csv. */
export async function namedInQuery(session: DuckDBSession, sql: string): Promise<readonly string[]> {
  const names = new Set<string>();
  const [[text]] = await session.rows(`select json_serialize_sql(${sqlText(sql)})`, "The query fails");
  visit(JSON.parse(String(text)), (node) => {
    if (node.type === "BASE_TABLE") names.add(String(node.table_name));
    if (node.type !== "TABLE_FUNCTION") return;
    visit(node.function, ({ value }) => {
      const path = (value as Node | undefined)?.value;
      if (typeof path === "string") names.add(path);
    });
  });
  return [...names];
}

/** The names of tables in a query, and the files of its calls of read_parquet(). */
async function sourcesOf(session: DuckDBSession, sql: string): Promise<{ tables: string[]; parquet: string[] }> {
  const tables = new Set<string>();
  const parquet = new Set<string>();
  const [[text]] = await session.rows(`select json_serialize_sql(${sqlText(sql)})`, "The query fails");
  visit(JSON.parse(String(text)), (node) => {
    if (node.type === "BASE_TABLE" && node.schema_name === "" && typeof node.table_name === "string")
      tables.add(node.table_name);
    const call = node.type === "TABLE_FUNCTION" ? (node.function as Node) : undefined;
    if (call && /^(read_parquet|parquet_scan)$/i.test(String(call.function_name))) {
      visit(call.children, ({ value }) => {
        const path = (value as Node | undefined)?.value;
        if (typeof path === "string" && (existsSync(path) || /[*?[]/.test(path))) parquet.add(path);
      });
    }
  });
  return { tables: [...tables], parquet: [...parquet] };
}

type Node = Readonly<Record<string, unknown>>;

function visit(node: unknown, look: (node: Node) => void): void {
  if (Array.isArray(node)) for (const child of node) visit(child, look);
  else if (typeof node === "object" && node !== null) {
    look(node as Node);
    for (const child of Object.values(node)) visit(child, look);
  }
}
