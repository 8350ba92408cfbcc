// Sums of the loss and its derivatives over rows, in f64 but for the Gram matrix, whose f32 sums are of 64 rows at most.
import { AliasEntry, Family, Model, Pass, Weights } from "./layout";
import { addExactRows, exactDots } from "./exact-rows";
import { addGram } from "./gram";
import { logOnePlusExp, logistic } from "./loss";
import { slotF64, slotU32 } from "./record";
import { dimensionOf, widthOf } from "./chain-scratch";
import { PassArray, PassScratch, blockRows, passArray, passClassGram, passGram, passRowsCopy } from "./pass-scratch";
import { copyOutClasses, loadClassVectors, sumClassBlock } from "./pass-softmax";

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
  const gram = hasClasses ? passClassGram(scratch, columns, outputs) : passGram(scratch, columns);
  memory.fill(output, 0, <usize>(3 + 2 * dimension + (wantsGram ? dimension * dimension : 0)) << 3);
  memory.fill(scratch, 0, passRowsCopy(0, width));
  if (wantsGram) memory.fill(gram, 0, <usize>(blocks * columns * columns) << 3);
  loadVector(model, slotU32(pass, Pass.position), passArray(scratch, width, PassArray.position));
  if (slotU32(pass, Pass.weights) == Weights.squaredResidual) {
    loadVector(model, slotU32(pass, Pass.center), passArray(scratch, width, PassArray.center));
  }
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
  if (hasClasses) copyOutClasses(pass, model, scratch, output, wantsGram);
  else copyOut(model, scratch, output, wantsGram);
}

/** Copies the coefficients of a position in front of zero padding. */
export function loadVector(model: usize, from: usize, to: usize): void {
  if (slotU32(model, Model.family) == Family.categorical) {
    loadClassVectors(model, from, to);
    return;
  }
  memory.fill(to, 0, <usize>(slotU32(model, Model.paddedColumns) + 8) << 3);
  memory.copy(to, from, <usize>slotU32(model, Model.numColumns) << 3);
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
  let rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
  let apart = rowBytes;
  if (!isContiguous) {
    rows = passRowsCopy(scratch, widthOf(model));
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
  addGram(
    rows, apart, count, scratch + PassScratch.weight, scratch + PassScratch.packed, columns, passGram(scratch, columns),
  );
  if (slotU32(model, Model.auxiliary)) {
    addExactRows(rows, apart, count, cross, columns, passArray(scratch, columns, PassArray.cross));
  }
}

function copyRows(model: usize, numbers: usize, count: u32, to: usize, bytes: usize): void {
  const rows = <usize>slotU32(model, Model.rows);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  for (const end = numbers + (<usize>count << 2); numbers < end; numbers += 4, to += bytes) {
    memory.copy(to, rows + <usize>load<u32>(numbers) * rowBytes, bytes);
  }
}

/** The loss and its derivatives of each row of a block: from η and x·θ̂ to ∂f/∂η, a and b; sums of f, f², ∂f/∂τ, c. */
export function differentiate(pass: usize, model: usize, scratch: usize, count: u32): void {
  const kind = slotU32(pass, Pass.weights);
  const isGaussian = slotU32(model, Model.family) == Family.gaussian;
  const auxiliary = slotU32(model, Model.auxiliary);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  const rows = <usize>slotU32(model, Model.rows);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const aliasTable = <usize>slotU32(model, Model.aliasTable);
  const rowValues = <usize>slotU32(pass, Pass.rowValues);
  const output = <usize>slotU32(pass, Pass.output);
  const tau = tauAt(model, slotU32(pass, Pass.position), auxiliary, numColumns);
  const centerTau = kind == Weights.squaredResidual ? tauAt(model, slotU32(pass, Pass.center), auxiliary, numColumns) : 0.0;
  const scale = Math.exp(-2.0 * tau);
  const centerScale = Math.exp(-2.0 * centerTau);
  const gamma = scale - centerScale;
  const alpha = gamma + 2.0 * centerScale * (tau - centerTau);
  let loss: f64 = 0;
  let squared: f64 = 0;
  let tauSum: f64 = 0;
  let corner: f64 = 0;
  for (let n: usize = 0; n < <usize>count; n++) {
    const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
    const y = <f64>load<f32>(rows + number * rowBytes + rowBytes - 4);
    const eta = load<f64>(scratch + (n << 3), PassScratch.eta);
    const center = load<f64>(scratch + (n << 3), PassScratch.center);
    let f: f64;
    let first: f64;
    let firstTau: f64 = 0;
    let a: f64 = 0;
    let b: f64 = 0;
    let c: f64 = 0;
    if (isGaussian) {
      const error = eta - y;
      first = error * scale;
      const square = first * error;
      f = 0.5 * square + tau;
      firstTau = 1.0 - square;
      if (kind == Weights.curvature) {
        a = scale;
        b = -2.0 * first;
        c = 2.0 * square;
      } else if (kind == Weights.squaredResidual) {
        const e = center - y;
        const d = eta - center;
        first = alpha * e + gamma * d;
        firstTau = -(e * (alpha * e + 2.0 * gamma * d) + scale * d * d);
      }
    } else {
      const mean = logistic(eta);
      f = logOnePlusExp(eta) - y * eta;
      first = mean - y;
      if (kind == Weights.curvature) a = mean * (1.0 - mean);
      else if (kind == Weights.squaredResidual) {
        const centerMean = logistic(center);
        first = mean - centerMean - centerMean * (1.0 - centerMean) * (eta - center);
      }
    }
    if (kind == Weights.squaredResidual && aliasTable) {
      const weight = <f64>load<f32>(aliasTable + number * AliasEntry.bytes, AliasEntry.weight);
      first *= weight;
      firstTau *= weight;
    }
    if (kind == Weights.given) a = <f64>load<f32>(rowValues + (number << 2));
    else if (kind == Weights.squaredGradient || kind == Weights.squaredResidual) {
      a = first * first;
      b = first * firstTau;
      c = firstTau * firstTau;
    }
    loss += f;
    squared += f * f;
    tauSum += firstTau;
    corner += c;
    store<f64>(scratch + (n << 3), first, PassScratch.eta);
    store<f64>(scratch + (n << 3), b, PassScratch.center);
    store<f32>(scratch + (n << 2), <f32>a, PassScratch.weight);
  }
  for (let n = <usize>count; n & 3; n++) {
    store<f64>(scratch + (n << 3), 0, PassScratch.eta);
    store<f64>(scratch + (n << 3), 0, PassScratch.center);
  }
  store<f64>(output, load<f64>(output) + loss);
  store<f64>(output, load<f64>(output, 8) + squared, 8);
  if (!auxiliary) return;
  const tauOut = output + (<usize>(3 + numColumns) << 3);
  store<f64>(tauOut, load<f64>(tauOut) + tauSum);
  if (kind == Weights.none) return;
  const cornerOut = output + (<usize>(3 + 2 * dimension + dimension * dimension - 1) << 3);
  store<f64>(cornerOut, load<f64>(cornerOut) + corner);
}

function tauAt(model: usize, position: usize, auxiliary: u32, numColumns: u32): f64 {
  return auxiliary ? load<f64>(position + (<usize>numColumns << 3)) : slotF64(model, Model.fixedAuxiliary);
}

/** Writes the padded sums to the output; the Gram matrix's upper triangle is the mirrored lower one. */
export function copyOut(model: usize, scratch: usize, output: usize, wantsGram: bool): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  memory.copy(output + 24, passArray(scratch, columns, PassArray.gradient), <usize>numColumns << 3);
  if (!wantsGram) return;
  const gram = passGram(scratch, columns);
  const out = output + (<usize>(3 + 2 * dimension) << 3);
  for (let i: u32 = 0; i < numColumns; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const value = load<f64>(gram + (<usize>(i * columns + j) << 3));
      store<f64>(out + (<usize>(i * dimension + j) << 3), value);
      store<f64>(out + (<usize>(j * dimension + i) << 3), value);
    }
  }
  if (dimension == numColumns) return;
  const cross = passArray(scratch, columns, PassArray.cross);
  for (let j: u32 = 0; j < numColumns; j++) {
    const value = load<f64>(cross + (<usize>j << 3));
    store<f64>(out + (<usize>(numColumns * dimension + j) << 3), value);
    store<f64>(out + (<usize>(j * dimension + numColumns) << 3), value);
  }
}
