// Addresses in the scratch memory of passRows and influenceRows, whose arrays layout/scratch.ts describes, and in a
// pass's output.
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { classRowsOffset, gramOffset, passArrayOffset, rowsCopyOffset } from "../layout/scratch";
import { slotU32 } from "./record";

// @ts-ignore: decorator
@inline
export function passArray(scratch: usize, columns: u32, array: u32): usize {
  return scratch + <usize>passArrayOffset(columns, array);
}

// @ts-ignore: decorator
@inline
export function classRows(scratch: usize, columns: u32, numPredictors: u32, array: u32): usize {
  return scratch + <usize>classRowsOffset(columns, numPredictors, array);
}

// @ts-ignore: decorator
@inline
export function passRowsCopy(scratch: usize, columns: u32, numPredictors: u32): usize {
  return scratch + <usize>rowsCopyOffset(columns, numPredictors);
}

// @ts-ignore: decorator
@inline
export function passGram(scratch: usize, columns: u32, numPredictors: u32): usize {
  return scratch + <usize>gramOffset(columns, numPredictors);
}

/** Where the Gram matrix, or its diagonal, stands in a pass's output. */
// @ts-ignore: decorator
@inline
export function outputGram(output: usize, dimension: u32): usize {
  return output + PassOutput.gradient + (<usize>dimension << 3);
}

/** Whether the pass has a Gram matrix, or its diagonal. */
// @ts-ignore: decorator
@inline
export function wantsGram(pass: usize): bool {
  return slotU32(pass, Pass.gramKind) !== GramKind.none;
}
