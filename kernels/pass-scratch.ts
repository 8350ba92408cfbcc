// The scratch memory of passRows and influenceRows, which work on blocks of at most 64 rows.
// src/engine/scratch.ts computes the same size.

/** Rows in a block: f32 sums of so few rows keep a relative error of about 1e-7. */
export const blockRows: u32 = 64;

export const enum PassScratch {
  /** Per row of a block, f64: η, then ∂f/∂η. */
  eta = 0,
  /** f64: x·θ̂, then b of the first auxiliary parameter. */
  center = 512,
  /** f64: b of the second. */
  second = 1024,
  /** f32: a. */
  weight = 1536,
  /** u32: row numbers. */
  numbers = 1792,
  /** 64 × 4 f32: a x for four columns. */
  packed = 2048,
  /** What a row's loss is worked out with (RowLoss). */
  loss = 3072,
  head = 3456,
}

/**
 * f64 arrays of columns × outputs + 8 entries after the head; then what ClassRows tells. After these come the block's rows,
 * f32, and the padded Gram matrix, f64, where it is wanted; or for sparse rows what sparse-gram.ts tells.
 */
export const enum PassArray {
  position = 0,
  center = 1,
  gradient = 2,
  /** Σ b x of the first auxiliary parameter, and of the second; of dense rows Σ a x² where the diagonal alone is wanted. */
  cross = 3,
  secondCross = 4,
  count = 5,
}

// @ts-ignore: decorator
@inline
export function passArray(scratch: usize, columns: u32, array: u32): usize {
  return scratch + PassScratch.head + <usize>(array * (columns + 8)) * 8;
}

/** For each output 64 f64, one a row of the block, and for `mean` as well. */
export const enum ClassRows {
  /** η_k, then ∂f/∂η_k or the residual. */
  eta = 0,
  /** x·θ̂_k, then μ_k. */
  center = 1,
  /** μ_k of one row, the entries as far apart as in the others. */
  mean = 2,
  count = 3,
}

// @ts-ignore: decorator
@inline
export function classRows(scratch: usize, columns: u32, outputs: u32, array: u32): usize {
  return passArray(scratch, columns * outputs, PassArray.count) + <usize>(array * outputs * blockRows) * 8;
}

/** Where the rows of a block are copied to, when they do not stand side by side; influenceRows keeps its points there. */
// @ts-ignore: decorator
@inline
export function passRowsCopy(scratch: usize, columns: u32, outputs: u32): usize {
  return classRows(scratch, columns, outputs, ClassRows.count);
}

/** outputs (outputs + 1)/2 blocks of columns × columns f64, block (k, l) at index k (k + 1)/2 + l. */
// @ts-ignore: decorator
@inline
export function passGram(scratch: usize, columns: u32, outputs: u32): usize {
  return passRowsCopy(scratch, columns, outputs) + <usize>(columns + 8) * <usize>blockRows * 4;
}

export function passScratchSize(columns: u32, outputs: u32, hasGram: u32, isDiagonal: u32): u32 {
  const start = <u32>passGram(0, columns, outputs);
  return hasGram && !isDiagonal ? start + outputs * (outputs + 1) * columns * columns * 4 : start;
}
