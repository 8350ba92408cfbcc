// Addresses in a chain's scratch memory, whose arrays layout/scratch.ts describes.
import { classArrayOffset, doubleOffset, singleOffset } from "../layout/scratch";

/** Entries of a padded f64 array; room for τ after the padded columns. */
// @ts-ignore: decorator
@inline
export function paddedLength(columns: u32): u32 {
  return columns + 8;
}

// @ts-ignore: decorator
@inline
export function single(scratch: usize, columns: u32, array: u32): usize {
  return scratch + <usize>singleOffset(columns, array);
}

// @ts-ignore: decorator
@inline
export function double(scratch: usize, columns: u32, array: u32): usize {
  return scratch + <usize>doubleOffset(columns, array);
}

// @ts-ignore: decorator
@inline
export function classArray(scratch: usize, width: u32, numPredictors: u32, array: u32): usize {
  return scratch + <usize>classArrayOffset(width, numPredictors, array);
}
