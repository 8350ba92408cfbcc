// Records of sparse rows (kernels/layout/model.ts, SparseRow): a head, then entries of two words each, the column and x', in
// the order of the columns. Places are counted in words of 4 bytes.
import { SparseRow } from "../../../kernels/layout/model.ts";

/** Words from the begin of a record to its first entry. */
export const sparseHeadWords: number = SparseRow.head / 4;

/** Bytes of `numRows` records with `numEntries` entries together. */
export function sparseRecordBytes(numRows: number, numEntries: number): number {
  return SparseRow.head * numRows + 8 * numEntries;
}

/** Words of a place that has room for a record of so many entries. */
export function sparsePlaceWords(numEntries: number): number {
  return sparseHeadWords + 2 * numEntries;
}

/** Fills the table of the addresses of records that stand in places of `stride` words, from an address on. */
export function writeSparseStarts(starts: Uint32Array, address: number, stride: number): void {
  for (let n = 0; n < starts.length; n++) starts[n] = address + 4 * n * stride;
}

/** What a row has besides its columns. */
export interface SparseRowHead {
  readonly target: number;
  readonly offset: number;
  readonly weight: number;
}

/** Writes a record's head, all but the count of its entries, and returns the place of the first of them. */
export function beginSparseRow(floats: Float32Array, at: number, { target, offset, weight }: SparseRowHead): number {
  floats[at + SparseRow.target / 4] = target;
  floats[at + SparseRow.offset / 4] = offset;
  setSparseWeight(floats, at, weight);
  return at + sparseHeadWords;
}

/** Writes the count of the entries of the record at `at`, which end before `end`. */
export function endSparseRow(words: Uint32Array, at: number, end: number): void {
  words[at + SparseRow.count / 4] = (end - at - sparseHeadWords) / 2;
}

/** Where the entries of the record at `at` end. */
export function sparseRowEnd(words: Uint32Array, at: number): number {
  return at + sparseHeadWords + 2 * words[at + SparseRow.count / 4];
}

/** The entry of a column in the record at `at`; 0 where it has none. */
export function sparseEntry(words: Uint32Array, floats: Float32Array, at: number, column: number): number {
  const end = sparseRowEnd(words, at);
  for (let entry = at + sparseHeadWords; entry < end; entry += 2) if (words[entry] === column) return floats[entry + 1];
  return 0;
}

export function sparseTarget(floats: Float32Array, at: number): number {
  return floats[at + SparseRow.target / 4];
}

export function sparseOffset(floats: Float32Array, at: number): number {
  return floats[at + SparseRow.offset / 4];
}

export function sparseWeight(floats: Float32Array, at: number): number {
  return floats[at + SparseRow.weight / 4];
}

export function setSparseWeight(floats: Float32Array, at: number, weight: number): void {
  floats[at + SparseRow.weight / 4] = weight;
}
