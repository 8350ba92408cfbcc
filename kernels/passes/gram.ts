// Weighted Gram matrix of a block of rows in tiles of 4 × 8 entries, held in registers while the rows go by.
import { blockRows } from "../layout/scratch";

/**
 * gram += Σ a_n x_n x_nᵀ over `count` rows that stand `rowBytes` apart, in the tiles that reach the lower triangle; a_n is f32.
 * `packed` has room for 4 floats a row; `gram` is columns × columns f64. In f32 at most blockRows rows are summed.
 */
export function addGram(
  rows: usize, rowBytes: usize, count: u32, weights: usize, packed: usize, columns: u32, gram: usize,
): void {
  for (let i: u32 = 0; i < columns; i += 4) {
    packWeighted(rows + (<usize>i << 2), rowBytes, count, weights, packed);
    const gramRow = gram + <usize>(i * columns) * 8;
    for (let j: u32 = 0; j < i + 4; j += 8) {
      const out = gramRow + (<usize>j << 3);
      for (let n: u32 = 0, own = packed, row = rows + (<usize>j << 2); n < count; n += blockRows) {
        addTile(own, row, rowBytes, min<u32>(blockRows, count - n), out, <usize>columns << 3);
        own += blockRows << 4;
        row += blockRows * rowBytes;
      }
    }
  }
}

/** packed_n = a_n × four columns of row n. */
export function packWeighted(rows: usize, rowBytes: usize, count: u32, weights: usize, packed: usize): void {
  for (const end = weights + (<usize>count << 2); weights < end; weights += 4, packed += 16, rows += rowBytes) {
    v128.store(packed, f32x4.mul(v128.load32_splat(weights), v128.load(rows)));
  }
}

export function addTile(packed: usize, rows: usize, rowBytes: usize, count: u32, out: usize, outRowBytes: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  for (const end = packed + (<usize>count << 4); packed < end; packed += 16, rows += rowBytes) {
    const low = v128.load(rows, 0);
    const high = v128.load(rows, 16);
    let factor = v128.load32_splat(packed, 0);
    a0 = f32x4.add(a0, f32x4.mul(factor, low));
    a1 = f32x4.add(a1, f32x4.mul(factor, high));
    factor = v128.load32_splat(packed, 4);
    b0 = f32x4.add(b0, f32x4.mul(factor, low));
    b1 = f32x4.add(b1, f32x4.mul(factor, high));
    factor = v128.load32_splat(packed, 8);
    c0 = f32x4.add(c0, f32x4.mul(factor, low));
    c1 = f32x4.add(c1, f32x4.mul(factor, high));
    factor = v128.load32_splat(packed, 12);
    d0 = f32x4.add(d0, f32x4.mul(factor, low));
    d1 = f32x4.add(d1, f32x4.mul(factor, high));
  }
  addEight(out, a0, a1);
  addEight(out + outRowBytes, b0, b1);
  addEight(out + 2 * outRowBytes, c0, c1);
  addEight(out + 3 * outRowBytes, d0, d1);
}

// @ts-ignore: decorator
@inline
function addEight(out: usize, low: v128, high: v128): void {
  v128.store(out, f64x2.add(v128.load(out, 0), f64x2.promote_low_f32x4(low)), 0);
  v128.store(out, f64x2.add(v128.load(out, 16), f64x2.promote_low_f32x4(v128.shuffle<i64>(low, low, 1, 1))), 16);
  v128.store(out, f64x2.add(v128.load(out, 32), f64x2.promote_low_f32x4(high)), 32);
  v128.store(out, f64x2.add(v128.load(out, 48), f64x2.promote_low_f32x4(v128.shuffle<i64>(high, high, 1, 1))), 48);
}
