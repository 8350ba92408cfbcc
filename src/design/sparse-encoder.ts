import { beginSparseRow, endSparseRow } from "../engine/bindings/sparse-row.ts";
import type { ColumnBlock } from "./columns/columns.ts";
import type { DesignColumn } from "./design-types.ts";
import type { TermRows, TermValues } from "./term-rows.ts";

/** What a row has besides its columns, chunk by chunk: each an array of as many numbers as the chunk has rows. */
export interface SideOfRows {
  readonly target: Float32Array;
  readonly offset?: Float64Array;
  readonly weights?: Float64Array;
}

/** Makes the records of a sparse design's rows (kernels/layout/model.ts, SparseRow). */
export class SparseEncoder {
  private readonly isCentred: Uint8Array;
  private readonly means: Float64Array;
  private readonly scales: Float64Array;
  /** The columns of a row's words, and how often each occurs, before they are put in order. */
  private readonly found: Int32Array;
  private readonly counts: Float64Array;

  constructor(
    { isCentred }: { readonly isCentred: Uint8Array },
    columns: readonly DesignColumn[],
    private readonly blocks: readonly ColumnBlock[],
  ) {
    this.isCentred = isCentred;
    this.means = Float64Array.from(columns, ({ mean }) => mean);
    this.scales = Float64Array.from(columns, ({ scale }) => scale);
    this.found = new Int32Array(columns.length);
    this.counts = new Float64Array(columns.length);
  }

  /** What writes row i of a chunk from the word `at` of `floats` on, and returns where its record ends. */
  recordsOf(
    values: ReadonlyMap<TermRows, TermValues>,
    { target, offset, weights }: SideOfRows,
    floats: Float32Array,
  ): (i: number, at: number) => number {
    const { isCentred, means, scales } = this;
    const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
    const parts = this.blocks.map(({ term, columnOfCell }) => ({ columnOfCell, ...values.get(term)! }));
    return (i, head) => {
      let at = beginSparseRow(floats, head, {
        target: target[i],
        offset: offset ? offset[i] : 0,
        weight: weights ? weights[i] : 1,
      });
      for (let b = 0; b < parts.length; b++) {
        const { columnOfCell, starts, cells, values } = parts[b];
        if (starts && cells && values) {
          const entries = [cells.subarray(starts[i], starts[i + 1]), values.subarray(starts[i])] as const;
          at = this.writeEntries({ words, floats }, at, columnOfCell, ...entries);
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
      return at;
    };
  }

  /** Writes a row's entries of one block in the order of their columns, and returns where they end. */
  private writeEntries(
    { words, floats }: { readonly words: Uint32Array; readonly floats: Float32Array },
    from: number,
    columnOfCell: Int32Array,
    cells: Int32Array,
    values: Float64Array,
  ): number {
    const { scales, found, counts } = this;
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
