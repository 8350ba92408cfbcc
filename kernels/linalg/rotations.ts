// Plane rotations of eigenvectors, eight components of each at a time.
import { Strip } from "./record";

/**
 * Goes over a strip, where components of n vectors stand vector after vector (Strip.width f64 each): for every sweep, (u32 last,
 * u32 first) and then a pair (c, s) for i = last − 1, …, first,
 *
 *   v_(i+1), v_i ← s v_i + c v_(i+1), c v_i − s v_(i+1).
 */
export function rotateStrip(strip: usize, sweeps: usize, end: usize): void {
  while (sweeps < end) {
    const last = <usize>load<u32>(sweeps, 0);
    const first = <usize>load<u32>(sweeps, 4);
    sweeps += 8;
    let at = strip + last * (Strip.width * 8);
    const stop = strip + first * (Strip.width * 8);
    let a = v128.load(at, 0);
    let b = v128.load(at, 16);
    let c = v128.load(at, 32);
    let d = v128.load(at, 48);
    for (; at > stop; at -= Strip.width * 8, sweeps += 16) {
      const cosine = v128.load64_splat(sweeps, 0);
      const sine = v128.load64_splat(sweeps, 8);
      const below = at - Strip.width * 8;
      let v = v128.load(below, 0);
      v128.store(at, f64x2.add(f64x2.mul(sine, v), f64x2.mul(cosine, a)), 0);
      a = f64x2.sub(f64x2.mul(cosine, v), f64x2.mul(sine, a));
      v = v128.load(below, 16);
      v128.store(at, f64x2.add(f64x2.mul(sine, v), f64x2.mul(cosine, b)), 16);
      b = f64x2.sub(f64x2.mul(cosine, v), f64x2.mul(sine, b));
      v = v128.load(below, 32);
      v128.store(at, f64x2.add(f64x2.mul(sine, v), f64x2.mul(cosine, c)), 32);
      c = f64x2.sub(f64x2.mul(cosine, v), f64x2.mul(sine, c));
      v = v128.load(below, 48);
      v128.store(at, f64x2.add(f64x2.mul(sine, v), f64x2.mul(cosine, d)), 48);
      d = f64x2.sub(f64x2.mul(cosine, v), f64x2.mul(sine, d));
    }
    v128.store(stop, a, 0);
    v128.store(stop, b, 16);
    v128.store(stop, c, 32);
    v128.store(stop, d, 48);
  }
}
