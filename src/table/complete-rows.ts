import { InputError } from "../errors.ts";
import { type Column, formatCount, type TableChunk } from "./table-source.ts";

/** The rows of a chunk without missing values and with a weight above 0. */
export interface CompleteRows {
  readonly chunk: TableChunk;
  /** The number in the data, from 1, of row i of the chunk. */
  readonly rowNumber: (i: number) => number;
  /** The weight of each row, if there are weights. */
  readonly weights?: Float64Array;
}

/** How many rows were read, and how many of them are not kept. */
export interface RowCounts {
  readonly rowsRead: number;
  /** Number of rows with a missing value. */
  readonly droppedRows: number;
  readonly zeroWeightRows: number;
  /** Σ w_n of the rows kept, if there are weights. */
  readonly weightSum: number;
  /** Number of missing values in each column. */
  readonly missing: ReadonlyMap<string, number>;
}

/** Keeps the rows of a table's chunks that have every column and no weight of 0, and counts the others. */
export class CompleteRowReader implements RowCounts {
  rowsRead = 0;
  droppedRows = 0;
  zeroWeightRows = 0;
  weightSum = 0;
  readonly missing = new Map<string, number>();

  /** @param weightsOf The weights of complete rows, 0 or more; by default every row counts once. */
  constructor(private readonly weightsOf?: (rows: CompleteRows) => Float64Array) {}

  /** @throws InputError if a number of a kept row is infinite, and as `weightsOf`. */
  read(chunk: TableChunk): CompleteRows {
    const firstRow = this.rowsRead + 1;
    this.rowsRead += chunk.numRows;
    const isMissing = new Uint8Array(chunk.numRows);
    for (const [name, column] of chunk.columns) {
      const count =
        column.kind === "number" ? markNaN(column.values, isMissing) : markNegative(column.codes, isMissing);
      if (count > 0) this.missing.set(name, (this.missing.get(name) ?? 0) + count);
    }
    const complete = withoutMarked({ chunk, rowNumber: (i) => firstRow + i }, isMissing);
    this.droppedRows += chunk.numRows - complete.chunk.numRows;
    const weighed = this.weigh(complete);
    refuseInfinity(weighed);
    return weighed;
  }

  private weigh(rows: CompleteRows): CompleteRows {
    if (!this.weightsOf) return rows;
    const weights = this.weightsOf(rows);
    for (const weight of weights) this.weightSum += weight;
    const isZero = Uint8Array.from(weights, (weight) => (weight === 0 ? 1 : 0));
    const kept = withoutMarked(rows, isZero);
    this.zeroWeightRows += rows.chunk.numRows - kept.chunk.numRows;
    return { ...kept, weights: weights.filter((weight) => weight !== 0) };
  }
}

function withoutMarked(rows: CompleteRows, marks: Uint8Array): CompleteRows {
  if (!marks.includes(1)) return rows;
  const kept = indicesOfZeros(marks);
  const columns = new Map([...rows.chunk.columns].map(([name, column]) => [name, gather(column, kept)]));
  return { chunk: { numRows: kept.length, columns }, rowNumber: (i) => rows.rowNumber(kept[i]) };
}

function refuseInfinity({ chunk, rowNumber }: CompleteRows): void {
  for (const [name, column] of chunk.columns) {
    if (column.kind !== "number" || !hasInfinity(column.values)) continue;
    const row = column.values.findIndex((value) => Math.abs(value) === Infinity);
    throw new InputError(
      `Column "${name}" is infinite in data row ${formatCount(rowNumber(row))}; drop such rows, or make the value missing, with --sql.`,
    );
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
