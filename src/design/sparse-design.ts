import { beginSparseRow, endSparseRow, sparseRecordBytes } from "../engine/bindings/sparse-row.ts";
import type { ColumnBlock } from "./columns/columns.ts";
import type { DesignColumn } from "./design-types.ts";
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

export function planSparse(
  columns: readonly DesignColumn[],
  blocks: readonly ColumnBlock[],
  numRows: number,
): SparsePlan {
  const counts = new Float64Array(columns.length);
  const isCentred = new Uint8Array(columns.length);
  for (const { term, columnOfCell } of blocks) {
    columnOfCell.forEach((column, cell) => {
      if (column >= 0) counts[column] += term.nonZeros(cell);
    });
    const [only] = columnOfCell;
    // A column of one cell among several would need entries in the rows of the others.
    if (term.categoricals.length > 0 || only < 0 || counts[only] <= centredFraction * numRows) continue;
    isCentred[only] = 1;
    counts[only] = numRows;
  }
  return planOf(columns, counts, isCentred, numRows);
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
  const startsAt = 8 * columns.length;
  const recordsAt = Math.ceil((startsAt + 4 * numRows) / 8) * 8;
  return {
    nonZeros,
    shift,
    isCentred,
    startsAt,
    recordsAt,
    bytes: recordsAt + sparseRecordBytes(numRows, nonZeros),
  };
}

/** What a row has besides its entries, chunk by chunk: each an array of as many numbers as the chunk has rows. */
export interface SideOfRows {
  readonly target: Float32Array;
  readonly offset?: Float64Array;
  readonly weights?: Float64Array;
}

/** Writes the rows of a sparse design, chunk by chunk. */
export class SparseWriter {
  private readonly words: Uint32Array;
  private readonly starts: Uint32Array;
  private readonly means: Float64Array;
  private readonly scales: Float64Array;
  /** The columns of a row's words, and how often each occurs, before they are put in order. */
  private readonly found: Int32Array;
  private readonly counts: Float64Array;
  rowsWritten = 0;
  /** Index of the word that comes next. */
  private next: number;

  constructor(
    private readonly floats: Float32Array,
    private readonly plan: SparsePlan,
    columns: readonly DesignColumn[],
    private readonly blocks: readonly ColumnBlock[],
    numRows: number,
  ) {
    const { buffer, byteOffset, length } = floats;
    this.words = new Uint32Array(buffer, byteOffset, length);
    this.starts = new Uint32Array(buffer, byteOffset + plan.startsAt, numRows);
    new Float64Array(buffer, byteOffset, columns.length).set(plan.shift);
    this.means = Float64Array.from(columns, ({ mean }) => mean);
    this.scales = Float64Array.from(columns, ({ scale }) => scale);
    this.found = new Int32Array(columns.length);
    this.counts = new Float64Array(columns.length);
    this.next = plan.recordsAt / 4;
  }

  /** Whether all that was planned has been written. */
  get isComplete(): boolean {
    return this.rowsWritten === this.starts.length && this.next === this.plan.bytes / 4;
  }

  /** Numbers beyond what was planned are lost, and `isComplete` stays false. */
  write(values: ReadonlyMap<TermRows, TermValues>, { target, offset, weights }: SideOfRows): void {
    const { words, floats, starts, means, scales } = this;
    const { isCentred } = this.plan;
    const parts = this.blocks.map(({ term, columnOfCell }) => ({ columnOfCell, ...values.get(term)! }));
    let at = this.next;
    for (let i = 0; i < target.length; i++) {
      const head = at;
      starts[this.rowsWritten++] = floats.byteOffset + 4 * head;
      at = beginSparseRow(floats, head, {
        target: target[i],
        offset: offset ? offset[i] : 0,
        weight: weights ? weights[i] : 1,
      });
      for (let b = 0; b < parts.length; b++) {
        const { columnOfCell, starts, cells, values } = parts[b];
        if (starts && cells && values) {
          at = this.writeEntries(
            at,
            columnOfCell,
            cells.subarray(starts[i], starts[i + 1]),
            values.subarray(starts[i]),
          );
          continue;
        }
        const column = columnOfCell[cells ? cells[i] : 0];
        if (column < 0) continue;
        const value = values ? values[i] : 1;
        if (isCentred[column]) floats[at + 1] = (value - means[column]) / scales[column];
        else if (value !== 0) floats[at + 1] = value / scales[column];
        else continue;
        words[at] = column;
        at += 2;
      }
      endSparseRow(words, head, at);
    }
    this.next = at;
  }

  /** Writes a row's entries of one block in the order of their columns, and returns where they end. */
  private writeEntries(from: number, columnOfCell: Int32Array, cells: Int32Array, values: Float64Array): number {
    const { words, floats, scales, found, counts } = this;
    let count = 0;
    for (let entry = 0; entry < cells.length; entry++) {
      const column = columnOfCell[cells[entry]];
      if (column < 0) continue;
      found[count++] = column;
      counts[column] = values[entry];
    }
    found.subarray(0, count).sort();
    for (let k = 0; k < count; k++) {
      words[from + 2 * k] = found[k];
      floats[from + 2 * k + 1] = counts[found[k]] / scales[found[k]];
    }
    return from + 2 * count;
  }
}
