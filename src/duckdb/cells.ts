import { quoted } from "../table/sql-text.ts";
import type { DuckDBSession } from "./session.ts";

interface CountedTable {
  /** What DuckDB calls it. */
  readonly name: string;
  readonly numRows: number;
  readonly local: string;
}

/** With fewer rows nothing is won. */
const leastRows = 20_000;
/** Cells are taken where they are so many times fewer than the rows, and no more than this. */
const timesFewer = 4;
const mostCells = 100_000;
/** Rows of each of the parts of a look at the table. */
const lookRows = 4096;
const lookParts = 5;

export const cellsTable = "cells";
/** The column of counts; no other is called so but on purpose, and that one is refused by DuckDB in a sentence. */
export const cellCount = "ornstein: rows of the cell";

/**
 * Makes a table of the rows of others' columns that differ, with how often each occurs, if they are far fewer: a look at some rows tells
 * columns of measured numbers apart, and an estimate over all rows the rest. Cells are in an order that the values alone decide,
 * and in which a stride meets them as chance would.
 * @param columns names in SQL
 * @returns whether it was made
 */
export async function countCells(
  session: DuckDBSession,
  { name, numRows, local }: CountedTable,
  columns: readonly string[],
): Promise<boolean> {
  if (numRows < leastRows || columns.length === 0) return false;
  const list = columns.map(quoted).join(", ");
  const hash = `hash(${list})`;
  const part = (_: unknown, k: number) => {
    const start = Math.floor((k * (numRows - lookRows)) / (lookParts - 1));
    return `(select ${list} from ${name} limit ${lookRows} offset ${start})`;
  };
  const look = Array.from({ length: lookParts }, part).join(" union all ");
  const [[seen]] = await session.rows(`select count(distinct ${hash})::double from (${look})`, local);
  if (Number(seen) > (lookParts * lookRows) / 2) return false;
  const [[about]] = await session.rows(`select approx_count_distinct(${hash})::double from ${name}`, local);
  // The estimate is wrong by a few per cent.
  if (Number(about) > Math.min(mostCells, numRows / timesFewer)) return false;
  await session.run(
    `create or replace table ${cellsTable} as select * from (select ${list}, count(*)::double as ${quoted(cellCount)} from ${name} group by ${list}) order by ${hash}, ${list}`,
    local,
  );
  return true;
}
