// A chain's scratch memory. Head: what lasts from call to call, then arrays of fixed length for a chunk of rows. After
// it come arrays as long as the parameters, padded so that SIMD loops need no remainder: first f32, then f64; then, for a
// family of several linear predictors, arrays of a chunk's rows for each of them.
// src/engine/scratch.ts computes the same size.
import { Model } from "./layout";
import { slotU32 } from "./record";

/** Rows in a chunk, and at most in a block of the queue. */
export const chunkRows: u32 = 256;

export const enum Scratch {
  /** u32: 1 once the queue holds rows. */
  started = 0,
  /** u32: rows of the present block already used. */
  cursor = 8,
  /** u32: the present block of the queue, 0 or 1. */
  block = 16,
  /** u32: iterates waiting in the moment buffer. */
  waiting = 24,
  /** Written so that no compiler can drop the loads that touch rows ahead. */
  sink = 32,
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

/** f32 arrays after the head. */
export const enum Single {
  /** θ, or d = θ − θ̂ with control variates. */
  position = 0,
  center = 1,
  /** Σ coefficient x over at most chunkRows rows. */
  gradient = 2,
  count = 3,
}

/** f64 arrays after those. */
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

/** After those, outputs × chunkRows f32 each: what `eta`, `delta` and `coefficients` of the head are for one predictor. */
export const enum ClassArray {
  eta = 0,
  delta = 1,
  coefficients = 2,
  count = 3,
}

/**
 * The padded columns of all linear predictors: the f32 copies of θ have one after the other, each padded. The f64 arrays
 * hold M entries side by side, which are no more. Called `columns` where there can be one predictor only.
 */
// @ts-ignore: decorator
@inline
export function widthOf(model: usize): u32 {
  return slotU32(model, Model.paddedColumns) * slotU32(model, Model.outputs);
}

/** Entries of a padded f64 array; room for τ after the padded columns. */
// @ts-ignore: decorator
@inline
export function paddedLength(columns: u32): u32 {
  return columns + 8;
}

// @ts-ignore: decorator
@inline
export function single(scratch: usize, columns: u32, array: u32): usize {
  return scratch + Scratch.head + <usize>array * (<usize>(columns + 8) << 2);
}

// @ts-ignore: decorator
@inline
export function double(scratch: usize, columns: u32, array: u32): usize {
  const length = <usize>(columns + 8) << 2;
  return scratch + Scratch.head + Single.count * length + <usize>array * (length << 1);
}

/** M */
// @ts-ignore: decorator
@inline
export function dimensionOf(model: usize): u32 {
  return slotU32(model, Model.numColumns) * slotU32(model, Model.outputs) + slotU32(model, Model.auxiliary);
}

// @ts-ignore: decorator
@inline
export function classArray(scratch: usize, width: u32, outputs: u32, array: u32): usize {
  return double(scratch, width, Double.count) + <usize>(array * outputs * chunkRows) * 4;
}

export function chainScratchSize(columns: u32, outputs: u32): u32 {
  return <u32>classArray(0, columns * outputs, outputs, ClassArray.count);
}
