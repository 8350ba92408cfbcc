// Products of packed matrices: four rows by four columns are held in registers while k goes by.

/** Four rows of `depth` numbers: those of a column side by side, times `sign`. */
export function packFourRows(rows: usize, rowBytes: usize, depth: u32, sign: f64, out: usize): void {
  const second = rows + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  const signs = f64x2.splat(sign);
  const end = <usize>depth << 3;
  let at: usize = 0;
  for (; at + 16 <= end; at += 16, out += 64) {
    const a = f64x2.mul(signs, v128.load(rows + at));
    const b = f64x2.mul(signs, v128.load(second + at));
    const c = f64x2.mul(signs, v128.load(third + at));
    const d = f64x2.mul(signs, v128.load(fourth + at));
    v128.store(out, v128.shuffle<f64>(a, b, 0, 2), 0);
    v128.store(out, v128.shuffle<f64>(c, d, 0, 2), 16);
    v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
    v128.store(out, v128.shuffle<f64>(c, d, 1, 3), 48);
  }
  if (at === end) return;
  store<f64>(out, sign * load<f64>(rows + at), 0);
  store<f64>(out, sign * load<f64>(second + at), 8);
  store<f64>(out, sign * load<f64>(third + at), 16);
  store<f64>(out, sign * load<f64>(fourth + at), 24);
}

/** Four columns of `depth` rows: those of a row side by side, times `sign`. */
export function packFourColumns(columns: usize, rowBytes: usize, depth: u32, sign: f64, out: usize): void {
  const signs = f64x2.splat(sign);
  for (const end = out + (<usize>depth << 5); out < end; out += 32, columns += rowBytes) {
    v128.store(out, f64x2.mul(signs, v128.load(columns, 0)), 0);
    v128.store(out, f64x2.mul(signs, v128.load(columns, 16)), 16);
  }
}

/** `count` rows (or where they are transposed, columns) of `depth` numbers, four of them after four. */
export function pack(from: usize, rowBytes: usize, byColumns: bool, count: u32, depth: u32, sign: f64, out: usize): void {
  const step: usize = byColumns ? 32 : rowBytes << 2;
  for (let n: u32 = 0; n < count; n += 4, from += step, out += <usize>depth << 5) {
    if (byColumns) packFourColumns(from, rowBytes, depth, sign, out);
    else packFourRows(from, rowBytes, depth, sign, out);
  }
}

/** out += left right for four rows and four columns, packed; each sum goes on in the order of k. */
export function addFourByFour(left: usize, right: usize, depth: u32, out: usize, rowBytes: usize): void {
  const second = out + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  let a0 = v128.load(out, 0);
  let a1 = v128.load(out, 16);
  let b0 = v128.load(second, 0);
  let b1 = v128.load(second, 16);
  let c0 = v128.load(third, 0);
  let c1 = v128.load(third, 16);
  let d0 = v128.load(fourth, 0);
  let d1 = v128.load(fourth, 16);
  for (const end = left + (<usize>depth << 5); left < end; left += 32, right += 32) {
    const low = v128.load(right, 0);
    const high = v128.load(right, 16);
    let factor = v128.load64_splat(left, 0);
    a0 = f64x2.add(a0, f64x2.mul(factor, low));
    a1 = f64x2.add(a1, f64x2.mul(factor, high));
    factor = v128.load64_splat(left, 8);
    b0 = f64x2.add(b0, f64x2.mul(factor, low));
    b1 = f64x2.add(b1, f64x2.mul(factor, high));
    factor = v128.load64_splat(left, 16);
    c0 = f64x2.add(c0, f64x2.mul(factor, low));
    c1 = f64x2.add(c1, f64x2.mul(factor, high));
    factor = v128.load64_splat(left, 24);
    d0 = f64x2.add(d0, f64x2.mul(factor, low));
    d1 = f64x2.add(d1, f64x2.mul(factor, high));
  }
  v128.store(out, a0, 0);
  v128.store(out, a1, 16);
  v128.store(second, b0, 0);
  v128.store(second, b1, 16);
  v128.store(third, c0, 0);
  v128.store(third, c1, 16);
  v128.store(fourth, d0, 0);
  v128.store(fourth, d1, 16);
}
