import type { Column, TableChunk, TableSource } from "../../table/table-source.ts";

/** The rows of a table for which `isIn` holds, by their numbers from 0, as a table of its own. */
export function rowsWhere(source: TableSource, isIn: (row: number) => boolean): TableSource {
  const { columns, label, fileTypes } = source;
  async function* chunks(names: readonly string[], texts?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    let first = 0;
    for await (const chunk of source.chunks(names, texts)) {
      const kept: number[] = [];
      for (let i = 0; i < chunk.numRows; i++) if (isIn(first + i)) kept.push(i);
      first += chunk.numRows;
      yield {
        numRows: kept.length,
        columns: new Map([...chunk.columns].map(([name, column]) => [name, rowsOf(column, kept)])),
      };
    }
  }
  return { columns, ...(label !== undefined && { label }), ...(fileTypes && { fileTypes }), chunks };
}

function rowsOf(column: Column, rows: readonly number[]): Column {
  return column.kind === "number"
    ? { kind: "number", values: Float64Array.from(rows, (i) => column.values[i]) }
    : { ...column, codes: Int32Array.from(rows, (i) => column.codes[i]) };
}
