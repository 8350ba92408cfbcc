// Products with sparse rows. A column of a sparse design is x̃ = x' − m': x' is stored where it is not 0, and m' in the vector
// Model.shift (kernels/layout.ts), so that centring fills nothing in. A column without entries and m' = −1 is the constant 1.
// Vectors that rows are multiplied with hold −m'·v in place D (`closeSingle`, `closeDouble`): paddedColumns is above D.
import { Model, SparseRow } from "../layout/model";
import { chunkRows } from "../layout/scratch";
import { slotU32 } from "../memory/record";

/** Writes −m'·v to place D of each output's f32 vector v. */
export function closeSingle(model: usize, vectors: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 2;
  const shift = <usize>slotU32(model, Model.shift);
  for (let k = slotU32(model, Model.numPredictors); k; k--, vectors += <usize>slotU32(model, Model.paddedColumns) << 2) {
    let even: f64 = 0;
    let odd: f64 = 0;
    let at: usize = 0;
    for (; at + 4 < bytes; at += 8) {
      even += load<f64>(shift + (at << 1)) * <f64>load<f32>(vectors + at);
      odd += load<f64>(shift + (at << 1), 8) * <f64>load<f32>(vectors + at, 4);
    }
    if (at < bytes) even += load<f64>(shift + (at << 1)) * <f64>load<f32>(vectors + at);
    store<f32>(vectors + bytes, <f32>-(even + odd));
  }
}

/** The same of f64 vectors. */
export function closeDouble(model: usize, vectors: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  const shift = <usize>slotU32(model, Model.shift);
  for (let k = slotU32(model, Model.numPredictors); k; k--, vectors += <usize>slotU32(model, Model.paddedColumns) << 3) {
    let sum: f64 = 0;
    for (let at: usize = 0; at < bytes; at += 8) sum += load<f64>(shift + at) * load<f64>(vectors + at);
    store<f64>(vectors + bytes, -sum);
  }
}

// @ts-ignore: decorator
@inline
function dotSingle(row: usize, vector: usize, start: f32): f32 {
  let sum: f32 = start;
  let other: f32 = 0;
  const end = row + (<usize>load<u32>(row) << 3);
  for (; row + 8 < end; row += 16) {
    sum += load<f32>(vector + (<usize>load<u32>(row, SparseRow.column) << 2)) * load<f32>(row, SparseRow.value);
    other += load<f32>(vector + (<usize>load<u32>(row, SparseRow.column + 8) << 2)) * load<f32>(row, SparseRow.value + 8);
  }
  if (row < end) sum += load<f32>(vector + (<usize>load<u32>(row, SparseRow.column) << 2)) * load<f32>(row, SparseRow.value);
  return sum + other;
}

/** As dotRows: out[n] = x̃_n · vector, padded to a multiple of four. */
export function dotSparse(model: usize, rows: usize, count: u32, vector: usize, out: usize): void {
  const start = load<f32>(vector + (<usize>slotU32(model, Model.numColumns) << 2));
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, out += 4) {
    store<f32>(out, dotSingle(<usize>load<u32>(rows), vector, start));
  }
  for (; out & 15; out += 4) store<f32>(out, start);
}

/** As dotClasses. */
export function dotSparseClasses(model: usize, rows: usize, count: u32, vectors: usize, out: usize): void {
  for (let k = slotU32(model, Model.numPredictors); k; k--, out += <usize>chunkRows << 2) {
    dotSparse(model, rows, count, vectors, out);
    vectors += <usize>slotU32(model, Model.paddedColumns) << 2;
  }
}

/** Clears the f64 sums of a batch and, for each output, the f64 at `totals`. */
export function clearSparse(model: usize, sums: usize, totals: usize): void {
  const numPredictors = <usize>slotU32(model, Model.numPredictors);
  memory.fill(sums, 0, (<usize>slotU32(model, Model.numColumns) * numPredictors) << 3);
  memory.fill(totals, 0, numPredictors << 3);
}

/**
 * For each output: sums += Σ coefficients[n] x'_n and total += Σ coefficients[n], in f64, so that the sums of a batch need not
 * be moved on after so many rows: that would cost D each time.
 */
export function addSparse(model: usize, rows: usize, count: u32, coefficients: usize, sums: usize, totals: usize): void {
  const numPredictors = slotU32(model, Model.numPredictors);
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  for (let k: u32 = 0; k < numPredictors; k++, totals += 8, sums += bytes) {
    let total: f64 = 0;
    for (let n: usize = 0; n < <usize>count << 2; n += 4) {
      const coefficient = <f64>load<f32>(coefficients + n);
      total += coefficient;
      let row = <usize>load<u32>(rows + n);
      for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
        const sum = sums + (<usize>load<u32>(row, SparseRow.column) << 3);
        store<f64>(sum, load<f64>(sum) + coefficient * <f64>load<f32>(row, SparseRow.value));
      }
    }
    store<f64>(totals, load<f64>(totals) + total);
    coefficients += <usize>chunkRows << 2;
  }
}

/** Makes Σ coefficient x̃ of those sums: sums_j −= m'_j total. */
export function centreBatch(model: usize, sums: usize, totals: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  for (let k = slotU32(model, Model.numPredictors); k; k--, totals += 8) {
    let shift = <usize>slotU32(model, Model.shift);
    const total = load<f64>(totals);
    const whole = sums + (bytes & ~15);
    const end = sums + bytes;
    for (; sums < whole; sums += 16, shift += 16) {
      const shifted = f64x2.mul(v128.load(shift), f64x2.splat(total));
      v128.store(sums, f64x2.sub(v128.load(sums), shifted));
    }
    for (; sums < end; sums += 8, shift += 8) store<f64>(sums, load<f64>(sums) - load<f64>(shift) * total);
  }
}

/** out = factor x̃, D f64. */
export function spreadSparse(model: usize, row: usize, factor: f64, out: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  const shift = <usize>slotU32(model, Model.shift);
  for (let at: usize = 0; at < bytes; at += 8) store<f64>(out + at, -factor * load<f64>(shift + at));
  for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
    const entry = out + (<usize>load<u32>(row, SparseRow.column) << 3);
    store<f64>(entry, load<f64>(entry) + factor * <f64>load<f32>(row, SparseRow.value));
  }
}

/** Turns addresses of entries of the table of rows into what stands there. */
export function findStarts(rows: usize, count: u32): void {
  for (const end = rows + (<usize>count << 2); rows < end; rows += 16) {
    const a = load<u32>(<usize>load<u32>(rows, 0));
    const b = load<u32>(<usize>load<u32>(rows, 4));
    const c = load<u32>(<usize>load<u32>(rows, 8));
    const d = load<u32>(<usize>load<u32>(rows, 12));
    store<u32>(rows, a, 0);
    store<u32>(rows, b, 4);
    store<u32>(rows, c, 8);
    store<u32>(rows, d, 12);
  }
}

/** As touch (queue.ts): first the heads of all rows, which tell their lengths, then the lines that follow. */
export function touchSparse(rows: usize, count: u32): void {
  const end = rows + (<usize>count << 2);
  for (let at = rows; at < end; at += 16) {
    load<u32>(<usize>load<u32>(at, 0));
    load<u32>(<usize>load<u32>(at, 4));
    load<u32>(<usize>load<u32>(at, 8));
    load<u32>(<usize>load<u32>(at, 12));
  }
  for (; rows < end; rows += 4) {
    const row = <usize>load<u32>(rows);
    const last = row + SparseRow.head + (<usize>load<u32>(row) << 3) - 4;
    for (let at = row + 64; at < last; at += 64) load<u32>(at);
    load<u32>(last);
  }
}
