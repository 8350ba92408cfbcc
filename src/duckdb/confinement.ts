import { InputError } from "../errors.ts";
import { sqlText } from "../table/sql-text.ts";
import { functionName, pathsOf, pureTableFunctions, type Query, readingFunctions, type SqlNode } from "./query.ts";
import type { DuckDBSession } from "./session.ts";

/** What a confined query may name: the table `data`, the file as the caller named it, and the files it stands for. */
export interface NamedFiles {
  readonly path?: string;
  readonly files: readonly string[];
}

/** Functions that tell of the machine, the settings or other statements, that wait, or that bring DuckDB to its end. */
const tellingFunctions =
  /^(current_(setting|query|query_id|connection_id|transaction_id|database|schemas?|user|role|catalog)|getenv|getvariable|sleep_ms|pg_\w+|write_log|nextval|currval|stats|version|session_user|user|inet_\w+|in_search_path|txid_current|json_(de)?serialize_\w+|variant_\w+|\w*_variant|make_type|get_type|cast_to_type|replace_type)$/;

/**
 * Refuses what a confined query does not need: any file and table but those named, and functions that tell of the machine. It
 * stands before DuckDB's own walls (`lockDown`): they do not cover what DuckDB tells without files.
 * @throws InputError
 */
export function requireConfined({ nodes }: Query, { path, files }: NamedFiles): void {
  const readable = new Set(files);
  const names = new Set<string>();
  if (path !== undefined) for (const name of [path, "data"]) names.add(name.toLowerCase());
  if (path !== undefined) readable.add(path);
  for (const { cte_map } of nodes)
    for (const { key } of ((cte_map as SqlNode | undefined)?.map ?? []) as SqlNode[])
      names.add(String(key).toLowerCase());

  for (const node of nodes) {
    const { type, table_name } = node;
    const call = type === "TABLE_FUNCTION" ? (node.function as SqlNode) : undefined;
    if (type === "BASE_TABLE") {
      const isPlain =
        ["", "main"].includes(String(node.schema_name)) && ["", "memory"].includes(String(node.catalog_name));
      if (!isPlain || !names.has(String(table_name).toLowerCase()))
        throw refusal(`names the table ${sqlText(String(table_name))}`);
    } else if (call && readingFunctions.has(functionName(call))) {
      const paths = pathsOf(call);
      if (!paths?.every((file) => readable.has(file))) throw refusal(`calls ${functionName(call)}() on other files`);
    } else if (call && !pureTableFunctions.has(functionName(call))) throw refusal(`calls ${functionName(call)}()`);
    else if (type === "SHOW_REF") throw refusal("asks for the description of tables");
    else if (typeof node.function_name === "string" && tellingFunctions.test(functionName(node)))
      throw refusal(`calls ${functionName(node)}()`);
    else if (node.id === "VARIANT" || (node.class === "TYPE" && /variant/i.test(JSON.stringify(node))))
      throw refusal("makes values of the type VARIANT");
  }
}

function refusal(what: string): InputError {
  return new InputError(`The query ${what}; it is confined to the table data, so take the rows from that alone.`);
}

/**
 * Shuts the doors behind what the program itself opened: from here on this instance of DuckDB reads the named files and
 * no others, writes none but those it puts aside where memory is short, and no setting changes again.
 * @param folder Of the program's own copies of the files, where there are such
 */
export async function lockDown(
  session: DuckDBSession,
  files: readonly string[],
  folder: string | undefined,
): Promise<void> {
  const local = "The query cannot be confined";
  await session.run(`set allowed_paths = [${files.map(sqlText)}]`, local);
  if (folder !== undefined) await session.run(`set allowed_directories = [${sqlText(folder)}]`, local);
  await session.run("set enable_external_access = false", local);
  await session.run("set lock_configuration = true", local);
}
