import { sparsePlaceWords, sparseRecordBytes } from "../engine/bindings/sparse-row.ts";
import type { ColumnBlock } from "./columns/columns.ts";
import type { DesignColumn } from "./design-types.ts";
import { type SideOfRows, SparseEncoder } from "./sparse-encoder.ts";
import type { TermRows, TermValues } from "./term-rows.ts";

/** How a design is stored by its non-zero entries (kernels/layout/model.ts, SparseRow), known after the first pass. */
export interface SparsePlan {
  /** Entries stored, without the intercept's, which needs none. */
  readonly nonZeros: number;
  /** D: m' of each column, which is x' − m'. */
  readonly shift: Float64Array;
  /** D: 1 where a column is stored centred, an entry in every row. */
  readonly isCentred: Uint8Array;
  /** Where the table of the rows' addresses begins after D f64 of shifts, where the records begin, and where they end; bytes. */
  readonly startsAt: number;
  readonly recordsAt: number;
  readonly bytes: number;
}

/** A design is sparse where that takes less than this share of the memory of dense rows: an entry costs more than a float. */
export const worthwhileFraction = 1 / 3;

/** A column of numbers is stored centred from this share of non-zero values on: large means then cost no digits. */
export const centredFraction = 0.5;

/** How many rows have a value other than 0 in a term's cell. */
export type CountNonZeros = (term: TermRows, cell: number) => number;

/** @param countNonZeros among these rows; as the terms have found in the first pass unless told */
export function planSparse(
  columns: readonly DesignColumn[],
  blocks: readonly ColumnBlock[],
  numRows: number,
  countNonZeros: CountNonZeros = (term, cell) => term.nonZeros(cell),
): SparsePlan {
  const counts = new Float64Array(columns.length);
  const isCentred = new Uint8Array(columns.length);
  for (const { term, columnOfCell } of blocks) {
    columnOfCell.forEach((column, cell) => {
      if (column >= 0) counts[column] += countNonZeros(term, cell);
    });
    const [only] = columnOfCell;
    // A column of one cell among several would need entries in the rows of the others.
    if (term.categoricals.length > 0 || only < 0 || counts[only] <= centredFraction * numRows) continue;
    isCentred[only] = 1;
    counts[only] = numRows;
  }
  return planOf(columns, counts, isCentred, numRows);
}

/** Words of a place that every record fits into, as they stand in blocks. */
export function placeWords(blocks: readonly ColumnBlock[]): number {
  const isKept = (column: number) => column >= 0;
  const kept = blocks.filter(({ columnOfCell }) => columnOfCell.some(isKept));
  return sparsePlaceWords(kept.reduce((sum, { term }) => sum + term.mostEntries, 0));
}

/** @param counts D: the entries that each column stores */
export function planOf(
  columns: readonly DesignColumn[],
  counts: Float64Array,
  isCentred: Uint8Array,
  numRows: number,
): SparsePlan {
  const nonZeros = counts.reduce((sum, count) => sum + count, 0);
  const shift = Float64Array.from(columns, ({ mean, scale, isIntercept }, j) =>
    isIntercept ? -1 : isCentred[j] ? 0 : mean / scale,
  );
  const { startsAt, recordsAt } = sparseLayout(columns.length, numRows);
  return {
    nonZeros,
    shift,
    isCentred,
    startsAt,
    recordsAt,
    bytes: recordsAt + sparseRecordBytes(numRows, nonZeros),
  };
}

/** Where the table of the addresses of so many rows begins, and where their records do; bytes. */
export function sparseLayout(numColumns: number, numRows: number): { startsAt: number; recordsAt: number } {
  const startsAt = 8 * numColumns;
  return { startsAt, recordsAt: Math.ceil((startsAt + 4 * numRows) / 8) * 8 };
}

/** Writes the rows of a sparse design into memory, chunk by chunk. */
export class SparseWriter {
  private readonly starts: Uint32Array;
  private readonly encoder: SparseEncoder;
  rowsWritten = 0;
  /** Index of the word that comes next. */
  private next: number;

  constructor(
    private readonly floats: Float32Array,
    private readonly plan: SparsePlan,
    columns: readonly DesignColumn[],
    blocks: readonly ColumnBlock[],
    numRows: number,
  ) {
    const { buffer, byteOffset } = floats;
    this.starts = new Uint32Array(buffer, byteOffset + plan.startsAt, numRows);
    new Float64Array(buffer, byteOffset, columns.length).set(plan.shift);
    this.encoder = new SparseEncoder(plan, columns, blocks);
    this.next = plan.recordsAt / 4;
  }

  /** Whether all that was planned has been written. */
  get isComplete(): boolean {
    return this.rowsWritten === this.starts.length && this.next === this.plan.bytes / 4;
  }

  /** Numbers beyond what was planned are lost, and `isComplete` stays false. */
  write(values: ReadonlyMap<TermRows, TermValues>, side: SideOfRows): void {
    const { floats, starts } = this;
    const writeRecord = this.encoder.recordsOf(values, side, floats);
    for (let i = 0; i < side.target.length; i++) {
      starts[this.rowsWritten++] = floats.byteOffset + 4 * this.next;
      this.next = writeRecord(i, this.next);
    }
  }
}
