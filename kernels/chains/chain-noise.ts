// Estimates of C, the covariance of one row's gradient, from the batches of a chain while it runs. The prior's part of a
// gradient is the same for every row, so it plays no part here.
import { auxiliaryIndex } from "../families/row-loss";
import { Chain, MatrixKind, NoiseEstimate } from "../layout/chain";
import { Family, Model } from "../layout/model";
import { chunkRows, ClassArray, Double, Scratch } from "../layout/scratch";
import { classArray, double, paddedLength } from "../memory/chain-scratch";
import { dimensionOf, setSlotU32, slotU32, widthOf } from "../memory/record";
import { isSparse } from "../rows/row-side";
import { spreadSparse } from "../rows/sparse-rows";
import { addFourProducts, addProduct } from "./products";

/** Decides whether the batch of step t is looked at. */
// @ts-ignore: decorator
@inline
export function beginLook(chain: usize, scratch: usize, t: u32): void {
  if (slotU32(chain, Chain.noiseEstimate) === NoiseEstimate.none) return;
  const isWanted = t % max<u32>(slotU32(chain, Chain.noiseEvery), 1) === 0 && slotU32(chain, Chain.batchSize) > 1;
  store<u32>(scratch, isWanted ? 1 : 0, Scratch.looking);
}

/** Ends the look at a batch, with the batch's gradient sums at hand. */
// @ts-ignore: decorator
@inline
export function endLook(chain: usize, model: usize, scratch: usize): void {
  if (!load<u32>(scratch, Scratch.looking)) return;
  addBatch(chain, model, scratch);
  store<u32>(scratch, 0, Scratch.looking);
}

/**
 * Looks at a chunk of the batch: of a first-row estimate it keeps the batch's first gradient, of a within-batch one it adds
 * Σ g gᵀ / (S − 1). `left` rows of the batch, these included, have not been looked at.
 */
export function lookAtRows(chain: usize, model: usize, scratch: usize, rows: usize, count: u32, left: u32): void {
  const width = widthOf(model);
  const gradients = double(scratch, width, Double.rowGradients);
  const batchSize = slotU32(chain, Chain.batchSize);
  if (slotU32(chain, Chain.noiseEstimate) === NoiseEstimate.firstRow) {
    if (left === batchSize) rowGradient(model, scratch, rows, 0, 1, gradients);
    return;
  }
  const bytes = <usize>paddedLength(width) << 3;
  const factor = Math.sqrt(1.0 / <f64>(batchSize - 1));
  for (let n: u32 = 0; n < count; n += 4) {
    for (let k: u32 = 0; k < 4; k++) {
      const gradient = gradients + k * bytes;
      if (n + k < count) rowGradient(model, scratch, rows, n + k, factor, gradient);
      else memory.fill(gradient, 0, bytes);
    }
    addRowGradients(chain, model, gradients, bytes);
  }
}

/** As lookAtRows, of a group whose gradient is known; `left` groups of the batch, this one included, have not been looked at. */
export function lookAtGradient(chain: usize, model: usize, scratch: usize, gradient: usize, left: u32): void {
  const width = widthOf(model);
  const gradients = double(scratch, width, Double.rowGradients);
  const batchSize = slotU32(chain, Chain.batchSize);
  const bytes = <usize>paddedLength(width) << 3;
  const length = <usize>dimensionOf(model) << 3;
  if (slotU32(chain, Chain.noiseEstimate) === NoiseEstimate.firstRow) {
    if (left === batchSize) memory.copy(gradients, gradient, length);
    return;
  }
  memory.fill(gradients, 0, 4 * bytes);
  const factor = Math.sqrt(1.0 / <f64>(batchSize - 1));
  for (let at: usize = 0; at < length; at += 8) store<f64>(gradients + at, factor * load<f64>(gradient + at));
  addRowGradients(chain, model, gradients, bytes);
}

/** Adds the products of four rows' gradients with themselves, `stride` bytes from one to the next. */
export function addRowGradients(chain: usize, model: usize, gradients: usize, stride: usize): void {
  const sums = <usize>slotU32(chain, Chain.noiseSums);
  const bytes = <usize>dimensionOf(model) << 3;
  const b = gradients + stride;
  const c = b + stride;
  if (slotU32(chain, Chain.noiseShape) === MatrixKind.dense) {
    addFourProducts(gradients, b, c, c + stride, bytes, sums);
    return;
  }
  for (let k: u32 = 0; k < 4; k++, gradients += stride) addSquares(1, gradients, bytes, sums);
}

/** Completes the estimate of the batch whose gradient sums Σ g stand in the f64 gradient. */
export function addBatch(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const sums = <usize>slotU32(chain, Chain.noiseSums);
  const total = double(scratch, width, Double.gradient);
  const size = <f64>slotU32(chain, Chain.batchSize);
  let vector = total;
  // Σ (g − ĝ)(g − ĝ)ᵀ = Σ g gᵀ − S ĝ ĝᵀ; near the mode ĝ is small beside g, so nothing cancels.
  let factor = -1.0 / (size * (size - 1.0));
  if (slotU32(chain, Chain.noiseEstimate) === NoiseEstimate.firstRow) {
    vector = double(scratch, width, Double.rowGradients);
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(vector + at, load<f64>(vector + at) - load<f64>(total + at) / size);
    }
    factor = size / (size - 1.0);
  }
  if (slotU32(chain, Chain.noiseShape) === MatrixKind.dense) addProduct(factor, vector, bytes, sums);
  else addSquares(factor, vector, bytes, sums);
  setSlotU32(chain, Chain.noiseCount, slotU32(chain, Chain.noiseCount) + 1);
}

// @ts-ignore: decorator
@inline
function addSquares(factor: f64, vector: usize, bytes: usize, sums: usize): void {
  for (let at: usize = 0; at < bytes; at += 8) {
    const value = load<f64>(vector + at);
    store<f64>(sums + at, load<f64>(sums + at) + factor * value * value);
  }
}

/** `factor` times the gradient of row n of a chunk: D entries for each linear predictor, the auxiliary parameters' last. */
function rowGradient(model: usize, scratch: usize, rows: usize, n: u32, factor: f64, out: usize): void {
  const row = <usize>load<u32>(rows + (<usize>n << 2));
  const numPredictors = slotU32(model, Model.numPredictors);
  const bytes = <usize>slotU32(model, Model.numColumns) << 2;
  const coefficients = slotU32(model, Model.family) === Family.categorical
    ? classArray(scratch, widthOf(model), numPredictors, ClassArray.coefficients)
    : scratch + Scratch.coefficients;
  for (let k: u32 = 0; k < numPredictors; k++) {
    const coefficient = factor * <f64>load<f32>(coefficients + (<usize>(k * chunkRows + n) << 2));
    if (isSparse(model)) {
      spreadSparse(model, row, coefficient, out);
      out += bytes << 1;
      continue;
    }
    for (let at: usize = 0; at < bytes; at += 4, out += 8) store<f64>(out, coefficient * <f64>load<f32>(row + at));
  }
  for (let k: u32 = 0; k < slotU32(model, Model.auxiliary); k++, out += 8) {
    const gradients = scratch + (auxiliaryIndex(model, k) ? Scratch.secondTauGradients : Scratch.tauGradients);
    store<f64>(out, factor * <f64>load<f32>(gradients + (<usize>n << 2)));
  }
}
