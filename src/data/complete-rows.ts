import { InputError } from "./errors.ts";
import { type Column, formatCount, type TableChunk } from "./table.ts";

/** A chunk's rows that miss nothing. */
export interface CompleteRows {
  readonly chunk: TableChunk;
  /** The number in the data, from 1, of row i of the chunk. */
  readonly rowNumber: (i: number) => number;
}

/** Keeps the rows of a table's chunks that have every column, and counts the others. */
export class CompleteRowReader {
  rowsRead = 0;
  droppedRows = 0;
  /** How many values each column misses. */
  readonly missing = new Map<string, number>();

  /** @throws InputError where a number of a kept row is infinite. */
  read(chunk: TableChunk): CompleteRows {
    const firstRow = this.rowsRead + 1;
    this.rowsRead += chunk.numRows;
    const isMissing = new Uint8Array(chunk.numRows);
    let anyMissing = false;
    const infinite: string[] = [];
    for (const [name, column] of chunk.columns) {
      const count =
        column.kind === "number" ? markNaN(column.values, isMissing) : markNegative(column.codes, isMissing);
      if (count > 0) {
        anyMissing = true;
        this.missing.set(name, (this.missing.get(name) ?? 0) + count);
      }
      if (column.kind === "number" && hasInfinity(column.values)) infinite.push(name);
    }
    for (const name of infinite) {
      const column = chunk.columns.get(name)!;
      const values = column.kind === "number" ? column.values : [];
      const row = values.findIndex((value, i) => !isMissing[i] && Math.abs(value) === Infinity);
      if (row < 0) continue;
      throw new InputError(
        `Column "${name}" is infinite in data row ${formatCount(firstRow + row)}; drop such rows, or make the value missing, with --sql.`,
      );
    }
    if (!anyMissing) return { chunk, rowNumber: (i) => firstRow + i };

    const kept = indicesOfZeros(isMissing);
    this.droppedRows += chunk.numRows - kept.length;
    const columns = new Map([...chunk.columns].map(([name, column]) => [name, gather(column, kept)]));
    return { chunk: { numRows: kept.length, columns }, rowNumber: (i) => firstRow + kept[i] };
  }
}

function markNaN(values: Float64Array, mark: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue;
    mark[i] = 1;
    count++;
  }
  return count;
}

function markNegative(codes: Int32Array, mark: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] >= 0) continue;
    mark[i] = 1;
    count++;
  }
  return count;
}

function hasInfinity(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] === Infinity || values[i] === -Infinity) return true;
  return false;
}

function indicesOfZeros(marks: Uint8Array): Int32Array {
  const result = new Int32Array(marks.length);
  let count = 0;
  for (let i = 0; i < marks.length; i++) if (marks[i] === 0) result[count++] = i;
  return result.subarray(0, count);
}

function gather(column: Column, rows: Int32Array): Column {
  if (column.kind === "number") {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i]];
    return { kind: "number", values };
  }
  const codes = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i]];
  return { ...column, codes };
}
