// A matrix times many vectors, one after the other.


/**
 * out = A v. A stands in strips of 16 rows, each column by column, the last filled up; `out` has room for as many. Every row is
 * summed in the order of the columns.
 */
export function multiplyStrips(strips: usize, numStrips: u32, columns: u32, vector: usize, out: usize): void {
  const end = vector + (<usize>columns << 3);
  for (; numStrips; numStrips--, out += 128) {
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let v = vector; v < end; v += 8, strips += 128) {
      const value = v128.load64_splat(v);
      a = f64x2.add(a, f64x2.mul(v128.load(strips, 0), value));
      b = f64x2.add(b, f64x2.mul(v128.load(strips, 16), value));
      c = f64x2.add(c, f64x2.mul(v128.load(strips, 32), value));
      d = f64x2.add(d, f64x2.mul(v128.load(strips, 48), value));
      e = f64x2.add(e, f64x2.mul(v128.load(strips, 64), value));
      f = f64x2.add(f, f64x2.mul(v128.load(strips, 80), value));
      g = f64x2.add(g, f64x2.mul(v128.load(strips, 96), value));
      h = f64x2.add(h, f64x2.mul(v128.load(strips, 112), value));
    }
    v128.store(out, a, 0);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    v128.store(out, e, 64);
    v128.store(out, f, 80);
    v128.store(out, g, 96);
    v128.store(out, h, 112);
  }
}
