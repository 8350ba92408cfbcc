import { quoted, sqlText } from "../../table/sql-text.ts";
import type { DuckDBSession } from "../session.ts";
import { type FileColumn, type FileHints, type FileView, isPinnedText, spelledTypes } from "../view.ts";
import { refuseDeepJson } from "./json-depth.ts";

/** What DuckDB makes of texts in JSON; ISO dates are found again by the same rule as in other formats. */
const guessedTypes = /^(DATE|TIME|TIMESTAMP.*|UUID|INTERVAL)$/;

/**
 * The view of JSON files: numbers, truth values and texts as they are written, dates where all texts of a column are ISO
 * dates. A column of numbers and texts is one of texts.
 */
export async function jsonView(
  session: DuckDBSession,
  label: string,
  source: string,
  hints: FileHints,
): Promise<FileView> {
  const local = `${label} cannot be read`;
  await refuseDeepJson(session, label, source);
  const guessed = `select * from read_json(${source}, sample_size = -1)`;
  const described = (await session.rows(
    `select column_name, column_type from (describe ${guessed})`,
    local,
  )) as string[][];
  const names = await ownNames(
    session,
    source,
    described.map(([name]) => name),
    local,
  );
  const scalars = await columnsOfScalars(session, guessed, described, local);
  const types = described.map(([name, type]) => {
    const isText = guessedTypes.test(type) || scalars.has(name) || isPinnedText(hints, names.get(name) ?? name);
    return [name, isText && !type.endsWith("]") && !type.startsWith("STRUCT") ? "VARCHAR" : type];
  });
  // Columns are found by their names, which have to be the file's own.
  const isOwn = names.size === 0;
  const listed = types.map(([name, type]) => `${sqlText(name)}: ${sqlText(type)}`);
  const query = isOwn ? `select * from read_json(${source}, columns = {${listed.join(", ")}})` : guessed;
  const texts = isOwn ? types.filter(([, type]) => type === "VARCHAR").map(([name]) => name) : [];
  const found = await spelledTypes(session, query, texts, { local, hints, names, withTruths: false });
  const columns = (isOwn ? types : described).map(
    ([name, type]): FileColumn => ({ sqlName: name, name: names.get(name) ?? name, type: found.get(name) ?? type }),
  );
  const replaced = [...found].map(([name, type]) => `cast(${quoted(name)} as ${type}) as ${quoted(name)}`);
  const sql = replaced.length === 0 ? query : `select * replace (${replaced.join(", ")}) from (${query})`;
  return { sql, isStable: false, columns, notes: [] };
}

/** The names that differ in the file, as two that differ by case only have one name in SQL. */
async function ownNames(
  session: DuckDBSession,
  source: string,
  names: readonly string[],
  local: string,
): Promise<ReadonlyMap<string, string>> {
  const own = new Map<string, string>();
  if (!names.some((name) => /_\d+$/.test(name))) return own;
  const keys = (await session.rows(
    `select distinct unnest(json_keys(json)) from read_json_objects(${source})`,
    local,
  )) as string[][];
  const known = new Set(keys.map(([key]) => key));
  for (const name of names) {
    const word = name.replace(/_\d+$/, "");
    if (!known.has(name) && known.has(word)) own.set(name, word);
  }
  return own;
}

/** The columns of mixed values none of which is a list or an object. */
async function columnsOfScalars(
  session: DuckDBSession,
  query: string,
  described: readonly (readonly string[])[],
  local: string,
): Promise<ReadonlySet<string>> {
  const mixed = described.filter(([, type]) => type === "JSON").map(([name]) => name);
  if (mixed.length === 0) return new Set();
  const tests = mixed.map((name) => `coalesce(bool_and(json_type(${quoted(name)}) not in ('OBJECT', 'ARRAY')), true)`);
  const [holds] = await session.rows(`select ${tests.join(", ")} from (${query})`, local);
  return new Set(mixed.filter((_, k) => holds[k] === true));
}
