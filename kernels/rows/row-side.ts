// Where a row stands, and where the numbers stand that it has besides its columns: bytes from the row's address. A dense
// row has them at its end, a sparse one in the head of its record.
import { Model, SparseRow } from "../layout/model";
import { slotU32 } from "../memory/record";

/** Whether the rows hold their non-zero entries only. */
// @ts-ignore: decorator
@inline
export function isSparse(model: usize): bool {
  return slotU32(model, Model.rowStarts) !== 0;
}

/** The address of row `number`. */
// @ts-ignore: decorator
@inline
export function rowAt(model: usize, number: usize): usize {
  const starts = <usize>slotU32(model, Model.rowStarts);
  if (starts) return <usize>load<u32>(starts + (number << 2));
  return <usize>slotU32(model, Model.rows) + number * (<usize>slotU32(model, Model.stride) << 2);
}

// @ts-ignore: decorator
@inline
export function targetAt(model: usize): u32 {
  return isSparse(model) ? SparseRow.target : (slotU32(model, Model.stride) << 2) - 4;
}

// @ts-ignore: decorator
@inline
export function offsetAt(model: usize): u32 {
  return isSparse(model) ? SparseRow.offset : (slotU32(model, Model.stride) << 2) - 8;
}

// @ts-ignore: decorator
@inline
export function weightAt(model: usize): u32 {
  return isSparse(model) ? SparseRow.weight : (slotU32(model, Model.stride) << 2) - 12;
}
