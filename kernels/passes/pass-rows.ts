// Sums of the loss and its derivatives over rows, in f64 but for the Gram matrix, whose f32 sums are of 64 rows at most.
import { Family, Model } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { blockRows, heldColumns, heldRows, PassArray, PassScratch } from "../layout/scratch";
import { outputGram, passArray, passGram, passRowsCopy, wantsGram } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { addExactRows, addExactSquares, exactDots } from "../rows/exact-rows";
import { isSparse } from "../rows/row-side";
import { addGram } from "./gram";
import { passGroups } from "./pass-groups";
import { differentiate, loadVector, prepareLoss } from "./pass-derivatives";
import { sumSingleBlock } from "./pass-single";
import { copyOutClasses, sumClassBlock } from "./pass-softmax";
import { clearSparseGram, copyOutSparse, sumSparseBlock } from "./sparse-pass";

/** Runs the pass whose record (layout.ts) stands at `pass`. The second argument is not used. */
export function passRows(pass: usize, _unused: u32): void {
  const model = <usize>slotU32(pass, Pass.model);
  if (slotU32(model, Model.groups)) {
    passGroups(pass);
    return;
  }
  const scratch = <usize>slotU32(pass, Pass.scratch);
  const columns = slotU32(model, Model.paddedColumns);
  const dimension = dimensionOf(model);
  const to = slotU32(pass, Pass.to);
  const step = max<u32>(slotU32(pass, Pass.step), 1);
  const output = <usize>slotU32(pass, Pass.output);
  const numPredictors = slotU32(model, Model.numPredictors);
  const hasClasses = slotU32(model, Model.family) === Family.categorical;
  const width = widthOf(model);
  const blocks = hasClasses ? (numPredictors * (numPredictors + 1)) / 2 : 1;
  const gram = passGram(scratch, columns, numPredictors);
  const gramLength = slotU32(pass, Pass.isDiagonal) ? dimension : dimension * dimension;
  memory.fill(output, 0, outputGram(0, dimension + (wantsGram(pass) ? gramLength : 0)));
  memory.fill(scratch, 0, passArray(0, width, PassArray.count));
  if (wantsGram(pass) && isSparse(model)) clearSparseGram(pass, model, scratch);
  else if (wantsGram(pass) && !slotU32(pass, Pass.isDiagonal)) memory.fill(gram, 0, <usize>(blocks * columns * columns) << 3);
  loadVector(model, slotU32(pass, Pass.position), passArray(scratch, width, PassArray.position));
  if (slotU32(pass, Pass.gramKind) === GramKind.squaredResidual) {
    loadVector(model, slotU32(pass, Pass.center), passArray(scratch, width, PassArray.center));
  }
  prepareLoss(model, slotU32(pass, Pass.position), slotU32(pass, Pass.center), scratch + PassScratch.loss);
  let at = slotU32(pass, Pass.from);
  let seen: u32 = 0;
  while (at < to) {
    // Not ceil((to - at) / step) in one expression: its sum could pass 2³².
    const count = min<u32>(blockRows, (to - at - 1) / step + 1);
    sumBlock(pass, model, scratch, at, step, count);
    seen += count;
    if (<u64>at + <u64>step * <u64>count >= <u64>to) break;
    at += step * count;
  }
  addHeldRows(scratch, <usize>slotU32(model, Model.stride) << 2, columns);
  store<f64>(output, <f64>seen, PassOutput.count);
  if (isSparse(model)) copyOutSparse(pass, model, scratch, output);
  else if (hasClasses) copyOutClasses(pass, model, scratch, output);
  else copyOut(pass, model, scratch, output);
}

export function sumBlock(pass: usize, model: usize, scratch: usize, from: u32, step: u32, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const list = <usize>slotU32(pass, Pass.rowList);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const isContiguous = list === 0 && step === 1;
  const numbers = scratch + PassScratch.numbers;
  for (let n: u32 = 0, at = from; n < count; n++, at += step) {
    store<u32>(numbers + (<usize>n << 2), list ? load<u32>(list + (<usize>at << 2)) : at);
  }
  if (isSparse(model)) {
    sumSparseBlock(pass, model, scratch, count);
    return;
  }
  let rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
  let apart = rowBytes;
  if (!isContiguous) {
    rows = passRowsCopy(scratch, columns, slotU32(model, Model.numPredictors));
    apart = <usize>columns << 2;
    copyRows(model, numbers, count, rows, apart);
  }
  if (slotU32(model, Model.family) === Family.categorical) {
    sumClassBlock(pass, model, scratch, rows, apart, count);
    return;
  }
  if (slotU32(pass, Pass.isSingle)) {
    sumSingleBlock(pass, model, scratch, rows, apart, count, columns);
    return;
  }
  const eta = scratch + PassScratch.eta;
  const cross = scratch + PassScratch.center;
  exactDots(rows, apart, count, passArray(scratch, columns, PassArray.position), columns, eta);
  if (slotU32(pass, Pass.gramKind) === GramKind.squaredResidual) {
    exactDots(rows, apart, count, passArray(scratch, columns, PassArray.center), columns, cross);
  }
  differentiate(pass, model, scratch, count);
  addExactRows(rows, apart, count, eta, columns, passArray(scratch, columns, PassArray.gradient));
  if (!wantsGram(pass)) return;
  if (slotU32(pass, Pass.isDiagonal)) {
    // The sums of cross terms, which are not wanted, leave their place to the diagonal.
    addExactSquares(
      rows, apart, count, scratch + PassScratch.weight, columns, passArray(scratch, columns, PassArray.cross),
    );
    return;
  }
  if (isContiguous && columns >= heldColumns) holdRows(scratch, rows, apart, count, columns);
  else addGram(rows, apart, count, scratch + PassScratch.weight, scratch + PassScratch.packed, columns, passGram(scratch, columns, 1));
  const auxiliary = slotU32(model, Model.auxiliary);
  if (auxiliary) addExactRows(rows, apart, count, cross, columns, passArray(scratch, columns, PassArray.cross));
  if (auxiliary > 1) {
    const second = scratch + PassScratch.second;
    addExactRows(rows, apart, count, second, columns, passArray(scratch, columns, PassArray.secondCross));
  }
}

/** Rows that follow those that wait already. */
export function holdRows(scratch: usize, rows: usize, rowBytes: usize, count: u32, columns: u32): void {
  const held = load<u32>(scratch, PassScratch.heldCount);
  if (!held) store<u32>(scratch, <u32>rows, PassScratch.heldFrom);
  memory.copy(scratch + PassScratch.held + (<usize>held << 2), scratch + PassScratch.weight, <usize>count << 2);
  store<u32>(scratch, held + count, PassScratch.heldCount);
  if (held + count > heldRows - blockRows) addHeldRows(scratch, rowBytes, columns);
}

export function addHeldRows(scratch: usize, rowBytes: usize, columns: u32): void {
  const count = load<u32>(scratch, PassScratch.heldCount);
  if (!count) return;
  const rows = <usize>load<u32>(scratch, PassScratch.heldFrom);
  addGram(rows, rowBytes, count, scratch + PassScratch.held, scratch + PassScratch.packed, columns, passGram(scratch, columns, 1));
  store<u32>(scratch, 0, PassScratch.heldCount);
}

function copyRows(model: usize, numbers: usize, count: u32, to: usize, bytes: usize): void {
  const rows = <usize>slotU32(model, Model.rows);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  for (const end = numbers + (<usize>count << 2); numbers < end; numbers += 4, to += bytes) {
    memory.copy(to, rows + <usize>load<u32>(numbers) * rowBytes, bytes);
  }
}

/** Writes the padded sums to the output; the Gram matrix's upper triangle is the mirrored lower one. */
export function copyOut(pass: usize, model: usize, scratch: usize, output: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  memory.copy(output + PassOutput.gradient, passArray(scratch, columns, PassArray.gradient), <usize>numColumns << 3);
  if (!wantsGram(pass)) return;
  const gram = passGram(scratch, columns, 1);
  const out = outputGram(output, dimension);
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
