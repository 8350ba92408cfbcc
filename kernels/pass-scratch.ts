// The scratch memory of passRows and influenceRows, which work on blocks of at most 64 rows.
// src/engine/scratch.ts computes the same size.

/** Rows in a block: f32 sums of so few rows keep a relative error of about 1e-7. */
export const blockRows: u32 = 64;

export const enum PassScratch {
  /** Per row of a block, f64: η, then ∂f/∂η. */
  eta = 0,
  /** f64: x·θ̂, then b. */
  center = 512,
  /** f32: a. */
  weight = 1024,
  /** u32: row numbers. */
  numbers = 1280,
  /** 64 × 4 f32: a x for four columns. */
  packed = 1536,
  head = 2560,
}

/** f64 arrays of paddedLength entries after the head; then the block's rows, f32, then the padded Gram matrix, f64. */
export const enum PassArray {
  position = 0,
  center = 1,
  gradient = 2,
  /** Σ b x */
  cross = 3,
  count = 4,
}

// @ts-ignore: decorator
@inline
export function passArray(scratch: usize, columns: u32, array: u32): usize {
  return scratch + PassScratch.head + <usize>(array * (columns + 8)) * 8;
}

/** Where the rows of a block are copied to, when they do not stand side by side; influenceRows keeps its factor there. */
// @ts-ignore: decorator
@inline
export function passRowsCopy(scratch: usize, columns: u32): usize {
  return passArray(scratch, columns, PassArray.count);
}

/** columns × columns f64. */
// @ts-ignore: decorator
@inline
export function passGram(scratch: usize, columns: u32): usize {
  return passRowsCopy(scratch, columns) + <usize>(columns + 8) * <usize>blockRows * 4;
}

export function passScratchSize(columns: u32): u32 {
  return <u32>passGram(0, columns) + columns * columns * 8;
}
