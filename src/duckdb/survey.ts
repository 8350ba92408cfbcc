import { quoted } from "../table/sql-text.ts";
import { minSpread } from "../table/survey-columns.ts";
import type { ColumnInfo, Survey, SurveyWanted } from "../table/table-source.ts";
import type { DuckDBSession } from "./session.ts";

interface SurveyedTable {
  /** What DuckDB calls it. */
  readonly name: string;
  readonly numRows: number;
  readonly info: (name: string) => ColumnInfo;
  readonly sqlName: (name: string) => string;
  readonly local: string;
}

/** Parts of a sample, and the rows of each. Parquet is read from the middle as quickly as from the start. */
const parts = 5;
const rowsOfPart = 4096;

/** What `TableSource.survey` tells, on all of DuckDB's threads. */
export async function surveyOf(
  session: DuckDBSession,
  { name: table, numRows, info, sqlName, local }: SurveyedTable,
  { names, numbers, weights }: SurveyWanted,
  sample: boolean,
): Promise<Survey> {
  const column = (name: string) => quoted(sqlName(name));
  const kept = names.flatMap((name) => [
    `${column(name)} is not null`,
    // Whole numbers are never NaN.
    ...(/^(FLOAT|DOUBLE)/.test(info(name).sourceType ?? "") ? [`not isnan(${column(name)})`] : []),
  ]);
  if (weights !== undefined) kept.push(`${column(weights)} <> 0`);
  const counts = numbers.map((name) => {
    const value = info(name).isTime ? `epoch(${column(name)})::double` : `${column(name)}::double`;
    const spread = `max(${value}) - min(${value}) > ${minSpread} * greatest(abs(max(${value})), abs(min(${value})))`;
    return `coalesce(if(${spread}, count(*) filter (${value} <> 0), 0), 0)::double`;
  });
  const isPart = sample && numRows > parts * rowsOfPart;
  const list = [...new Set([...names, ...(weights === undefined ? [] : [weights])])].map(column).join(", ") || "1";
  const part = (_: unknown, k: number) => {
    const start = Math.floor((k * (numRows - rowsOfPart)) / (parts - 1));
    return `(select ${list} from ${table} limit ${rowsOfPart} offset ${start})`;
  };
  const from = isPart ? `(${Array.from({ length: parts }, part).join(" union all ")})` : table;
  const [[count, ...nonZeros]] = await session.rows(
    `select ${["count(*)::double", ...counts].join(", ")} from ${from} where ${kept.join(" and ") || "true"}`,
    local,
  );
  return {
    rowsSeen: isPart ? parts * rowsOfPart : numRows,
    numRows: Number(count),
    nonZeros: nonZeros.map(Number),
  };
}
