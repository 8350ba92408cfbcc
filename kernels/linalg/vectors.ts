// A matrix times many vectors.

/**
 * The products of A and `count` vectors, which stand side by side, as their products do. A stands in strips of 8 rows, the last filled
 * up, each of them column by column in f32; of a strip `ranges` has two u32, its first column and how many there are, outside of which
 * its entries are 0. A product has room for all rows of the strips. Every row is summed in the order of the columns, in f64.
 */
export function multiplyStrips(
  strips: usize, ranges: usize, numStrips: u32, columns: u32, vectors: usize, count: u32, products: usize,
): void {
  const vectorBytes = <usize>columns << 3;
  const productBytes = <usize>numStrips << 6;
  for (const end = ranges + (<usize>numStrips << 3); ranges < end; ranges += 8, products += 64) {
    const width = load<u32>(ranges, 4);
    let vector = vectors + (<usize>load<u32>(ranges) << 3);
    let product = products;
    for (let k: u32 = 0; k < count; k += 2) {
      // The last of an odd number stands beside itself.
      const isLast = k + 1 === count;
      multiplyStrip(strips, width, vector, isLast ? vector : vector + vectorBytes, product, isLast ? product : product + productBytes);
      vector += 2 * vectorBytes;
      product += 2 * productBytes;
    }
    strips += <usize>width << 5;
  }
}

/** The products of a strip and two vectors. */
export function multiplyStrip(strip: usize, width: u32, one: usize, other: usize, ofOne: usize, ofOther: usize): void {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (const end = strip + (<usize>width << 5); strip < end; strip += 32, one += 8, other += 8) {
    const first = v128.load64_splat(one);
    const second = v128.load64_splat(other);
    let four = v128.load(strip);
    let two = f64x2.promote_low_f32x4(four);
    a = f64x2.add(a, f64x2.mul(two, first));
    e = f64x2.add(e, f64x2.mul(two, second));
    two = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
    b = f64x2.add(b, f64x2.mul(two, first));
    f = f64x2.add(f, f64x2.mul(two, second));
    four = v128.load(strip, 16);
    two = f64x2.promote_low_f32x4(four);
    c = f64x2.add(c, f64x2.mul(two, first));
    g = f64x2.add(g, f64x2.mul(two, second));
    two = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
    d = f64x2.add(d, f64x2.mul(two, first));
    h = f64x2.add(h, f64x2.mul(two, second));
  }
  storeEight(ofOne, a, b, c, d);
  storeEight(ofOther, e, f, g, h);
}

// @ts-ignore: decorator
@inline
function storeEight(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, a, 0);
  v128.store(to, b, 16);
  v128.store(to, c, 32);
  v128.store(to, d, 48);
}
