// A symmetric matrix made tridiagonal by Householder's reflections, and their product. The steps, and the order of every sum, are those
// of tred2 (EISPACK, as in JAMA and ml-matrix), so that both give the same bits; four rows go side by side, for a sum in order waits for
// each of its additions.

/**
 * Row j of V is column j of the matrix; what it leaves is: in row j of V, column j of the product of the reflections; the diagonal in
 * `d` and what is beside it in `e`, from place 1 on. Rows stand rowBytes apart; `d` and `e` have n f64.
 */
export function reduceToTridiagonal(v: usize, n: u32, rowBytes: usize, d: usize, e: usize): void {
  const last = <usize>(n - 1) << 3;
  for (let j: usize = 0; j < n; j++) store<f64>(d + (j << 3), load<f64>(v + j * rowBytes + last));
  for (let i = n - 1; i > 0; i--) {
    const length = <usize>i << 3;
    let scale: f64 = 0;
    for (let at: usize = 0; at < length; at += 8) scale = scale + Math.abs(load<f64>(d + at));
    let h: f64 = 0;
    if (scale === 0) {
      store<f64>(e + length, load<f64>(d + length - 8));
      for (let j: usize = 0; j < i; j++) {
        const row = v + j * rowBytes + length;
        store<f64>(d + (j << 3), load<f64>(row - 8));
        store<f64>(row, 0);
        store<f64>(v + <usize>i * rowBytes + (j << 3), 0);
      }
    } else h = reflect(v, i, rowBytes, d, e, scale);
    store<f64>(d + length, h);
  }
  accumulateReflections(v, n, rowBytes, d);
  for (let j: usize = 0; j < n; j++) {
    store<f64>(d + (j << 3), load<f64>(v + j * rowBytes + last));
    store<f64>(v + j * rowBytes + last, 0);
  }
  store<f64>(v + <usize>(n - 1) * rowBytes + last, 1);
  store<f64>(e, 0);
}

/** The reflection that leaves nothing of column i beyond its neighbour of the diagonal. */
function reflect(v: usize, i: u32, rowBytes: usize, d: usize, e: usize, scale: f64): f64 {
  const length = <usize>i << 3;
  let h: f64 = 0;
  for (let at: usize = 0; at < length; at += 8) {
    const value = load<f64>(d + at) / scale;
    store<f64>(d + at, value);
    h += value * value;
  }
  const f = load<f64>(d + length - 8);
  const root = Math.sqrt(h);
  const g = f > 0 ? -root : root;
  store<f64>(e + length, scale * g);
  h = h - f * g;
  store<f64>(d + length - 8, f - g);
  memory.fill(e, 0, length);
  memory.copy(v + <usize>i * rowBytes, d, length);
  let j: u32 = 0;
  for (; j + 4 <= i; j += 4) addFourRows(v + <usize>j * rowBytes + (<usize>j << 3), rowBytes, i - j, d + (<usize>j << 3), e + (<usize>j << 3));
  for (; j < i; j++) addRow(v + <usize>j * rowBytes + (<usize>j << 3), i - j, d + (<usize>j << 3), e + (<usize>j << 3));
  let sum: f64 = 0;
  for (let at: usize = 0; at < length; at += 8) {
    const value = load<f64>(e + at) / h;
    store<f64>(e + at, value);
    sum += value * load<f64>(d + at);
  }
  const half = sum / (h + h);
  for (let at: usize = 0; at < length; at += 8) store<f64>(e + at, load<f64>(e + at) - half * load<f64>(d + at));
  updateRows(v, i, rowBytes, d, e);
  return h;
}

/** A row of the symmetric matrix from its diagonal on, times d, added to e; `count` numbers. */
export function addRow(row: usize, count: u32, d: usize, e: usize): void {
  const f = load<f64>(d);
  let g = load<f64>(e) + load<f64>(row) * f;
  for (let at: usize = 8, end = <usize>count << 3; at < end; at += 8) {
    const value = load<f64>(row + at);
    g += value * load<f64>(d + at);
    store<f64>(e + at, load<f64>(e + at) + value * f);
  }
  store<f64>(e, g);
}

/** Four such rows, one below the other. */
export function addFourRows(row: usize, rowBytes: usize, count: u32, d: usize, e: usize): void {
  // What is above the fourth diagonal entry, row by row.
  for (let j: usize = 0, own = row; j < 32; j += 8, own += rowBytes) {
    const f = load<f64>(d + j);
    let g = load<f64>(e + j) + load<f64>(own + j) * f;
    for (let at = j + 8; at < 32; at += 8) {
      const value = load<f64>(own + at);
      g += value * load<f64>(d + at);
      store<f64>(e + at, load<f64>(e + at) + value * f);
    }
    store<f64>(e + j, g);
  }
  const second = row + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  const end = <usize>count << 3;
  let g01 = v128.load(e, 0);
  let g23 = v128.load(e, 16);
  let at: usize = 32;
  for (; at + 16 <= end; at += 16) {
    const a = v128.load(row + at);
    const b = v128.load(second + at);
    const firstOfD = v128.load64_splat(d + at, 0);
    const secondOfD = v128.load64_splat(d + at, 8);
    g01 = f64x2.add(g01, f64x2.mul(v128.shuffle<f64>(a, b, 0, 2), firstOfD));
    g01 = f64x2.add(g01, f64x2.mul(v128.shuffle<f64>(a, b, 1, 3), secondOfD));
    let sum = f64x2.add(v128.load(e + at), f64x2.mul(a, v128.load64_splat(d, 0)));
    sum = f64x2.add(sum, f64x2.mul(b, v128.load64_splat(d, 8)));
    const c = v128.load(third + at);
    sum = f64x2.add(sum, f64x2.mul(c, v128.load64_splat(d, 16)));
    const own = v128.load(fourth + at);
    sum = f64x2.add(sum, f64x2.mul(own, v128.load64_splat(d, 24)));
    v128.store(e + at, sum);
    g23 = f64x2.add(g23, f64x2.mul(v128.shuffle<f64>(c, own, 0, 2), firstOfD));
    g23 = f64x2.add(g23, f64x2.mul(v128.shuffle<f64>(c, own, 1, 3), secondOfD));
  }
  v128.store(e, g01, 0);
  v128.store(e, g23, 16);
  if (at === end) return;
  let sum = load<f64>(e + at);
  for (let j: usize = 0, own = row; j < 32; j += 8, own += rowBytes) {
    const value = load<f64>(own + at);
    store<f64>(e + j, load<f64>(e + j) + value * load<f64>(d + at));
    sum += value * load<f64>(d + j);
  }
  store<f64>(e + at, sum);
}

/** V_jk −= d_j e_k + e_j d_k for j ≤ k < i; d becomes the column before i, which is cleared. */
export function updateRows(v: usize, i: u32, rowBytes: usize, d: usize, e: usize): void {
  const end = <usize>i << 3;
  for (let j: usize = 0, row = v; j < end; j += 8, row += rowBytes) {
    const f = v128.load64_splat(d + j);
    const g = v128.load64_splat(e + j);
    let at = j;
    for (; at + 16 <= end; at += 16) {
      const change = f64x2.add(f64x2.mul(f, v128.load(e + at)), f64x2.mul(g, v128.load(d + at)));
      v128.store(row + at, f64x2.sub(v128.load(row + at), change));
    }
    if (at < end) {
      const change = load<f64>(d + j) * load<f64>(e + at) + load<f64>(e + j) * load<f64>(d + at);
      store<f64>(row + at, load<f64>(row + at) - change);
    }
    store<f64>(d + j, load<f64>(row + end - 8));
    store<f64>(row + end, 0);
  }
}

/** The product of the reflections, from what `reflect` has left in the rows. */
export function accumulateReflections(v: usize, n: u32, rowBytes: usize, d: usize): void {
  const last = <usize>(n - 1) << 3;
  for (let i: u32 = 0; i < n - 1; i++) {
    const length = <usize>(i + 1) << 3;
    const own = v + <usize>i * rowBytes;
    const next = own + rowBytes;
    store<f64>(own + last, load<f64>(own + length - 8));
    store<f64>(own + length - 8, 1);
    const h = load<f64>(d + length);
    if (h !== 0) {
      for (let at: usize = 0; at < length; at += 8) store<f64>(d + at, load<f64>(next + at) / h);
      let j: u32 = 0;
      for (; j + 4 <= i + 1; j += 4) reflectFour(v + <usize>j * rowBytes, rowBytes, next, d, length);
      for (; j <= i; j++) reflectOne(v + <usize>j * rowBytes, next, d, length);
    }
    memory.fill(next, 0, length);
  }
}

/** row −= (u · row) d */
export function reflectOne(row: usize, u: usize, d: usize, length: usize): void {
  let g: f64 = 0;
  for (let at: usize = 0; at < length; at += 8) g += load<f64>(u + at) * load<f64>(row + at);
  for (let at: usize = 0; at < length; at += 8) store<f64>(row + at, load<f64>(row + at) - g * load<f64>(d + at));
}

/** The same for four rows. */
export function reflectFour(row: usize, rowBytes: usize, u: usize, d: usize, length: usize): void {
  const second = row + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  let g01 = f64x2.splat(0);
  let g23 = g01;
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) {
    const a = v128.load(row + at);
    const b = v128.load(second + at);
    const first = v128.load64_splat(u + at, 0);
    const other = v128.load64_splat(u + at, 8);
    g01 = f64x2.add(g01, f64x2.mul(first, v128.shuffle<f64>(a, b, 0, 2)));
    g01 = f64x2.add(g01, f64x2.mul(other, v128.shuffle<f64>(a, b, 1, 3)));
    const c = v128.load(third + at);
    const own = v128.load(fourth + at);
    g23 = f64x2.add(g23, f64x2.mul(first, v128.shuffle<f64>(c, own, 0, 2)));
    g23 = f64x2.add(g23, f64x2.mul(other, v128.shuffle<f64>(c, own, 1, 3)));
  }
  let g0 = f64x2.extract_lane(g01, 0);
  let g1 = f64x2.extract_lane(g01, 1);
  let g2 = f64x2.extract_lane(g23, 0);
  let g3 = f64x2.extract_lane(g23, 1);
  if (at < length) {
    const value = load<f64>(u + at);
    g0 += value * load<f64>(row + at);
    g1 += value * load<f64>(second + at);
    g2 += value * load<f64>(third + at);
    g3 += value * load<f64>(fourth + at);
  }
  subtractScaled(row, g0, d, length);
  subtractScaled(second, g1, d, length);
  subtractScaled(third, g2, d, length);
  subtractScaled(fourth, g3, d, length);
}

// @ts-ignore: decorator
@inline
function subtractScaled(row: usize, factor: f64, d: usize, length: usize): void {
  const factors = f64x2.splat(factor);
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) {
    v128.store(row + at, f64x2.sub(v128.load(row + at), f64x2.mul(factors, v128.load(d + at))));
  }
  if (at < length) store<f64>(row + at, load<f64>(row + at) - factor * load<f64>(d + at));
}
