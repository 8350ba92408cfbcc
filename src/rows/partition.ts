import type { RowRange } from "../engine/bindings/pass-record.ts";

/** A pass is cut at multiples of so many rows, for it sums by blocks of them in single precision: the blocks stay the same. */
const blockRows = 64;

/** Into how many parts a pass over so many rows is cut, at most. */
export type Partition = (numRows: number) => number;

const maxTasks = 16;
const minRowsPerTask = 2048;

/** Tasks enough for the threads of one machine, whatever their number. */
export const usualPartition: Partition = (numRows) => Math.min(maxTasks, Math.floor(numRows / minRowsPerTask));

/** `visited` rows, of which each is `step` from the one before, cut into `parts`. */
export function cutRows(visited: number, parts: number, step = 1): readonly RowRange[] {
  const numBlocks = Math.ceil(visited / blockRows);
  const numParts = Math.max(1, Math.min(parts, numBlocks));
  const boundary = (part: number) => Math.min(visited, blockRows * Math.floor((numBlocks * part) / numParts)) * step;
  return Array.from({ length: numParts }, (_, part) => ({ from: boundary(part), to: boundary(part + 1) }));
}
