// passRows for the categorical family. Blocks (k, l) of the Gram matrix are Σ w_kl x xᵀ, symmetric themselves, so that
// only those with k ≥ l are summed, and of each only its lower triangle. Where all classes have parameters the
// derivatives of a row sum to zero, so that blocks on the diagonal are less the others of their row: taken so, the
// directions in which the data say nothing are null in f64, not only to the rounding of sums in f32.
import { softmax } from "../families/softmax";
import { AliasEntry, Model } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { blockRows, ClassRows, PassArray, PassScratch } from "../layout/scratch";
import { classRows, outputGram, passArray, passGram, wantsGram } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { addExactRows, addExactSquares, exactDots } from "../rows/exact-rows";
import { rowAt, targetAt, weightAt } from "../rows/row-side";
import { addGram } from "./gram";

/** Bytes from one output's array of a block's rows to the next one's. */
const apart: usize = <usize>blockRows << 3;

/** Adds a block's rows, which stand `rowBytes` apart, to the sums. */
export function sumClassBlock(
  pass: usize, model: usize, scratch: usize, rows: usize, rowBytes: usize, count: u32,
): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const width = widthOf(model);
  const isResidual = slotU32(pass, Pass.gramKind) === GramKind.squaredResidual;
  const eta = classRows(scratch, columns, numPredictors, ClassRows.eta);
  const center = classRows(scratch, columns, numPredictors, ClassRows.center);
  let position = passArray(scratch, width, PassArray.position);
  let centers = passArray(scratch, width, PassArray.center);
  for (let k: usize = 0; k < <usize>numPredictors; k++) {
    exactDots(rows, rowBytes, count, position, columns, eta + k * apart);
    if (isResidual) exactDots(rows, rowBytes, count, centers, columns, center + k * apart);
    position += <usize>columns << 3;
    centers += <usize>columns << 3;
  }
  differentiateClasses(pass, model, scratch, count);
  let gradient = passArray(scratch, width, PassArray.gradient);
  for (let k: usize = 0; k < <usize>numPredictors; k++, gradient += <usize>columns << 3) {
    addExactRows(rows, rowBytes, count, eta + k * apart, columns, gradient);
  }
  if (!wantsGram(pass)) return;
  if (slotU32(pass, Pass.isDiagonal)) {
    let squares = passArray(scratch, width, PassArray.cross);
    for (let k: u32 = 0; k < numPredictors; k++, squares += <usize>columns << 3) {
      weighPair(pass, model, scratch, k, k, count);
      addExactSquares(rows, rowBytes, count, scratch + PassScratch.weight, columns, squares);
    }
    return;
  }
  let gram = passGram(scratch, columns, numPredictors);
  for (let k: u32 = 0; k < numPredictors; k++) {
    for (let l: u32 = 0; l <= k; l++, gram += <usize>(columns * columns) << 3) {
      if (k === l && sumsToZero(pass, model)) continue;
      weighPair(pass, model, scratch, k, l, count);
      addGram(rows, rowBytes, count, scratch + PassScratch.weight, scratch + PassScratch.packed, columns, gram);
    }
  }
}

/** Whether Σ_l w_kl = 0 for each row of the pass. */
// @ts-ignore: decorator
@inline
export function sumsToZero(pass: usize, model: usize): bool {
  return !slotU32(model, Model.hasReference) && slotU32(pass, Pass.gramKind) !== GramKind.given;
}

/** Blocks (k, k), which are `bytes` apart, from the others: −Σ over l ≠ k of block (k, l). */
export function completeDiagonal(gram: usize, bytes: usize, numPredictors: u32): void {
  for (let k: u32 = 0; k < numPredictors; k++) {
    const own = gram + <usize>((k * (k + 1)) / 2 + k) * bytes;
    for (let l: u32 = 0; l < numPredictors; l++) {
      if (l === k) continue;
      const pair = k > l ? (k * (k + 1)) / 2 + l : (l * (l + 1)) / 2 + k;
      const other = gram + <usize>pair * bytes;
      for (let at: usize = 0; at < bytes; at += 8) {
        store<f64>(own + at, load<f64>(own + at) - load<f64>(other + at));
      }
    }
  }
}

/**
 * Each row's loss and derivatives: from η_k and x·θ̂_k to ∂f/∂η_k or its weighted residual, in the place of η_k, and μ_k in
 * the place of x·θ̂_k; adds to the sum of f.
 */
export function differentiateClasses(pass: usize, model: usize, scratch: usize, count: u32): void {
  const numPredictors = slotU32(model, Model.numPredictors);
  const hasReference = slotU32(model, Model.hasReference);
  const columns = slotU32(model, Model.paddedColumns);
  const output = <usize>slotU32(pass, Pass.output);
  const isResidual = slotU32(pass, Pass.gramKind) === GramKind.squaredResidual;
  const target = targetAt(model);
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  const aliasTable = <usize>slotU32(model, Model.aliasTable);
  const bytes = <usize>numPredictors * apart;
  const means = classRows(scratch, columns, numPredictors, ClassRows.mean);
  let eta = classRows(scratch, columns, numPredictors, ClassRows.eta);
  let center = classRows(scratch, columns, numPredictors, ClassRows.center);
  let loss: f64 = 0;
  for (let n: usize = 0; n < <usize>count; n++, eta += 8, center += 8) {
    const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
    const row = rowAt(model, number);
    const y = <u32>load<f32>(row + target);
    let weight = weights ? <f64>load<f32>(row + weights) : 1.0;
    const logSum = softmax(eta, apart, numPredictors, hasReference, means);
    const own = <usize>(y - hasReference) * apart;
    loss += weight * (logSum - (y >= hasReference ? load<f64>(eta + own) : 0.0));
    if (isResidual) {
      if (aliasTable) weight *= <f64>load<f32>(aliasTable + number * AliasEntry.bytes, AliasEntry.weight);
      residual(eta, center, means, numPredictors, hasReference, weight);
    } else {
      for (let at: usize = 0; at < bytes; at += apart) {
        const mean = load<f64>(means + at);
        store<f64>(eta + at, weight * mean);
        store<f64>(center + at, mean);
      }
      if (y >= hasReference) store<f64>(eta + own, load<f64>(eta + own) - weight);
    }
  }
  for (let n = <usize>count; n & 3; n++, eta += 8) {
    for (let at: usize = 0; at < bytes; at += apart) store<f64>(eta + at, 0);
  }
  store<f64>(output, load<f64>(output, PassOutput.loss) + loss, PassOutput.loss);
}

/** weight (μ_k − μ̂_k − μ̂_k (δ_k − Σ_l μ̂_l δ_l)), in the place of η_k; the means at `means` are lost. */
function residual(
  eta: usize, center: usize, means: usize, numPredictors: u32, hasReference: u32, weight: f64,
): void {
  const bytes = <usize>numPredictors * apart;
  for (let at: usize = 0; at < bytes; at += apart) {
    const delta = load<f64>(eta + at) - load<f64>(center + at);
    store<f64>(eta + at, load<f64>(means + at));
    store<f64>(means + at, delta);
  }
  softmax(center, apart, numPredictors, hasReference, center);
  let average: f64 = 0;
  for (let at: usize = 0; at < bytes; at += apart) average += load<f64>(center + at) * load<f64>(means + at);
  for (let at: usize = 0; at < bytes; at += apart) {
    const mean = load<f64>(center + at);
    store<f64>(eta + at, weight * (load<f64>(eta + at) - mean - mean * (load<f64>(means + at) - average)));
  }
}

/** w_kl of each row of a block, k ≥ l. */
export function weighPair(pass: usize, model: usize, scratch: usize, k: u32, l: u32, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const kind = slotU32(pass, Pass.gramKind);
  const out = scratch + PassScratch.weight;
  if (kind === GramKind.given) {
    const rowBytes = <usize>(numPredictors * (numPredictors + 1)) << 1;
    const values = <usize>slotU32(pass, Pass.rowValues) + (<usize>((k * (k + 1)) / 2 + l) << 2);
    for (let n: usize = 0; n < <usize>count; n++) {
      const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
      store<f32>(out + (n << 2), load<f32>(values + number * rowBytes));
    }
    return;
  }
  // Curvature: μ_k ([k = l] − μ_l); otherwise r_k r_l.
  const isCurvature = kind === GramKind.curvature;
  const values = classRows(scratch, columns, numPredictors, isCurvature ? ClassRows.center : ClassRows.eta);
  const first = values + <usize>k * apart;
  const second = values + <usize>l * apart;
  const base: f64 = k === l ? 1.0 : 0.0;
  const weights = isCurvature && slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  for (let n: usize = 0; n < <usize>count; n++) {
    const a = load<f64>(first + (n << 3));
    const b = load<f64>(second + (n << 3));
    const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
    const weight = weights ? <f64>load<f32>(rowAt(model, number) + weights) : 1.0;
    store<f32>(out + (n << 2), <f32>(isCurvature ? weight * a * (base - b) : a * b));
  }
}

/** Writes the padded sums to the output: blocks (k, l) and (l, k) are equal, and symmetric. */
export function copyOutClasses(pass: usize, model: usize, scratch: usize, output: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const dimension = dimensionOf(model);
  let gradient = passArray(scratch, widthOf(model), PassArray.gradient);
  let to = output + PassOutput.gradient;
  for (let k: u32 = 0; k < numPredictors; k++, gradient += <usize>columns << 3, to += <usize>numColumns << 3) {
    memory.copy(to, gradient, <usize>numColumns << 3);
  }
  if (!wantsGram(pass)) return;
  let out = outputGram(output, dimension);
  if (slotU32(pass, Pass.isDiagonal)) {
    let squares = passArray(scratch, widthOf(model), PassArray.cross);
    for (let k: u32 = 0; k < numPredictors; k++, squares += <usize>columns << 3, out += <usize>numColumns << 3) {
      memory.copy(out, squares, <usize>numColumns << 3);
    }
    return;
  }
  let gram = passGram(scratch, columns, numPredictors);
  if (sumsToZero(pass, model)) completeDiagonal(gram, <usize>(columns * columns) << 3, numPredictors);
  for (let k: u32 = 0; k < numPredictors; k++) {
    for (let l: u32 = 0; l <= k; l++, gram += <usize>(columns * columns) << 3) {
      const lower = out + (<usize>(k * numColumns * dimension + l * numColumns) << 3);
      const upper = out + (<usize>(l * numColumns * dimension + k * numColumns) << 3);
      for (let i: u32 = 0; i < numColumns; i++) {
        for (let j: u32 = 0; j <= i; j++) {
          const value = load<f64>(gram + (<usize>(i * columns + j) << 3));
          const one = <usize>(i * dimension + j) << 3;
          const other = <usize>(j * dimension + i) << 3;
          store<f64>(lower + one, value);
          store<f64>(lower + other, value);
          store<f64>(upper + one, value);
          store<f64>(upper + other, value);
        }
      }
    }
  }
}
