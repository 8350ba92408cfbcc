import { existsSync } from "node:fs";
import { InputError } from "../errors.ts";
import { sqlText } from "../table/sql-text.ts";
import { refuseDeepJson } from "./files/json-depth.ts";
import { wideDecimals } from "./files/parquet.ts";
import { refuseDeepParquet } from "./files/parquet-depth.ts";
import { functionName, pathsOf, type Query, readingFunctions, type SqlNode } from "./query.ts";
import type { DuckDBSession } from "./session.ts";

/** The files that a query names in its FROM clauses, by themselves as in from 'rows.csv'; nothing where it cannot be told. */
export async function filesOfQuery(session: DuckDBSession, { nodes }: Query): Promise<readonly string[]> {
  for (const { name, path } of calledFiles(nodes)) {
    const local = `${path} cannot be read`;
    if (/json/.test(name)) await refuseDeepJson(session, path, sqlText(path));
    if (!/parquet/.test(name)) continue;
    const found = await session.rows(`select file from glob(${sqlText(path)})`, local);
    for (const [file] of found) refuseDeepParquet(String(file), String(file));
    if (!/^(read_parquet|parquet_scan)$/.test(name)) continue;
    for (const [column, { precision }] of await wideDecimals(session, sqlText(path), local)) {
      throw new InputError(
        `Column "${column}" of ${path} holds decimals of ${precision} digits, of which DuckDB reads no more than 38 right; name the file without read_parquet(), as in from ${sqlText(path)}.`,
      );
    }
  }
  const tables = nodes.filter(({ type, schema_name }) => type === "BASE_TABLE" && schema_name === "");
  const names = new Set(tables.map(({ table_name }) => String(table_name)));
  return [...names].filter((path) => existsSync(path) || (/[*?[]/.test(path) && /\.\w+$/.test(path)));
}

/** Every name in a query's FROM clauses that may be a file's, by itself or given to a function such as read_csv. */
export function namedInQuery({ nodes }: Query): readonly string[] {
  return nodes.flatMap(({ type, table_name, function: called }) => {
    if (type === "BASE_TABLE") return [String(table_name)];
    return type === "TABLE_FUNCTION" ? (pathsOf(called as SqlNode) ?? []) : [];
  });
}

/** The files that the query's functions are told to read, where there are such. */
function calledFiles(nodes: readonly SqlNode[]): { name: string; path: string }[] {
  return nodes.flatMap(({ type, function: called }) => {
    const name = type === "TABLE_FUNCTION" ? functionName(called as SqlNode) : "";
    if (!readingFunctions.has(name)) return [];
    const paths = pathsOf(called as SqlNode) ?? [];
    return paths.filter((path) => existsSync(path) || /[*?[]/.test(path)).map((path) => ({ name, path }));
  });
}
