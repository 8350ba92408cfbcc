// Sums and products of two f64 at once.

// @ts-ignore: decorator
@inline
export function sumOf2(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}

/** Where one row of the two at `at` is the last, the other counts nothing. */
// @ts-ignore: decorator
@inline
export function withinRows(at: usize, end: usize, values: v128): v128 {
  return at + 8 < end ? values : f64x2.replace_lane(values, 1, 0.0);
}

/** Σ a b over `length` f64. */
export function dot2(a: usize, b: usize, length: u32): f64 {
  let sum = f64x2.splat(0);
  const end = a + (<usize>length << 3);
  for (; a + 16 <= end; a += 16, b += 16) sum = f64x2.add(sum, f64x2.mul(v128.load(a), v128.load(b)));
  const total = sumOf2(sum);
  return a < end ? total + load<f64>(a) * load<f64>(b) : total;
}

/** a += factor b over `length` f64. */
export function addScaled2(a: usize, factor: f64, b: usize, length: u32): void {
  const factors = f64x2.splat(factor);
  const end = a + (<usize>length << 3);
  for (; a + 16 <= end; a += 16, b += 16) {
    v128.store(a, f64x2.add(v128.load(a), f64x2.mul(factors, v128.load(b))));
  }
  if (a < end) store<f64>(a, load<f64>(a) + factor * load<f64>(b));
}
