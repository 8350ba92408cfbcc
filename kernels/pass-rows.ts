// Sums of the loss and its derivatives over rows, in f64 but for the Gram matrix, whose f32 sums are of 64 rows at most.
import { AliasEntry, Family, Model, Pass, Weights } from "./layout";
import { addExactRows, addExactSquares, exactDots } from "./exact-rows";
import { addGram } from "./gram";
import { slotU32 } from "./record";
import {
  RowLoss, auxiliaryPlace, loadTau, prepare, rowCurvatures, rowLoss, rowResidual, rowSlopes,
} from "./row-loss";
import { isSparse, offsetAt, rowAt, targetAt, weightAt } from "./row-side";
import { dimensionOf, widthOf } from "./chain-scratch";
import { PassArray, PassScratch, blockRows, passArray, passGram, passRowsCopy } from "./pass-scratch";
import { copyOutClasses, loadClassVectors, sumClassBlock } from "./pass-softmax";
import { clearSparseGram, copyOutSparse, sumSparseBlock } from "./sparse-pass";
import { closeDouble } from "./sparse-rows";

/** Runs the pass whose record (layout.ts) stands at `pass`. The second argument is not used. */
export function passRows(pass: usize, unused: u32): void {
  const model = <usize>slotU32(pass, Pass.model);
  const scratch = <usize>slotU32(pass, Pass.scratch);
  const columns = slotU32(model, Model.paddedColumns);
  const dimension = dimensionOf(model);
  const to = slotU32(pass, Pass.to);
  const step = max<u32>(slotU32(pass, Pass.step), 1);
  const output = <usize>slotU32(pass, Pass.output);
  const outputs = slotU32(model, Model.outputs);
  const hasClasses = slotU32(model, Model.family) == Family.categorical;
  const width = widthOf(model);
  const wantsGram = slotU32(pass, Pass.weights) != Weights.none;
  const blocks = hasClasses ? (outputs * (outputs + 1)) / 2 : 1;
  const gram = passGram(scratch, columns, outputs);
  const gramLength = slotU32(pass, Pass.isDiagonal) ? dimension : dimension * dimension;
  memory.fill(output, 0, <usize>(3 + 2 * dimension + (wantsGram ? gramLength : 0)) << 3);
  memory.fill(scratch, 0, passArray(0, width, PassArray.count));
  if (wantsGram && isSparse(model)) clearSparseGram(pass, model, scratch);
  else if (wantsGram && !slotU32(pass, Pass.isDiagonal)) memory.fill(gram, 0, <usize>(blocks * columns * columns) << 3);
  loadVector(model, slotU32(pass, Pass.position), passArray(scratch, width, PassArray.position));
  if (slotU32(pass, Pass.weights) == Weights.squaredResidual) {
    loadVector(model, slotU32(pass, Pass.center), passArray(scratch, width, PassArray.center));
  }
  prepareLoss(model, slotU32(pass, Pass.position), slotU32(pass, Pass.center), scratch + PassScratch.loss);
  let at = slotU32(pass, Pass.from);
  let seen: u32 = 0;
  while (at < to) {
    // Not ceil((to - at) / step) in one expression: its sum could pass 2³².
    const count = min<u32>(blockRows, (to - at - 1) / step + 1);
    sumBlock(pass, model, scratch, at, step, count, wantsGram);
    seen += count;
    if (<u64>at + <u64>step * <u64>count >= <u64>to) break;
    at += step * count;
  }
  store<f64>(output, <f64>seen, 16);
  if (isSparse(model)) copyOutSparse(pass, model, scratch, output, wantsGram);
  else if (hasClasses) copyOutClasses(pass, model, scratch, output, wantsGram);
  else copyOut(pass, model, scratch, output, wantsGram);
}

/** Works out what depends on τ alone, at θ and at θ̂. */
export function prepareLoss(model: usize, position: usize, center: usize, work: usize): void {
  const family = slotU32(model, Model.family);
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  loadTau(model, position + bytes, work + RowLoss.tau);
  loadTau(model, center + bytes, work + RowLoss.centerTau);
  prepare(family, work + RowLoss.tau, work + RowLoss.constants);
  prepare(family, work + RowLoss.centerTau, work + RowLoss.centerConstants);
}

/** Copies the coefficients of a position in front of zero padding. */
export function loadVector(model: usize, from: usize, to: usize): void {
  if (slotU32(model, Model.family) == Family.categorical) loadClassVectors(model, from, to);
  else {
    memory.fill(to, 0, <usize>(slotU32(model, Model.paddedColumns) + 8) << 3);
    memory.copy(to, from, <usize>slotU32(model, Model.numColumns) << 3);
  }
  if (isSparse(model)) closeDouble(model, to);
}

export function sumBlock(
  pass: usize, model: usize, scratch: usize, from: u32, step: u32, count: u32, wantsGram: bool,
): void {
  const columns = slotU32(model, Model.paddedColumns);
  const list = <usize>slotU32(pass, Pass.rowList);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const isContiguous = list == 0 && step == 1;
  const numbers = scratch + PassScratch.numbers;
  for (let n: u32 = 0, at = from; n < count; n++, at += step) {
    store<u32>(numbers + (<usize>n << 2), list ? load<u32>(list + (<usize>at << 2)) : at);
  }
  if (isSparse(model)) {
    sumSparseBlock(pass, model, scratch, count, wantsGram);
    return;
  }
  let rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
  let apart = rowBytes;
  if (!isContiguous) {
    rows = passRowsCopy(scratch, columns, slotU32(model, Model.outputs));
    apart = <usize>columns << 2;
    copyRows(model, numbers, count, rows, apart);
  }
  if (slotU32(model, Model.family) == Family.categorical) {
    sumClassBlock(pass, model, scratch, rows, apart, count, wantsGram);
    return;
  }
  const eta = scratch + PassScratch.eta;
  const cross = scratch + PassScratch.center;
  exactDots(rows, apart, count, passArray(scratch, columns, PassArray.position), columns, eta);
  if (slotU32(pass, Pass.weights) == Weights.squaredResidual) {
    exactDots(rows, apart, count, passArray(scratch, columns, PassArray.center), columns, cross);
  }
  differentiate(pass, model, scratch, count);
  addExactRows(rows, apart, count, eta, columns, passArray(scratch, columns, PassArray.gradient));
  if (!wantsGram) return;
  if (slotU32(pass, Pass.isDiagonal)) {
    // The sums of cross terms, which are not wanted, leave their place to the diagonal.
    addExactSquares(
      rows, apart, count, scratch + PassScratch.weight, columns, passArray(scratch, columns, PassArray.cross),
    );
    return;
  }
  addGram(
    rows, apart, count, scratch + PassScratch.weight, scratch + PassScratch.packed, columns, passGram(scratch, columns, 1),
  );
  const auxiliary = slotU32(model, Model.auxiliary);
  if (auxiliary) addExactRows(rows, apart, count, cross, columns, passArray(scratch, columns, PassArray.cross));
  if (auxiliary > 1) {
    const second = scratch + PassScratch.second;
    addExactRows(rows, apart, count, second, columns, passArray(scratch, columns, PassArray.secondCross));
  }
}

function copyRows(model: usize, numbers: usize, count: u32, to: usize, bytes: usize): void {
  const rows = <usize>slotU32(model, Model.rows);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  for (const end = numbers + (<usize>count << 2); numbers < end; numbers += 4, to += bytes) {
    memory.copy(to, rows + <usize>load<u32>(numbers) * rowBytes, bytes);
  }
}

/**
 * The loss and its derivatives of each row of a block, times the row's weight: from η and x·θ̂ to ∂f/∂η, a and b; sums of f,
 * f², ∂f/∂τ, c.
 */
export function differentiate(pass: usize, model: usize, scratch: usize, count: u32): void {
  const kind = slotU32(pass, Pass.weights);
  const family = slotU32(model, Model.family);
  const auxiliary = slotU32(model, Model.auxiliary);
  const target = targetAt(model);
  const offsets = slotU32(model, Model.hasOffset) ? offsetAt(model) : 0;
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  const isResidual = kind == Weights.squaredResidual;
  const aliasTable = <usize>slotU32(model, Model.aliasTable);
  const rowValues = <usize>slotU32(pass, Pass.rowValues);
  const output = <usize>slotU32(pass, Pass.output);
  const work = scratch + PassScratch.loss;
  const slopes = work + RowLoss.slopes;
  let losses: f64 = 0;
  let squared: f64 = 0;
  for (let n: usize = 0; n < <usize>count; n++) {
    const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
    const row = rowAt(model, number);
    const y = <f64>load<f32>(row + target);
    const offset = offsets ? <f64>load<f32>(row + offsets) : 0.0;
    const weight = weights ? <f64>load<f32>(row + weights) : 1.0;
    const eta = load<f64>(scratch + (n << 3), PassScratch.eta) + offset;
    const f = weight * rowLoss(family, work + RowLoss.constants, eta, y);
    let factor = weight;
    if (isResidual) {
      const center = load<f64>(scratch + (n << 3), PassScratch.center) + offset;
      rowResidual(family, work, center, eta - center, y);
      if (aliasTable) factor *= <f64>load<f32>(aliasTable + number * AliasEntry.bytes, AliasEntry.weight);
    } else rowSlopes(family, work + RowLoss.constants, eta, y, slopes);
    if (kind == Weights.curvature) rowCurvatures(family, work + RowLoss.constants, eta, y, work + RowLoss.curvatures);
    losses += f;
    squared += f * f;
    const first = factor * load<f64>(slopes);
    let a: f64 = first * first;
    if (kind == Weights.given) a = <f64>load<f32>(rowValues + (number << 2));
    else if (kind == Weights.curvature) a = weight * load<f64>(work, RowLoss.curvatures);
    store<f64>(scratch + (n << 3), first, PassScratch.eta);
    store<f32>(scratch + (n << 2), <f32>a, PassScratch.weight);
    if (auxiliary) addAuxiliaries(pass, model, scratch, n, factor);
  }
  for (let n = <usize>count; n & 3; n++) {
    store<f64>(scratch + (n << 3), 0, PassScratch.eta);
    store<f64>(scratch + (n << 3), 0, PassScratch.center);
    store<f64>(scratch + (n << 3), 0, PassScratch.second);
  }
  store<f64>(output, load<f64>(output) + losses);
  store<f64>(output, load<f64>(output, 8) + squared, 8);
}

/** Adds row n's ∂f/∂τ and c to the sums, and keeps its b. */
export function addAuxiliaries(pass: usize, model: usize, scratch: usize, n: usize, factor: f64): void {
  const kind = slotU32(pass, Pass.weights);
  const auxiliary = slotU32(model, Model.auxiliary);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  const output = <usize>slotU32(pass, Pass.output);
  const work = scratch + PassScratch.loss;
  const slopes = work + RowLoss.slopes;
  const gram = output + (<usize>(3 + 2 * dimension) << 3);
  const isDiagonal = slotU32(pass, Pass.isDiagonal) != 0;
  for (let k: u32 = 0; k < auxiliary; k++) {
    const place = auxiliaryPlace(model, k);
    const slope = factor * load<f64>(slopes + (<usize>(place + 1) << 3));
    const sum = output + (<usize>(3 + numColumns + k) << 3);
    store<f64>(sum, load<f64>(sum) + slope);
    if (kind == Weights.none) continue;
    let b: f64 = factor * load<f64>(slopes) * slope;
    if (kind == Weights.given) b = 0;
    else if (kind == Weights.curvature) b = factor * load<f64>(work + (<usize>(place + 1) << 3), RowLoss.curvatures);
    store<f64>(scratch + (n << 3) + (k ? PassScratch.second : PassScratch.center), b);
    if (kind == Weights.given) continue;
    for (let l: u32 = isDiagonal ? k : 0; l <= k; l++) {
      const other = auxiliaryPlace(model, l);
      // The curvatures by (τ₀, τ₀), (τ₀, τ₁) and (τ₁, τ₁) are the last three.
      const c = kind == Weights.curvature
        ? factor * load<f64>(work + (<usize>(3 + place + other) << 3), RowLoss.curvatures)
        : slope * factor * load<f64>(slopes + (<usize>(other + 1) << 3));
      const entry = gram + (<usize>((isDiagonal ? 0 : (numColumns + k) * dimension) + numColumns + l) << 3);
      store<f64>(entry, load<f64>(entry) + c);
      if (l < k) store<f64>(gram + (<usize>((numColumns + l) * dimension + numColumns + k) << 3), load<f64>(entry));
    }
  }
}

/** Writes the padded sums to the output; the Gram matrix's upper triangle is the mirrored lower one. */
export function copyOut(pass: usize, model: usize, scratch: usize, output: usize, wantsGram: bool): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  memory.copy(output + 24, passArray(scratch, columns, PassArray.gradient), <usize>numColumns << 3);
  if (!wantsGram) return;
  const gram = passGram(scratch, columns, 1);
  const out = output + (<usize>(3 + 2 * dimension) << 3);
  if (slotU32(pass, Pass.isDiagonal)) {
    // The auxiliary parameters' own entries are in the output already.
    memory.copy(out, passArray(scratch, columns, PassArray.cross), <usize>numColumns << 3);
    return;
  }
  for (let i: u32 = 0; i < numColumns; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const value = load<f64>(gram + (<usize>(i * columns + j) << 3));
      store<f64>(out + (<usize>(i * dimension + j) << 3), value);
      store<f64>(out + (<usize>(j * dimension + i) << 3), value);
    }
  }
  for (let k: u32 = 0; k < slotU32(model, Model.auxiliary); k++) {
    const cross = passArray(scratch, columns, PassArray.cross + k);
    const line = numColumns + k;
    for (let j: u32 = 0; j < numColumns; j++) {
      const value = load<f64>(cross + (<usize>j << 3));
      store<f64>(out + (<usize>(line * dimension + j) << 3), value);
      store<f64>(out + (<usize>(j * dimension + line) << 3), value);
    }
  }
}
