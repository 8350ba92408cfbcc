import { surveyColumns } from "./survey-columns.ts";
import {
  type CategoryColumn,
  type Column,
  type ColumnInfo,
  formatCount,
  maxLevels,
  type SurveyWanted,
  type TableSource,
  type TextValues,
  tooManyLevels,
} from "./table-source.ts";

/** Rows per chunk: few enough for the chunk's design to stay in a core's cache. */
const chunkRows = 4096;

/** Whole columns in memory. */
export interface StoredColumns {
  readonly columns: readonly ColumnInfo[];
  readonly numRows: number;
  readonly label: string;
  /** A column's values: at once, or as soon as they are there. */
  column(name: string): Column | Promise<Column>;
  /** The rows of each chunk in turn; 4096 each where left out. */
  readonly chunkSizes?: readonly number[];
}

/** The table of columns that are held in memory, with what it can tell of them. */
export function storedTable({ columns, numRows, label, column, chunkSizes }: StoredColumns): TableSource {
  const stored = async (names: readonly string[]) => {
    const found = new Map<string, Column>();
    for (const name of names) found.set(name, await column(name));
    return found;
  };
  async function* chunks(wanted: readonly string[], texts?: ReadonlySet<string>) {
    const found = await stored(wanted);
    for (const [name, own] of found) {
      if (own.kind !== "category" || texts?.has(name) || own.levels.length <= maxLevels) continue;
      throw tooManyLevels(name, formatCount(own.levels.length));
    }
    let from = 0;
    for (let k = 0; from < numRows; k++) {
      const to = Math.min(from + (chunkSizes?.[k] ?? chunkRows), numRows);
      yield { numRows: to - from, columns: new Map([...found].map(([name, own]) => [name, slice(own, from, to)])) };
      from = to;
    }
  }
  const texts = async (name: string) => textValues((await column(name)) as CategoryColumn);
  const survey = async (wanted: SurveyWanted) => {
    const { names, numbers, weights } = wanted;
    const all = [...names, ...numbers, ...(weights === undefined ? [] : [weights])];
    return surveyColumns(await stored(all), numRows, wanted);
  };
  return { columns, numRows, label, survey, texts, chunks };
}

function slice(column: Column, from: number, to: number): Column {
  return column.kind === "number"
    ? { kind: "number", values: column.values.subarray(from, to) }
    : { ...column, codes: column.codes.subarray(from, to) };
}

function textValues({ codes, levels }: CategoryColumn): TextValues {
  const found = levels.map((text) => ({ text, rows: 0, firstRow: 0 }));
  let rows = 0;
  codes.forEach((code, i) => {
    if (code < 0) return;
    rows++;
    if (found[code].rows++ === 0) found[code].firstRow = i + 1;
  });
  return { rows, levels: found, isWhole: true };
}
