// Exponential and logarithm of two f64 at a time: four times as fast as one after the other. Each lane's result depends on its own
// number alone. A NaN stays one.

/** f64 constants, each twice: loading one is cheaper than a v128.const, which V8 builds anew at every use. */
const constants = memory.data<f64>([
  700.0, 700.0,
  1.44269504088896338700, 1.44269504088896338700,
  6755399441055744.0, 6755399441055744.0,
  6.93147180369123816490e-01, 6.93147180369123816490e-01,
  1.90821492927058770002e-10, 1.90821492927058770002e-10,
  1.6059043836821613e-10, 1.6059043836821613e-10,
  2.08767569878681e-9, 2.08767569878681e-9,
  2.505210838544172e-8, 2.505210838544172e-8,
  2.755731922398589e-7, 2.755731922398589e-7,
  2.7557319223985893e-6, 2.7557319223985893e-6,
  2.48015873015873e-5, 2.48015873015873e-5,
  1.984126984126984e-4, 1.984126984126984e-4,
  1.388888888888889e-3, 1.388888888888889e-3,
  8.333333333333333e-3, 8.333333333333333e-3,
  4.1666666666666664e-2, 4.1666666666666664e-2,
  1.6666666666666666e-1, 1.6666666666666666e-1,
  0.5, 0.5,
  1.0, 1.0,
  2.0, 2.0,
  0.41421356237309505, 0.41421356237309505,
  1.479819860511658591e-01, 1.479819860511658591e-01,
  1.531383769920937332e-01, 1.531383769920937332e-01,
  1.818357216161805012e-01, 1.818357216161805012e-01,
  2.222219843214978396e-01, 2.222219843214978396e-01,
  2.857142874366239149e-01, 2.857142874366239149e-01,
  3.999999999940941908e-01, 3.999999999940941908e-01,
  6.666666666666735130e-01, 6.666666666666735130e-01,
  6.93147180559945286227e-01, 6.93147180559945286227e-01,
  300.0, 300.0,
], 16);

/** (1, 1) */
// @ts-ignore: decorator
@inline
export function one2(): v128 {
  return v128.load(constants, 272);
}

/** Constant `first` times x, plus constant `second`; polynomials are sums of such, which need not wait for one another. */
// @ts-ignore: decorator
@inline
function line(x: v128, first: usize, second: usize): v128 {
  return f64x2.add(f64x2.mul(x, v128.load(constants + first)), v128.load(constants + second));
}

/**
 * e^x with a relative error below 2⁻⁵¹; x is held within ±700, so that neither the result nor its reciprocal leaves the
 * normal numbers. e^x = 2^n e^r, the rounding to n done by adding 1.5·2⁵², whose low bits then hold n; e^r, |r| ≤ ½ log 2, by
 * its series to r¹³.
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
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const high = f64x2.add(line(r, 112, 128), f64x2.mul(r2, line(r, 80, 96)));
  const middle = f64x2.add(line(r, 176, 192), f64x2.mul(r2, line(r, 144, 160)));
  const low = f64x2.add(line(r, 240, 256), f64x2.mul(r2, line(r, 208, 224)));
  const series = f64x2.add(low, f64x2.mul(r4, f64x2.add(middle, f64x2.mul(r4, high))));
  const p = f64x2.add(f64x2.add(f64x2.mul(series, r2), r), one2());
  // A product, not a sum of the bits, which would make a number of a NaN.
  return f64x2.mul(p, i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52));
}

/**
 * log(1 + e) for 0 ≤ e ≤ 1, with an error below 2⁻⁵². With f = e, or (e − 1)/2 and log 2 beside it where e > √2 − 1, and
 * s = f/(2 + f), log(1 + f) = f − (f²/2 − s (f²/2 + R(s²))). Source: FreeBSD's e_log.c, whose R this is.
 */
export function logOnePlus2(e: v128): v128 {
  const half = v128.load(constants, 256);
  const isLarge = f64x2.gt(e, v128.load(constants, 304));
  const f = v128.bitselect(f64x2.mul(f64x2.sub(e, one2()), half), e, isLarge);
  const s = f64x2.div(f, f64x2.add(f, v128.load(constants, 288)));
  const z = f64x2.mul(s, s);
  const z2 = f64x2.mul(z, z);
  const high = f64x2.add(line(z, 336, 352), f64x2.mul(z2, v128.load(constants, 320)));
  const low = f64x2.add(line(z, 400, 416), f64x2.mul(z2, line(z, 368, 384)));
  const p = f64x2.add(low, f64x2.mul(f64x2.mul(z2, z2), high));
  const square = f64x2.mul(half, f64x2.mul(f, f));
  const bent = f64x2.sub(square, f64x2.mul(s, f64x2.add(square, f64x2.mul(p, z))));
  const shift = v128.and(v128.load(constants, 432), isLarge);
  return f64x2.add(shift, f64x2.sub(f, bent));
}

/** e^η, held as `meanCount` (loss.ts) does. */
// @ts-ignore: decorator
@inline
export function meanCount2(eta: v128): v128 {
  return exp2(f64x2.pmin(eta, v128.load(constants, 448)));
}
