// Products of a chunk of rows with the vectors of several numPredictors at once, in f32: each row that is loaded serves two
// numPredictors, and each vector four rows. The vectors stand `columns` floats apart, the numPredictors' arrays of one float a row
// chunkRows apart.
import { chunkRows } from "../layout/scratch";
import { addRows, dotRow, dotRows, sumLanes } from "./rows";

const apart: usize = <usize>chunkRows << 2;

/** out_k[n] = row_n · vector_k; padded as in dotRows. */
export function dotClasses(rows: usize, count: u32, vectors: usize, columns: u32, numPredictors: u32, out: usize): void {
  const bytes = <usize>columns << 2;
  const whole = count & ~3;
  let k: u32 = 0;
  for (; k + 1 < numPredictors; k += 2, vectors += 2 * bytes, out += 2 * apart) {
    dotRowsTwo(rows, whole, vectors, columns, out);
    for (let n = <usize>whole << 2; n < <usize>count << 2; n += 4) {
      const row = <usize>load<u32>(rows + n);
      dotRow(row, vectors, columns, out + n);
      dotRow(row, vectors + bytes, columns, out + apart + n);
    }
  }
  if (k < numPredictors) dotRows(rows, count, vectors, columns, out);
}

/** The dots of whole groups of four rows with two vectors. */
export function dotRowsTwo(rows: usize, count: u32, vectors: usize, columns: u32, out: usize): void {
  const bytes = <usize>columns << 2;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 16, out += 16) {
    let r0 = <usize>load<u32>(rows, 0);
    let r1 = <usize>load<u32>(rows, 4);
    let r2 = <usize>load<u32>(rows, 8);
    let r3 = <usize>load<u32>(rows, 12);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let v = vectors, w = vectors + bytes, last = v + bytes; v < last; v += 16, w += 16) {
      const first = v128.load(v);
      const second = v128.load(w);
      let x = v128.load(r0);
      a0 = f32x4.add(a0, f32x4.mul(first, x));
      b0 = f32x4.add(b0, f32x4.mul(second, x));
      x = v128.load(r1);
      a1 = f32x4.add(a1, f32x4.mul(first, x));
      b1 = f32x4.add(b1, f32x4.mul(second, x));
      x = v128.load(r2);
      a2 = f32x4.add(a2, f32x4.mul(first, x));
      b2 = f32x4.add(b2, f32x4.mul(second, x));
      x = v128.load(r3);
      a3 = f32x4.add(a3, f32x4.mul(first, x));
      b3 = f32x4.add(b3, f32x4.mul(second, x));
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
    }
    v128.store(out, sumLanes(a0, a1, a2, a3));
    v128.store(out + apart, sumLanes(b0, b1, b2, b3));
  }
}

/** sums_k += Σ coefficients_k[n] row_n. */
export function addClasses(
  rows: usize, count: u32, coefficients: usize, columns: u32, numPredictors: u32, sums: usize,
): void {
  const bytes = <usize>columns << 2;
  const whole = count & ~3;
  const rest = <usize>whole << 2;
  let k: u32 = 0;
  for (; k + 1 < numPredictors; k += 2, coefficients += 2 * apart, sums += 2 * bytes) {
    addRowsTwo(rows, whole, coefficients, columns, sums);
    if (whole === count) continue;
    addRows(rows + rest, count & 3, coefficients + rest, columns, sums);
    addRows(rows + rest, count & 3, coefficients + apart + rest, columns, sums + bytes);
  }
  if (k < numPredictors) addRows(rows, count, coefficients, columns, sums);
}

/** The weighted sums of whole groups of four rows into two vectors. */
export function addRowsTwo(rows: usize, count: u32, coefficients: usize, columns: u32, sums: usize): void {
  const bytes = <usize>columns << 2;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 16, coefficients += 16) {
    let r0 = <usize>load<u32>(rows, 0);
    let r1 = <usize>load<u32>(rows, 4);
    let r2 = <usize>load<u32>(rows, 8);
    let r3 = <usize>load<u32>(rows, 12);
    const c0 = v128.load32_splat(coefficients, 0);
    const c1 = v128.load32_splat(coefficients, 4);
    const c2 = v128.load32_splat(coefficients, 8);
    const c3 = v128.load32_splat(coefficients, 12);
    const d0 = v128.load32_splat(coefficients + apart, 0);
    const d1 = v128.load32_splat(coefficients + apart, 4);
    const d2 = v128.load32_splat(coefficients + apart, 8);
    const d3 = v128.load32_splat(coefficients + apart, 12);
    for (let s = sums, t = sums + bytes, last = s + bytes; s < last; s += 16, t += 16) {
      let x = v128.load(r0);
      let first = f32x4.add(v128.load(s), f32x4.mul(c0, x));
      let second = f32x4.add(v128.load(t), f32x4.mul(d0, x));
      x = v128.load(r1);
      first = f32x4.add(first, f32x4.mul(c1, x));
      second = f32x4.add(second, f32x4.mul(d1, x));
      x = v128.load(r2);
      first = f32x4.add(first, f32x4.mul(c2, x));
      second = f32x4.add(second, f32x4.mul(d2, x));
      x = v128.load(r3);
      first = f32x4.add(first, f32x4.mul(c3, x));
      second = f32x4.add(second, f32x4.mul(d3, x));
      v128.store(s, first);
      v128.store(t, second);
      r0 += 16;
      r1 += 16;
      r2 += 16;
      r3 += 16;
    }
  }
}
