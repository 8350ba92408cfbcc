// Products with rows of f32 in f64.

/** out[n] = row_n · vector for `count` rows that stand `rowBytes` apart; `columns` is a multiple of 8. */
export function exactDots(rows: usize, rowBytes: usize, count: u32, vector: usize, columns: u32, out: usize): void {
  for (const end = out + (<usize>count << 3); out < end; out += 8, rows += rowBytes) {
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let row = rows, last = rows + (<usize>columns << 2), v = vector; row < last; row += 32, v += 64) {
      const low = v128.load(row, 0);
      const high = v128.load(row, 16);
      a = f64x2.add(a, f64x2.mul(f64x2.promote_low_f32x4(low), v128.load(v, 0)));
      b = f64x2.add(b, f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<i64>(low, low, 1, 1)), v128.load(v, 16)));
      c = f64x2.add(c, f64x2.mul(f64x2.promote_low_f32x4(high), v128.load(v, 32)));
      d = f64x2.add(d, f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<i64>(high, high, 1, 1)), v128.load(v, 48)));
    }
    const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
    store<f64>(out, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

/**
 * sums += Σ coefficients[n] row_n, in f64, four rows at a time. The coefficients (f64) are padded with zeros to a
 * multiple of four, and rows beyond `count` are not read.
 */
export function addExactRows(
  rows: usize, rowBytes: usize, count: u32, coefficients: usize, columns: u32, sums: usize,
): void {
  for (let n: u32 = 0; n < count; n += 4, coefficients += 32, rows += 4 * rowBytes) {
    let r0 = rows;
    let r1 = n + 1 < count ? rows + rowBytes : rows;
    let r2 = n + 2 < count ? rows + 2 * rowBytes : rows;
    let r3 = n + 3 < count ? rows + 3 * rowBytes : rows;
    const c0 = v128.load64_splat(coefficients, 0);
    const c1 = v128.load64_splat(coefficients, 8);
    const c2 = v128.load64_splat(coefficients, 16);
    const c3 = v128.load64_splat(coefficients, 24);
    for (let s = sums, last = sums + (<usize>columns << 3); s < last; s += 32, r0 += 16, r1 += 16, r2 += 16, r3 += 16) {
      let low = v128.load(s, 0);
      let high = v128.load(s, 16);
      let four = v128.load(r0);
      low = f64x2.add(low, f64x2.mul(c0, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, f64x2.mul(c0, f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1))));
      four = v128.load(r1);
      low = f64x2.add(low, f64x2.mul(c1, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, f64x2.mul(c1, f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1))));
      four = v128.load(r2);
      low = f64x2.add(low, f64x2.mul(c2, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, f64x2.mul(c2, f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1))));
      four = v128.load(r3);
      low = f64x2.add(low, f64x2.mul(c3, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, f64x2.mul(c3, f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1))));
      v128.store(s, low, 0);
      v128.store(s, high, 16);
    }
  }
}

/** sums_j += Σ weights[n] x_nj², in f64; the weights are f32. */
export function addExactSquares(
  rows: usize, rowBytes: usize, count: u32, weights: usize, columns: u32, sums: usize,
): void {
  const last = sums + (<usize>columns << 3);
  for (const end = weights + (<usize>count << 2); weights < end; weights += 4, rows += rowBytes) {
    const weight = f64x2.splat(<f64>load<f32>(weights));
    for (let s = sums, row = rows; s < last; s += 32, row += 16) {
      const four = v128.load(row);
      const low = f64x2.promote_low_f32x4(four);
      const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
      v128.store(s, f64x2.add(v128.load(s, 0), f64x2.mul(weight, f64x2.mul(low, low))), 0);
      v128.store(s, f64x2.add(v128.load(s, 16), f64x2.mul(weight, f64x2.mul(high, high))), 16);
    }
  }
}
