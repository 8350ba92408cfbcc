// passRows over sparse rows, in f64: the work of a block follows its entries, and of the Gram matrix their pairs. Sums are
// of x' alone; what centring adds is worked out at the end: with u = Σ a x' and s = Σ a,
// Σ a x̃ x̃ᵀ = Σ a x' x'ᵀ − u m'ᵀ − m' uᵀ + s m' m'ᵀ.
import { Family, Model, SparseRow } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { blockRows, ClassRows, PassArray, PassScratch, sparsePairLength } from "../layout/scratch";
import { classRows, outputGram, passArray, passRowsCopy, wantsGram } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { rowAt } from "../rows/row-side";
import { differentiate } from "./pass-derivatives";
import { completeDiagonal, differentiateClasses, sumsToZero, weighPair } from "./pass-softmax";

/** Bytes from one output's array of a block's rows to the next one's. */
const apart: usize = <usize>blockRows << 3;

export function clearSparseGram(pass: usize, model: usize, scratch: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const length = <usize>sparsePairLength(columns, slotU32(pass, Pass.isDiagonal) !== 0);
  memory.fill(passRowsCopy(scratch, columns, numPredictors), 0, <usize>(numPredictors * (numPredictors + 1)) * length * 4);
}

/** Adds the rows whose numbers stand at PassScratch.numbers to the sums. */
export function sumSparseBlock(pass: usize, model: usize, scratch: usize, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const width = widthOf(model);
  const hasClasses = slotU32(model, Model.family) === Family.categorical;
  const isResidual = slotU32(pass, Pass.gramKind) === GramKind.squaredResidual;
  const rows = scratch + PassScratch.packed;
  const eta = hasClasses ? classRows(scratch, columns, numPredictors, ClassRows.eta) : scratch + PassScratch.eta;
  const center = hasClasses ? classRows(scratch, columns, numPredictors, ClassRows.center) : scratch + PassScratch.center;
  findRows(model, scratch + PassScratch.numbers, count, rows);
  for (let k: usize = 0; k < <usize>numPredictors; k++) {
    const offset = k * (<usize>columns << 3);
    exactSparseDots(model, rows, count, passArray(scratch, width, PassArray.position) + offset, eta + k * apart);
    if (!isResidual) continue;
    exactSparseDots(model, rows, count, passArray(scratch, width, PassArray.center) + offset, center + k * apart);
  }
  if (hasClasses) differentiateClasses(pass, model, scratch, count);
  else differentiate(pass, model, scratch, count);
  for (let k: usize = 0; k < <usize>numPredictors; k++) {
    const sums = passArray(scratch, width, PassArray.gradient) + k * (<usize>columns << 3);
    addExactSparse(model, rows, count, eta + k * apart, sums);
  }
  if (!wantsGram(pass)) return;
  addPairs(pass, model, scratch, rows, count);
  if (slotU32(pass, Pass.isDiagonal)) return;
  const auxiliary = slotU32(model, Model.auxiliary);
  if (auxiliary) addExactSparse(model, rows, count, center, passArray(scratch, width, PassArray.cross));
  if (auxiliary < 2) return;
  addExactSparse(model, rows, count, scratch + PassScratch.second, passArray(scratch, width, PassArray.secondCross));
}

export function findRows(model: usize, numbers: usize, count: u32, out: usize): void {
  for (const end = numbers + (<usize>count << 2); numbers < end; numbers += 4, out += 4) {
    store<u32>(out, <u32>rowAt(model, load<u32>(numbers)));
  }
}

/** out[n] = x̃_n · vector, whose place D holds −m'·vector. */
export function exactSparseDots(model: usize, rows: usize, count: u32, vector: usize, out: usize): void {
  const start = load<f64>(vector + (<usize>slotU32(model, Model.numColumns) << 3));
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, out += 8) {
    let row = <usize>load<u32>(rows);
    let sum = start;
    for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
      const entry = vector + (<usize>load<u32>(row, SparseRow.column) << 3);
      sum += load<f64>(entry) * <f64>load<f32>(row, SparseRow.value);
    }
    store<f64>(out, sum);
  }
}

/** sums += Σ coefficients[n] x'_n, place D of the sums += Σ coefficients[n]; all f64. */
export function addExactSparse(model: usize, rows: usize, count: u32, coefficients: usize, sums: usize): void {
  let total: f64 = 0;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, coefficients += 8) {
    const coefficient = load<f64>(coefficients);
    total += coefficient;
    let row = <usize>load<u32>(rows);
    for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
      const sum = sums + (<usize>load<u32>(row, SparseRow.column) << 3);
      store<f64>(sum, load<f64>(sum) + coefficient * <f64>load<f32>(row, SparseRow.value));
    }
  }
  const place = sums + (<usize>slotU32(model, Model.numColumns) << 3);
  store<f64>(place, load<f64>(place) + total);
}

function addPairs(pass: usize, model: usize, scratch: usize, rows: usize, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const isDiagonal = slotU32(pass, Pass.isDiagonal) !== 0;
  const hasClasses = slotU32(model, Model.family) === Family.categorical;
  const bytes = <usize>sparsePairLength(columns, isDiagonal) << 3;
  let sums = passRowsCopy(scratch, columns, numPredictors);
  for (let k: u32 = 0; k < numPredictors; k++) {
    for (let l: u32 = 0; l <= k; l++, sums += bytes) {
      if (isDiagonal ? k !== l : k === l && hasClasses && sumsToZero(pass, model)) continue;
      if (hasClasses) weighPair(pass, model, scratch, k, l, count);
      if (isDiagonal) addSparseSquares(model, rows, count, scratch + PassScratch.weight, sums);
      else addSparseGram(model, rows, count, scratch + PassScratch.weight, sums);
    }
  }
}

/** u, s and the lower triangle of Σ a x' x'ᵀ; a row's entries stand in the order of their columns. */
export function addSparseGram(model: usize, rows: usize, count: u32, weights: usize, sums: usize): void {
  const rowBytes = <usize>slotU32(model, Model.paddedColumns) << 3;
  const gram = sums + rowBytes;
  let total: f64 = 0;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, weights += 4) {
    const weight = <f64>load<f32>(weights);
    total += weight;
    const row = <usize>load<u32>(rows);
    const last = row + (<usize>load<u32>(row) << 3);
    for (let at = row; at < last; at += 8) {
      const column = <usize>load<u32>(at, SparseRow.column);
      const value = weight * <f64>load<f32>(at, SparseRow.value);
      const sum = sums + (column << 3);
      store<f64>(sum, load<f64>(sum) + value);
      const line = gram + column * rowBytes;
      for (let other = row; other <= at; other += 8) {
        const entry = line + (<usize>load<u32>(other, SparseRow.column) << 3);
        store<f64>(entry, load<f64>(entry) + value * <f64>load<f32>(other, SparseRow.value));
      }
    }
  }
  const place = sums + (<usize>slotU32(model, Model.numColumns) << 3);
  store<f64>(place, load<f64>(place) + total);
}

/** u, s and the diagonal of Σ a x' x'ᵀ. */
export function addSparseSquares(model: usize, rows: usize, count: u32, weights: usize, sums: usize): void {
  const rowBytes = <usize>slotU32(model, Model.paddedColumns) << 3;
  let total: f64 = 0;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, weights += 4) {
    const weight = <f64>load<f32>(weights);
    total += weight;
    let row = <usize>load<u32>(rows);
    for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
      const x = <f64>load<f32>(row, SparseRow.value);
      const sum = sums + (<usize>load<u32>(row, SparseRow.column) << 3);
      store<f64>(sum, load<f64>(sum) + weight * x);
      store<f64>(sum + rowBytes, load<f64>(sum + rowBytes) + weight * x * x);
    }
  }
  const place = sums + (<usize>slotU32(model, Model.numColumns) << 3);
  store<f64>(place, load<f64>(place) + total);
}

/** out_j = sums_j − m'_j s, s in place D of the sums. */
export function centreSums(model: usize, sums: usize, out: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  const shift = <usize>slotU32(model, Model.shift);
  const total = load<f64>(sums + bytes);
  for (let at: usize = 0; at < bytes; at += 8) {
    store<f64>(out + at, load<f64>(sums + at) - load<f64>(shift + at) * total);
  }
}

/** Writes the sums, centred, to the output. */
export function copyOutSparse(pass: usize, model: usize, scratch: usize, output: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const dimension = dimensionOf(model);
  const width = widthOf(model);
  for (let k: usize = 0; k < <usize>numPredictors; k++) {
    const sums = passArray(scratch, width, PassArray.gradient) + k * (<usize>columns << 3);
    centreSums(model, sums, output + PassOutput.gradient + k * (<usize>numColumns << 3));
  }
  if (!wantsGram(pass)) return;
  const out = outputGram(output, dimension);
  const isDiagonal = slotU32(pass, Pass.isDiagonal) !== 0;
  const bytes = <usize>sparsePairLength(columns, isDiagonal) << 3;
  let sums = passRowsCopy(scratch, columns, numPredictors);
  const hasClasses = slotU32(model, Model.family) === Family.categorical;
  if (hasClasses && !isDiagonal && sumsToZero(pass, model)) completeDiagonal(sums, bytes, numPredictors);
  for (let k: u32 = 0; k < numPredictors; k++) {
    for (let l: u32 = 0; l <= k; l++, sums += bytes) {
      if (!isDiagonal) copyOutBlock(model, sums, out, k, l);
      else if (k === l) copyOutDiagonal(model, sums, out + (<usize>(k * numColumns) << 3));
    }
  }
  if (isDiagonal) return;
  // The auxiliary parameters' own entries of the gradient and the Gram matrix are in the output already.
  for (let k: u32 = 0; k < slotU32(model, Model.auxiliary); k++) {
    const line = numColumns + k;
    const cross = out + (<usize>(line * dimension) << 3);
    centreSums(model, passArray(scratch, width, PassArray.cross + k), cross);
    for (let j: u32 = 0; j < numColumns; j++) {
      store<f64>(out + (<usize>(j * dimension + line) << 3), load<f64>(cross + (<usize>j << 3)));
    }
  }
}

export function copyOutDiagonal(model: usize, sums: usize, out: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  const shift = <usize>slotU32(model, Model.shift);
  const squares = sums + (<usize>slotU32(model, Model.paddedColumns) << 3);
  const total = load<f64>(sums + bytes);
  for (let at: usize = 0; at < bytes; at += 8) {
    const m = load<f64>(shift + at);
    store<f64>(out + at, load<f64>(squares + at) - 2.0 * m * load<f64>(sums + at) + total * m * m);
  }
}

/** Blocks (k, l) and (l, k), equal and symmetric. */
export function copyOutBlock(model: usize, sums: usize, out: usize, k: u32, l: u32): void {
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  const shift = <usize>slotU32(model, Model.shift);
  const rowBytes = <usize>slotU32(model, Model.paddedColumns) << 3;
  const total = load<f64>(sums + (<usize>numColumns << 3));
  const lower = out + (<usize>(k * numColumns * dimension + l * numColumns) << 3);
  const upper = out + (<usize>(l * numColumns * dimension + k * numColumns) << 3);
  let line = sums + rowBytes;
  for (let i: u32 = 0; i < numColumns; i++, line += rowBytes) {
    const m = load<f64>(shift + (<usize>i << 3));
    const u = load<f64>(sums + (<usize>i << 3));
    for (let j: u32 = 0; j <= i; j++) {
      const at = <usize>j << 3;
      const other = load<f64>(shift + at);
      const value = load<f64>(line + at) - u * other - m * (load<f64>(sums + at) - total * other);
      const one = <usize>(i * dimension + j) << 3;
      const two = <usize>(j * dimension + i) << 3;
      store<f64>(lower + one, value);
      store<f64>(lower + two, value);
      if (k === l) continue;
      store<f64>(upper + one, value);
      store<f64>(upper + two, value);
    }
  }
}
