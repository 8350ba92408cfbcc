import plainExp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";

/**
 * Functions of Sun's fdlibm 5.3 (e_cosh.c, s_tanh.c, k_sin.c, k_cos.c, e_rem_pio2.c), in whose order of operations every last bit is
 * that of Node; FreeBSD's later versions, which packages have, round some values in another way.
 */

/** e^x; of 1 what is nearest to e. */
export function exp(x: number): number {
  return x === 1 ? Math.E : plainExp(x);
}

/** cosh x. */
export function cosh(x: number): number {
  const size = Math.abs(x);
  if (size < 0.5 * Math.LN2) {
    const t = expm1(size);
    const w = 1 + t;
    return size < 2 ** -55 ? w : 1 + (t * t) / (w + w);
  }
  if (size < 22) {
    const t = exp(size);
    return 0.5 * t + 0.5 / t;
  }
  if (size < 709.782712893384) return 0.5 * exp(size);
  const half = exp(0.5 * size);
  return 0.5 * half * half;
}

/** tanh x. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size < 2 ** -28) return x;
  let z = 1;
  if (size < 22) {
    const t = expm1(size >= 1 ? 2 * size : -2 * size);
    z = size >= 1 ? 1 - 2 / (t + 2) : -t / (t + 2);
  }
  return x < 0 ? -z : z;
}

const bits = new DataView(new ArrayBuffer(8));
function highWord(x: number): number {
  bits.setFloat64(0, x);
  return bits.getInt32(0);
}

/** sin of x + y in [−π/4, π/4], y the tail of x. */
function kernelSin(x: number, y: number): number {
  if (Math.abs(x) < 2 ** -27) return x;
  const z = x * x;
  const v = z * x;
  const r =
    0.00833333333332249 +
    z *
      (-0.0001984126982985795 + z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x - (z * (0.5 * y - v * r) - y - v * -0.16666666666666632);
}

/** cos of the same. */
function kernelCos(x: number, y: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high < 0x3e400000) return 1;
  const z = x * x;
  const r =
    z *
    (0.0416666666666666 +
      z *
        (-0.001388888888887411 +
          z *
            (2.480158728947673e-5 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11)))));
  if (high < 0x3fd33333) return 1 - (0.5 * z - (z * r - x * y));
  let q = 0.28125;
  if (high <= 0x3fe90000) {
    bits.setInt32(0, high - 0x00200000);
    bits.setUint32(4, 0);
    q = bits.getFloat64(0);
  }
  const part = 0.5 * z - q;
  return 1 - q - (part - (z * r - x * y));
}

const first = 1.5707963267341256;
const firstTail = 6.077100506506192e-11;
const second = 6.077100506303963e-11;
const secondTail = 2.0222662487959506e-21;
const third = 2.0222662487111665e-21;
const thirdTail = 8.4784276603689e-32;

/** x − n π/2 in two parts, n a whole number; of angles up to some 10⁵, as samplers have them. */
function reduced(x: number): readonly [n: number, y: number, tail: number] {
  const size = Math.abs(x);
  const n = Math.trunc(size * 0.6366197723675814 + 0.5);
  let r = size - n * first;
  let w = n * firstTail;
  const exponent = highWord(size) >> 20;
  let y = r - w;
  if (exponent - ((highWord(y) >> 20) & 0x7ff) > 16) {
    let t = r;
    w = n * second;
    r = t - w;
    w = n * secondTail - (t - r - w);
    y = r - w;
    if (exponent - ((highWord(y) >> 20) & 0x7ff) > 49) {
      t = r;
      w = n * third;
      r = t - w;
      w = n * thirdTail - (t - r - w);
      y = r - w;
    }
  }
  const tail = r - y - w;
  return x < 0 ? [-n, -y, -tail] : [n, y, tail];
}

const largest = 1e5;

/** sin x. @throws RangeError of angles beyond 10⁵, which no sampler has */
export function sin(x: number): number {
  if (Math.abs(x) <= Math.PI / 4) return kernelSinOf(x);
  const [n, y, tail] = reducedOrThrow(x);
  const quarter = n & 3;
  const value = quarter & 1 ? kernelCos(y, tail) : kernelSin(y, tail);
  return quarter & 2 ? -value : value;
}

/** cos x. @throws RangeError as `sin` */
export function cos(x: number): number {
  if (Math.abs(x) <= Math.PI / 4) return kernelCos(x, 0);
  const [n, y, tail] = reducedOrThrow(x);
  const quarter = n & 3;
  const value = quarter & 1 ? kernelSin(y, tail) : kernelCos(y, tail);
  return quarter === 1 || quarter === 2 ? -value : value;
}

function reducedOrThrow(x: number) {
  if (Number.isNaN(x) || Math.abs(x) > largest) throw new RangeError(`${x} is no angle of a sampler.`);
  return reduced(x);
}

/** Where there is no tail. */
function kernelSinOf(x: number): number {
  if (Math.abs(x) < 2 ** -27) return x;
  const z = x * x;
  const v = z * x;
  const r =
    0.00833333333332249 +
    z *
      (-0.0001984126982985795 + z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x + v * (-0.16666666666666632 + z * r);
}
