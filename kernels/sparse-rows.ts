// Products with sparse rows. A column of a sparse design is x̃ = x' − m': x' is stored where it is not 0, and m' in the vector
// Model.shift (kernels/layout.ts), so that centring fills nothing in. A column without entries and m' = −1 is the constant 1.
// Vectors that rows are multiplied with hold −m'·v in place D (`closeSingle`, `closeDouble`), where padded sums of
// coefficient × row gather Σ coefficient: paddedColumns is above D.
import { Model, SparseRow } from "./layout";
import { chunkRows } from "./chain-scratch";
import { slotU32 } from "./record";

/** Writes −m'·v to place D of each output's f32 vector v. */
export function closeSingle(model: usize, vectors: usize): void {
  const bytes = <usize>slotU32(model, Model.numColumns) << 2;
  const shift = <usize>slotU32(model, Model.shift);
  for (let k = slotU32(model, Model.outputs); k; k--, vectors += <usize>slotU32(model, Model.paddedColumns) << 2) {
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
  for (let k = slotU32(model, Model.outputs); k; k--, vectors += <usize>slotU32(model, Model.paddedColumns) << 3) {
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
  for (let k = slotU32(model, Model.outputs); k; k--, out += <usize>chunkRows << 2) {
    dotSparse(model, rows, count, vectors, out);
    vectors += <usize>slotU32(model, Model.paddedColumns) << 2;
  }
}

/** sums += Σ coefficients[n] x'_n, and place D of the sums += Σ coefficients[n]. */
export function addSparse(model: usize, rows: usize, count: u32, coefficients: usize, sums: usize): void {
  let total: f64 = 0;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, coefficients += 4) {
    const coefficient = load<f32>(coefficients);
    total += <f64>coefficient;
    let row = <usize>load<u32>(rows);
    for (const last = row + (<usize>load<u32>(row) << 3); row < last; row += 8) {
      const sum = sums + (<usize>load<u32>(row, SparseRow.column) << 2);
      store<f32>(sum, load<f32>(sum) + coefficient * load<f32>(row, SparseRow.value));
    }
  }
  const place = sums + (<usize>slotU32(model, Model.numColumns) << 2);
  store<f32>(place, load<f32>(place) + <f32>total);
}

/** As addClasses. */
export function addSparseClasses(model: usize, rows: usize, count: u32, coefficients: usize, sums: usize): void {
  for (let k = slotU32(model, Model.outputs); k; k--, coefficients += <usize>chunkRows << 2) {
    addSparse(model, rows, count, coefficients, sums);
    sums += <usize>slotU32(model, Model.paddedColumns) << 2;
  }
}

/** Moves the padded f32 sums over to the M f64 sums, which they start or continue, as Σ coefficient x̃; clears them. */
export function flushSparse(model: usize, from: usize, to: usize, isFirst: bool): void {
  const numColumns = slotU32(model, Model.numColumns);
  const columns = slotU32(model, Model.paddedColumns);
  for (let k = slotU32(model, Model.outputs); k; k--, from += <usize>columns << 2) {
    let shift = <usize>slotU32(model, Model.shift);
    const total = <f64>load<f32>(from + (<usize>numColumns << 2));
    const totals = f64x2.splat(total);
    let j: u32 = 0;
    let sums = from;
    for (; j + 4 <= numColumns; j += 4, sums += 16, shift += 32, to += 32) {
      const four = v128.load(sums);
      let low = f64x2.sub(f64x2.promote_low_f32x4(four), f64x2.mul(v128.load(shift, 0), totals));
      let high = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
      high = f64x2.sub(high, f64x2.mul(v128.load(shift, 16), totals));
      if (!isFirst) {
        low = f64x2.add(low, v128.load(to, 0));
        high = f64x2.add(high, v128.load(to, 16));
      }
      v128.store(to, low, 0);
      v128.store(to, high, 16);
    }
    for (; j < numColumns; j++, sums += 4, shift += 8, to += 8) {
      const value = <f64>load<f32>(sums) - load<f64>(shift) * total;
      store<f64>(to, isFirst ? value : load<f64>(to) + value);
    }
    memory.fill(from, 0, <usize>columns << 2);
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
export function touchSparse(rows: usize, count: u32): u32 {
  let sum: u32 = 0;
  const end = rows + (<usize>count << 2);
  for (let at = rows; at < end; at += 16) {
    sum ^= load<u32>(<usize>load<u32>(at, 0)) ^ load<u32>(<usize>load<u32>(at, 4));
    sum ^= load<u32>(<usize>load<u32>(at, 8)) ^ load<u32>(<usize>load<u32>(at, 12));
  }
  for (; rows < end; rows += 4) {
    const row = <usize>load<u32>(rows);
    const last = row + SparseRow.head + (<usize>load<u32>(row) << 3) - 4;
    for (let at = row + 64; at < last; at += 64) sum ^= load<u32>(at);
    sum ^= load<u32>(last);
  }
  return sum;
}
