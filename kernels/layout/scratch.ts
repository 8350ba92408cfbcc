// How long the kernels' scratch memories are, and where the arrays in them begin: in bytes from the begin. Compiled by
// AssemblyScript and by TypeScript alike. Products in place of shifts, so that no size becomes negative in TypeScript.

/** Rows in a chunk of a chain's batch, and at most in a block of its queue. */
export const chunkRows: u32 = 256;

/** Rows in a block of a pass: f32 sums of so few rows keep a relative error of about 1e-7. */
export const blockRows: u32 = 64;

/** What is behind a vector of padded columns: auxiliary parameters, and for sparse rows what closes it. */
const beside: u32 = 8;

/** A chain's head: what lasts from call to call, then arrays of fixed length for a chunk of rows. */
export const enum Scratch {
  /** u32: 1 once the queue holds rows. */
  started = 0,
  /** u32: rows of the present block already used. */
  cursor = 8,
  /** u32: the present block of the queue, 0 or 1. */
  block = 16,
  /** u32: iterates waiting in the moment buffer. */
  waiting = 24,
  /** f64: Σ ∂f/∂τ over the batch, of the first auxiliary parameter. */
  tauSum = 40,
  /** f64: Σ s over the counted steps of the present interval. */
  intervalWeight = 48,
  /** u32: 1 while the present step's batch is looked at for a noise estimate. */
  looking = 56,
  /** A WordReader over the noise stream. */
  words = 64,
  /** f64: Σ ∂f/∂τ over the batch, of the second auxiliary parameter. */
  secondTauSum = 336,
  /** 2 blocks of row addresses, then of weights. */
  rows = 384,
  weights = 2432,
  /** 256 f32 each. */
  eta = 4480,
  delta = 5504,
  target = 6528,
  coefficients = 7552,
  tauGradients = 8576,
  secondTauGradients = 9600,
  /** What a row's loss is worked out with (RowLoss). */
  loss = 10624,
  head = 11008,
}

/** f32 arrays after the head, as long as the parameters and padded so that SIMD loops need no remainder. */
export const enum Single {
  /** θ, or d = θ − θ̂ with control variates. */
  position = 0,
  center = 1,
  /** Σ coefficient x over at most chunkRows rows. */
  gradient = 2,
  count = 3,
}

/** f64 arrays of that length after those. */
export const enum Double {
  position = 0,
  center = 1,
  /** Batch sum, then ĝ. */
  gradient = 2,
  /** H ĝ */
  descent = 3,
  normals = 4,
  /** R z */
  noise = 5,
  /** The prior's part of ĝ_j is priorScale_j θ_j − priorShift_j. */
  priorScale = 6,
  priorShift = 7,
  /** Four iterates. */
  moments = 8,
  /** Three arrays as one: what chain-lean.ts works out for a call. */
  lean = 12,
  /** Gradients of four rows of a batch that is looked at. */
  rowGradients = 15,
  count = 19,
}

/** After those, numPredictors × chunkRows f32 each: what `eta`, `delta` and `coefficients` of the head are for one predictor. */
export const enum ClassArray {
  eta = 0,
  delta = 1,
  coefficients = 2,
  count = 3,
}

export function singleOffset(width: u32, array: u32): u32 {
  return Scratch.head + array * (width + beside) * 4;
}

export function doubleOffset(width: u32, array: u32): u32 {
  return singleOffset(width, Single.count) + array * (width + beside) * 8;
}

export function classArrayOffset(width: u32, numPredictors: u32, array: u32): u32 {
  return doubleOffset(width, Double.count) + array * numPredictors * chunkRows * 4;
}

/** Bytes of scratch memory for one chain, whatever its batch size. */
export function chainScratchBytes(paddedColumns: u32, numPredictors: u32): u32 {
  return classArrayOffset(paddedColumns * numPredictors, numPredictors, ClassArray.count);
}

/** The head of a pass. */
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
  /** What a row's loss is worked out with (RowLoss). */
  loss = 2048,
  /** f32: a of rows that wait for the Gram matrix (heldRows). */
  held = 2432,
  /** heldRows × 4 f32: a x for four columns. */
  packed = 3456,
  /** u32: how many rows wait, and the address of the first. */
  heldCount = 7552,
  heldFrom = 7560,
  head = 7616,
}

/**
 * Rows of a dense pass that wait until there are so many, and then go into a Gram matrix too large for the caches together: it is read
 * and written a quarter as often. The sums are the same as one block after the other.
 */
export const heldRows: u32 = 256;
/** Columns from which on rows wait. */
export const heldColumns: u32 = 128;

/**
 * f64 arrays of columns × numPredictors + 8 entries after the head; then what ClassRows tells. After these come the block's
 * rows, f32, and the padded Gram matrix, f64, where it is wanted; or for sparse rows their sums (sparsePairLength).
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

/** For each predictor 64 f64, one a row of the block, and for `mean` as well. */
export const enum ClassRows {
  /** η_k, then ∂f/∂η_k or the residual. */
  eta = 0,
  /** x·θ̂_k, then μ_k. */
  center = 1,
  /** μ_k of one row, the entries as far apart as in the others. */
  mean = 2,
  count = 3,
}

export function passArrayOffset(width: u32, array: u32): u32 {
  return PassScratch.head + array * (width + beside) * 8;
}

export function classRowsOffset(columns: u32, numPredictors: u32, array: u32): u32 {
  return passArrayOffset(columns * numPredictors, PassArray.count) + array * numPredictors * blockRows * 8;
}

/** Where the rows of a block are copied to, when they do not stand side by side; influenceRows keeps its points there. */
export function rowsCopyOffset(columns: u32, numPredictors: u32): u32 {
  return classRowsOffset(columns, numPredictors, ClassRows.count);
}

/** numPredictors (numPredictors + 1)/2 blocks of columns × columns f64, block (k, l) at index k (k + 1)/2 + l. */
export function gramOffset(columns: u32, numPredictors: u32): u32 {
  return rowsCopyOffset(columns, numPredictors) + (columns + beside) * blockRows * 4;
}

/**
 * Sparse rows have for each pair of predictors as many f64: u with s in place D, then the Gram matrix, or its diagonal. They
 * stand where dense rows of a block are copied to.
 */
export function sparsePairLength(columns: u32, isDiagonal: boolean): u32 {
  return columns * (isDiagonal ? 2 : columns + 1);
}

/** Bytes of scratch memory for a task of passRows over dense rows. */
export function densePassScratchBytes(columns: u32, numPredictors: u32, hasGram: boolean, isDiagonal: boolean): u32 {
  const start = gramOffset(columns, numPredictors);
  return hasGram && !isDiagonal ? start + numPredictors * (numPredictors + 1) * columns * columns * 4 : start;
}

/** Bytes of scratch memory for a task of passRows over sparse rows. */
export function sparsePassScratchBytes(columns: u32, numPredictors: u32, hasGram: boolean, isDiagonal: boolean): u32 {
  const start = rowsCopyOffset(columns, numPredictors);
  const length = sparsePairLength(columns, isDiagonal);
  return hasGram ? start + numPredictors * (numPredictors + 1) * length * 4 : start;
}

/** influenceRows has the factor in place of the Gram matrix; what follows it begins here. */
export function influenceWorkOffset(columns: u32, numPredictors: u32): u32 {
  const width = columns * numPredictors;
  return gramOffset(columns, numPredictors) + width * width * 4;
}

/**
 * Bytes of scratch memory for a task of influenceRows. After the factor: V of four rows, P × 4 f32 (P pairs of predictors);
 * the products Kᵀ x of eight columns of the factor, numPredictors × 8 × 4 f32; L, numPredictors² f64; the vectors r and δ.
 */
export function influenceScratchBytes(columns: u32, numPredictors: u32): u32 {
  const pairs = numPredictors * (numPredictors + 1) * 8;
  return influenceWorkOffset(columns, numPredictors) + pairs + numPredictors * (144 + 8 * numPredictors);
}
