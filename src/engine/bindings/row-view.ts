import type { EngineMemory } from "../memory.ts";
import { sparseHeadWords, sparseOffset, sparseRowEnd, sparseTarget, sparseWeight } from "./sparse-row.ts";

/** Where rows stand in memory, as kernels/layout/model.ts says. */
export interface RowStorage {
  /** Address of the first row; of sparse rows, of the table of their records' addresses. */
  readonly address: number;
  /** N */
  readonly numRows: number;
  /** D */
  readonly numColumns: number;
  /** Floats from one row to the next; of sparse rows, the mean length of a record. */
  readonly stride: number;
  readonly sparse?: SparseStorage;
}

interface SparseStorage {
  /** Address of D f64: m' of each column, which is x' − m'. */
  readonly shift: number;
}

/** One row after the other, dense or sparse, as numbers of TypeScript. Valid until the memory grows. */
export interface RowView {
  /** What follows is of row n. */
  moveTo(n: number): void;
  target(): number;
  offset(): number;
  weight(): number;
  /** Σ_j x_j vector[from + j]. A vector must not change while it is used with one view. */
  dot(vector: ArrayLike<number>, from: number): number;
  /** sums[from + j] += factor x_j */
  addTo(sums: Float64Array, from: number, factor: number): void;
}

export function viewRows(memory: EngineMemory, rows: RowStorage): RowView {
  return rows.sparse ? viewSparse(memory, rows, rows.sparse) : viewDense(memory, rows);
}

function viewDense(memory: EngineMemory, { address, numRows, numColumns, stride }: RowStorage): RowView {
  const x = memory.f32(address, numRows * stride);
  let start = 0;
  return {
    moveTo(n) {
      start = n * stride;
    },
    target: () => x[start + stride - 1],
    offset: () => x[start + stride - 2],
    weight: () => x[start + stride - 3],
    dot(vector, from) {
      let sum = 0;
      for (let j = 0; j < numColumns; j++) sum += x[start + j] * vector[from + j];
      return sum;
    },
    addTo(sums, from, factor) {
      for (let j = 0; j < numColumns; j++) sums[from + j] += factor * x[start + j];
    },
  };
}

function viewSparse(
  memory: EngineMemory,
  { address, numRows, numColumns }: RowStorage,
  { shift: shiftAddress }: SparseStorage,
): RowView {
  const starts = memory.u32(address, numRows);
  const words = memory.u32(0, memory.memory.buffer.byteLength / 4);
  const floats = memory.f32(0, words.length);
  const shift = memory.f64(shiftAddress, numColumns);
  /** Σ_j m'_j vector[from + j] of the vectors seen so far. */
  const shifts = new Map<ArrayLike<number>, Map<number, number>>();
  let start = 0;
  const shiftOf = (vector: ArrayLike<number>, from: number) => {
    let known = shifts.get(vector);
    if (!known) {
      known = new Map();
      shifts.set(vector, known);
    }
    let sum = known.get(from);
    if (sum === undefined) {
      sum = 0;
      for (let j = 0; j < numColumns; j++) sum += shift[j] * vector[from + j];
      known.set(from, sum);
    }
    return sum;
  };
  return {
    moveTo(n) {
      start = starts[n] / 4;
    },
    target: () => sparseTarget(floats, start),
    offset: () => sparseOffset(floats, start),
    weight: () => sparseWeight(floats, start),
    dot(vector, from) {
      let sum = -shiftOf(vector, from);
      const end = sparseRowEnd(words, start);
      for (let at = start + sparseHeadWords; at < end; at += 2) sum += floats[at + 1] * vector[from + words[at]];
      return sum;
    },
    addTo(sums, from, factor) {
      for (let j = 0; j < numColumns; j++) sums[from + j] -= factor * shift[j];
      const end = sparseRowEnd(words, start);
      for (let at = start + sparseHeadWords; at < end; at += 2) sums[from + words[at]] += factor * floats[at + 1];
    },
  };
}
