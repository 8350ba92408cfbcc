// Functions of two f64 at once.

/** f64 constants, each twice: loading one is cheaper than a v128.const, which V8 builds anew at every use. */
const constants = memory.data<f64>([
  700.0, 700.0,
  1.4426950408889634, 1.4426950408889634,
  6755399441055744.0, 6755399441055744.0,
  0.6931471803691238, 0.6931471803691238,
  1.9082149292705877e-10, 1.9082149292705877e-10,
  2.505210838544172e-8, 2.505210838544172e-8,
  2.755731922398589e-7, 2.755731922398589e-7,
  2.7557319223985893e-6, 2.7557319223985893e-6,
  2.48015873015873e-5, 2.48015873015873e-5,
  1.984126984126984e-4, 1.984126984126984e-4,
  1.388888888888889e-3, 1.388888888888889e-3,
  8.333333333333333e-3, 8.333333333333333e-3,
  0.041666666666666664, 0.041666666666666664,
  0.16666666666666666, 0.16666666666666666,
  0.5, 0.5,
  1.0, 1.0,
], 16);

// @ts-ignore: decorator
@inline
export function one2(): v128 {
  return v128.load(constants, 240);
}

/**
 * e^x with a relative error below 1e-14; x is held within ±700. e^x = 2^n e^r, the rounding to n done by adding 1.5·2⁵², whose low bits
 * then hold n; e^r by its series up to r¹¹, |r| ≤ ½ log 2.
 */
// @ts-ignore: decorator
@inline
export function exp2(x: v128): v128 {
  const limit = v128.load(constants, 0);
  x = f64x2.pmax(f64x2.pmin(x, limit), f64x2.neg(limit));
  const magic = v128.load(constants, 32);
  const shifted = f64x2.add(f64x2.mul(x, v128.load(constants, 16)), magic);
  const n = f64x2.sub(shifted, magic);
  let r = f64x2.sub(x, f64x2.mul(n, v128.load(constants, 48)));
  r = f64x2.sub(r, f64x2.mul(n, v128.load(constants, 64)));
  const square = f64x2.mul(r, r);
  // Two halves of the series side by side: odd and even powers from the fourth on.
  let odd = f64x2.add(f64x2.mul(v128.load(constants, 80), square), v128.load(constants, 112));
  let even = f64x2.add(f64x2.mul(v128.load(constants, 96), square), v128.load(constants, 128));
  odd = f64x2.add(f64x2.mul(odd, square), v128.load(constants, 144));
  even = f64x2.add(f64x2.mul(even, square), v128.load(constants, 160));
  odd = f64x2.add(f64x2.mul(odd, square), v128.load(constants, 176));
  even = f64x2.add(f64x2.mul(even, square), v128.load(constants, 192));
  odd = f64x2.add(f64x2.mul(odd, square), v128.load(constants, 208));
  even = f64x2.add(f64x2.mul(even, square), v128.load(constants, 224));
  odd = f64x2.add(f64x2.mul(odd, square), v128.load(constants, 240));
  even = f64x2.add(f64x2.mul(even, square), v128.load(constants, 240));
  return i64x2.add(f64x2.add(even, f64x2.mul(odd, r)), i64x2.shl(shifted, 52));
}

/** log(1 + x) for 0 ≤ x ≤ 1, with an error below 1e-15: 2 artanh s, s = x/(2 + x) ≤ ⅓, by its series. */
export function logOnePlus2(x: v128): v128 {
  const one = one2();
  const s = f64x2.div(x, f64x2.add(x, f64x2.add(one, one)));
  const square = f64x2.mul(s, s);
  let sum = f64x2.splat(1.0 / 31.0);
  for (let k: f64 = 29; k > 0; k -= 2) sum = f64x2.add(f64x2.mul(sum, square), f64x2.splat(1.0 / k));
  return f64x2.mul(f64x2.add(s, s), sum);
}

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
