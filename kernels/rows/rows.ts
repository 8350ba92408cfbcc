// Products with a chunk of rows in f32, the rows given by a list of their addresses: dots before the link function,
// weighted sums after it, four rows at a time. `columns` is a multiple of 8.

/** (a₀ + a₁ + a₂ + a₃, b₀ + …, c₀ + …, d₀ + …) */
// @ts-ignore: decorator
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** out[n] = row_n · vector. A last group of fewer than four rows fills up `out` to four with any numbers. */
export function dotRows(rows: usize, count: u32, vector: usize, columns: u32, out: usize): void {
  const end = rows + (<usize>(count & ~3) << 2);
  for (; rows < end; rows += 16, out += 16) {
    let r0 = <usize>load<u32>(rows, 0);
    let r1 = <usize>load<u32>(rows, 4);
    let r2 = <usize>load<u32>(rows, 8);
    let r3 = <usize>load<u32>(rows, 12);
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    for (let v = vector, last = vector + (<usize>columns << 2); v < last; v += 32) {
      const low = v128.load(v, 0);
      a0 = f32x4.add(a0, f32x4.mul(low, v128.load(r0, 0)));
      a1 = f32x4.add(a1, f32x4.mul(low, v128.load(r1, 0)));
      a2 = f32x4.add(a2, f32x4.mul(low, v128.load(r2, 0)));
      a3 = f32x4.add(a3, f32x4.mul(low, v128.load(r3, 0)));
      const high = v128.load(v, 16);
      a0 = f32x4.add(a0, f32x4.mul(high, v128.load(r0, 16)));
      a1 = f32x4.add(a1, f32x4.mul(high, v128.load(r1, 16)));
      a2 = f32x4.add(a2, f32x4.mul(high, v128.load(r2, 16)));
      a3 = f32x4.add(a3, f32x4.mul(high, v128.load(r3, 16)));
      r0 += 32;
      r1 += 32;
      r2 += 32;
      r3 += 32;
    }
    v128.store(out, sumLanes(a0, a1, a2, a3));
  }
  for (let n = count & 3; n; n--, rows += 4, out += 4) dotRow(load<u32>(rows), vector, columns, out);
}

export function dotRow(row: usize, vector: usize, columns: u32, out: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  for (const last = vector + (<usize>columns << 2); vector < last; vector += 32, row += 32) {
    a = f32x4.add(a, f32x4.mul(v128.load(vector, 0), v128.load(row, 0)));
    b = f32x4.add(b, f32x4.mul(v128.load(vector, 16), v128.load(row, 16)));
  }
  a = f32x4.add(a, b);
  store<f32>(out, f32x4.extract_lane(sumLanes(a, a, a, a), 0));
}

/** sums += Σ coefficients[n] row_n. */
export function addRows(rows: usize, count: u32, coefficients: usize, columns: u32, sums: usize): void {
  const end = rows + (<usize>count << 2);
  for (; rows + 16 <= end; rows += 16, coefficients += 16) {
    let r0 = <usize>load<u32>(rows, 0);
    let r1 = <usize>load<u32>(rows, 4);
    let r2 = <usize>load<u32>(rows, 8);
    let r3 = <usize>load<u32>(rows, 12);
    const c0 = v128.load32_splat(coefficients, 0);
    const c1 = v128.load32_splat(coefficients, 4);
    const c2 = v128.load32_splat(coefficients, 8);
    const c3 = v128.load32_splat(coefficients, 12);
    for (let s = sums, last = sums + (<usize>columns << 2); s < last; s += 32) {
      let low = f32x4.add(v128.load(s, 0), f32x4.mul(c0, v128.load(r0, 0)));
      let high = f32x4.add(v128.load(s, 16), f32x4.mul(c0, v128.load(r0, 16)));
      low = f32x4.add(low, f32x4.mul(c1, v128.load(r1, 0)));
      high = f32x4.add(high, f32x4.mul(c1, v128.load(r1, 16)));
      low = f32x4.add(low, f32x4.mul(c2, v128.load(r2, 0)));
      high = f32x4.add(high, f32x4.mul(c2, v128.load(r2, 16)));
      low = f32x4.add(low, f32x4.mul(c3, v128.load(r3, 0)));
      high = f32x4.add(high, f32x4.mul(c3, v128.load(r3, 16)));
      v128.store(s, low, 0);
      v128.store(s, high, 16);
      r0 += 32;
      r1 += 32;
      r2 += 32;
      r3 += 32;
    }
  }
  for (; rows < end; rows += 4, coefficients += 4) {
    let r = <usize>load<u32>(rows);
    const c = v128.load32_splat(coefficients);
    for (let s = sums, last = sums + (<usize>columns << 2); s < last; s += 16, r += 16) {
      v128.store(s, f32x4.add(v128.load(s), f32x4.mul(c, v128.load(r))));
    }
  }
}

/** out[n] = the f32 that stands `offset` bytes into row n; padded with the first row's to a multiple of four. */
export function gather(rows: usize, count: u32, offset: u32, out: usize): void {
  const end = rows + (<usize>count << 2);
  const first = load<u32>(rows);
  for (; rows < end; rows += 4, out += 4) store<f32>(out, load<f32>(<usize>load<u32>(rows) + offset));
  for (; out & 15; out += 4) store<f32>(out, load<f32>(<usize>first + offset));
}

/** out[n] += the f32 that stands `offset` bytes into row n. */
export function addGathered(rows: usize, count: u32, offset: u32, out: usize): void {
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4, out += 4) {
    store<f32>(out, load<f32>(out) + load<f32>(<usize>load<u32>(rows) + offset));
  }
}
