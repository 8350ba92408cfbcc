import { existsSync } from "node:fs";
import { sqlText } from "../table/sql-text.ts";
import { duckdbPath, isPattern } from "./files/files.ts";
import { openDuckDB } from "./instance.ts";
import { parseQuery } from "./query.ts";
import { namedInQuery } from "./query-files.ts";
import { DuckDBSession } from "./session.ts";

/** What a table is read from. */
export interface Reading {
  readonly path?: string;
  readonly sql?: string;
}

/** The files there that a path, a pattern or a query names. @throws InputError where the query is none */
export async function filesRead({ path, sql }: Reading): Promise<readonly string[]> {
  if (sql === undefined && (path === undefined || !isPattern(path))) return path === undefined ? [] : [path];
  const duckdb = await openDuckDB("Reading files and queries");
  try {
    const session = new DuckDBSession(await duckdb.instance.connect(), undefined);
    const names = [
      ...(path === undefined ? [] : [path]),
      ...(sql === undefined ? [] : namedInQuery(await parseQuery(session, sql))),
    ];
    const files: string[] = [];
    for (const name of names) {
      if (existsSync(name)) files.push(name);
      else if (isPattern(name)) {
        const rows = await session.rows(
          `select file from glob(${sqlText(duckdbPath(name))})`,
          `${name} cannot be read`,
        );
        files.push(...rows.map(([file]) => String(file)));
      }
    }
    return files;
  } finally {
    duckdb.close();
  }
}
