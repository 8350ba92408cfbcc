// Small dense f64 products.

/** out = A v, A size×size row-major, two rows at a time. v is padded with zeros to an even length. */
export function matrixTimesVector(matrix: usize, vector: usize, size: u32, out: usize): void {
  const rowBytes = <usize>size << 3;
  const evenBytes = <usize>(size & ~1) << 3;
  let row: u32 = 0;
  for (; row + 1 < size; row += 2, matrix += rowBytes << 1, out += 16) {
    const a = matrix;
    const b = matrix + rowBytes;
    let first = f64x2.splat(0);
    let second = f64x2.splat(0);
    for (let at: usize = 0; at < evenBytes; at += 16) {
      const v = v128.load(vector + at);
      first = f64x2.add(first, f64x2.mul(v128.load(a + at), v));
      second = f64x2.add(second, f64x2.mul(v128.load(b + at), v));
    }
    let sums = f64x2.add(v128.shuffle<f64>(first, second, 0, 2), v128.shuffle<f64>(first, second, 1, 3));
    if (size & 1) {
      const v = f64x2.splat(load<f64>(vector + evenBytes));
      const column = f64x2.replace_lane(f64x2.splat(load<f64>(a + evenBytes)), 1, load<f64>(b + evenBytes));
      sums = f64x2.add(sums, f64x2.mul(column, v));
    }
    v128.store(out, sums);
  }
  if (row < size) store<f64>(out, dot(matrix, vector, size));
}

/** out = L v, L the lower triangle of a size×size row-major matrix. */
export function triangleTimesVector(matrix: usize, vector: usize, size: u32, out: usize): void {
  for (let row: u32 = 0; row < size; row++, matrix += <usize>size << 3, out += 8) {
    store<f64>(out, dot(matrix, vector, row + 1));
  }
}

/**
 * matrix += a aᵀ + b bᵀ + c cᵀ + d dᵀ in the lower triangle, row-major, the vectors `bytes` long: four at once cost half
 * of four times one.
 */
export function addFourProducts(a: usize, b: usize, c: usize, d: usize, bytes: usize, matrix: usize): void {
  let row = matrix;
  for (let i: usize = 0; i < bytes; i += 8, row += bytes) {
    const ai = v128.load64_splat(a + i);
    const bi = v128.load64_splat(b + i);
    const ci = v128.load64_splat(c + i);
    const di = v128.load64_splat(d + i);
    let j: usize = 0;
    for (; j + 8 <= i; j += 16) {
      let sum = f64x2.add(f64x2.mul(ai, v128.load(a + j)), f64x2.mul(bi, v128.load(b + j)));
      sum = f64x2.add(sum, f64x2.add(f64x2.mul(ci, v128.load(c + j)), f64x2.mul(di, v128.load(d + j))));
      v128.store(row + j, f64x2.add(v128.load(row + j), sum));
    }
    if (j > i) continue;
    let sum = load<f64>(a + i) * load<f64>(a + j) + load<f64>(b + i) * load<f64>(b + j);
    sum += load<f64>(c + i) * load<f64>(c + j) + load<f64>(d + i) * load<f64>(d + j);
    store<f64>(row + j, load<f64>(row + j) + sum);
  }
}

/** matrix += factor v vᵀ in the lower triangle, row-major, the vector `bytes` long. */
export function addProduct(factor: f64, vector: usize, bytes: usize, matrix: usize): void {
  for (let i: usize = 0; i < bytes; i += 8, matrix += bytes) {
    const scaled = factor * load<f64>(vector + i);
    for (let j: usize = 0; j <= i; j += 8) {
      store<f64>(matrix + j, load<f64>(matrix + j) + scaled * load<f64>(vector + j));
    }
  }
}

/** Σ a_k b_k over `length` entries. */
// @ts-ignore: decorator
@inline
export function dot(a: usize, b: usize, length: u32): f64 {
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  let at: usize = 0;
  const bytes = <usize>length << 3;
  for (; at + 32 <= bytes; at += 32) {
    first = f64x2.add(first, f64x2.mul(v128.load(a + at, 0), v128.load(b + at, 0)));
    second = f64x2.add(second, f64x2.mul(v128.load(a + at, 16), v128.load(b + at, 16)));
  }
  first = f64x2.add(first, second);
  let sum = f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1);
  for (; at < bytes; at += 8) sum += load<f64>(a + at) * load<f64>(b + at);
  return sum;
}
