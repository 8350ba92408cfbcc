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

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, length: u32): f64 {
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
