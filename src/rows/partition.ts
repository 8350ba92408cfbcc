import type { RowRange } from "../engine/bindings/pass-record.ts";
import type { Model } from "../models/model.ts";
import { rowsPerRow } from "./work.ts";

/** A pass is cut at multiples of so many rows, for it sums by blocks of them in single precision: the blocks stay the same. */
const blockRows = 64;

/** How a pass over `visited` rows, of which each is `step` (1) from the one before, is cut into parts, `maxParts` at most. */
export type Partition = (visited: number, maxParts: number, step?: number) => readonly RowRange[];

const maxTasks = 16;
const minRowsPerTask = 2048;
const minDataRowsPerTask = 128;

/** Tasks enough for the threads of one machine, whatever their number. */
export const usualPartition: Partition = (visited, maxParts, step = 1) =>
  cutRows(visited, Math.min(maxParts, maxTasks, Math.floor(visited / minRowsPerTask)), step);

/** The work on a group is on all its rows at all its nodes, so that few groups are shared out too; a part begins at any group. */
export function groupPartition(model: Model): Partition {
  const rowsPerGroup = rowsPerRow(model);
  return (visited, maxParts, step = 1) => {
    const wanted = Math.ceil((visited * rowsPerGroup) / minDataRowsPerTask);
    const parts = Math.max(1, Math.min(maxParts, maxTasks, wanted, visited));
    const boundary = (part: number) => Math.floor((visited * part) / parts) * step;
    return Array.from({ length: parts }, (_, part) => ({ from: boundary(part), to: boundary(part + 1) }));
  };
}

/** `visited` rows, of which each is `step` from the one before, cut into `parts`. */
export function cutRows(visited: number, parts: number, step = 1): readonly RowRange[] {
  const numBlocks = Math.ceil(visited / blockRows);
  const numParts = Math.max(1, Math.min(parts, numBlocks));
  const boundary = (part: number) => Math.min(visited, blockRows * Math.floor((numBlocks * part) / numParts)) * step;
  return Array.from({ length: numParts }, (_, part) => ({ from: boundary(part), to: boundary(part + 1) }));
}
