import type { Design } from "../../src/design/design-types.ts";
import {
  sparseHeadWords,
  sparseOffset,
  sparseRowEnd,
  sparseTarget,
  sparseWeight,
} from "../../src/engine/bindings/sparse-row.ts";

/** A row of a sparse design. */
export interface RecordOfRow {
  readonly target: number;
  readonly offset: number;
  readonly weight: number;
  readonly columns: readonly number[];
  readonly values: readonly number[];
}

/** The record that begins at word `at`. */
export function recordAt(floats: Float32Array, at: number): RecordOfRow {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const entries = { columns: [] as number[], values: [] as number[] };
  for (let entry = at + sparseHeadWords; entry < sparseRowEnd(words, at); entry += 2) {
    entries.columns.push(words[entry]);
    entries.values.push(floats[entry + 1]);
  }
  const side = { offset: sparseOffset(floats, at), weight: sparseWeight(floats, at) };
  return { target: sparseTarget(floats, at), ...side, ...entries };
}

/** The rows of a sparse design that are in memory: all of them, or the sample of those in blocks. */
export function recordsOf({ rows, sparse, numRows, blocks }: Design): readonly RecordOfRow[] {
  const starts = new Uint32Array(rows.buffer, rows.byteOffset + sparse!.startsAt, blocks?.sampleRows ?? numRows);
  return Array.from(starts, (start) => recordAt(rows, (start - rows.byteOffset) / 4));
}
