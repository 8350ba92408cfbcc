// Cholesky factor of a dense matrix, a tile of columns at a time (left-looking): the products with all columns before the tile
// are taken off, the triangle on the diagonal is factorised, and the rows below are solved with it.
import { DenseScratch, DenseTile, FactorTile } from "../layout/dense";
import { setSlotU32, slotU32 } from "../memory/record";

export function factorTile(record: usize, _argument: u32): void {
  const matrix = slotU32(record, FactorTile.matrix);
  const size = slotU32(record, FactorTile.size);
  const column = slotU32(record, FactorTile.column);
  const width = slotU32(record, FactorTile.width);
  const from = slotU32(record, FactorTile.from);
  const to = slotU32(record, FactorTile.to);
  const scratch = slotU32(record, FactorTile.scratch);
  const rowBytes = <usize>size << 3;
  for (let k: u32 = 0; k < column; k += DenseTile.depth) {
    const depth = min<u32>(DenseTile.depth, column - k);
    subtractProducts(matrix, rowBytes, column, width, from, to, k, depth, scratch);
  }
  const diagonal = matrix + <usize>column * rowBytes + (<usize>column << 3);
  if (from === column) {
    const failed = factorTriangle(diagonal, rowBytes, width);
    if (failed !== 0) setSlotU32(record, FactorTile.failure, column + failed);
    return;
  }
  for (let i = from; i < to; i += 8) {
    solveEightRows(diagonal, rowBytes, width, matrix + <usize>i * rowBytes + (<usize>column << 3), scratch);
  }
}

/** C −= A Bᵀ: A the rows of the task, B the rows of the tile, both in columns k .. k + depth − 1. */
export function subtractProducts(
  matrix: usize, rowBytes: usize, column: u32, width: u32, from: u32, to: u32, k: u32, depth: u32, scratch: usize,
): void {
  const tile = scratch + DenseScratch.packedTile;
  const panelBytes = <usize>depth << 5;
  const base = matrix + (<usize>k << 3);
  for (let j: u32 = 0, panel = tile; j < width; j += 4, panel += panelBytes) {
    packFour(base + <usize>(column + j) * rowBytes, rowBytes, depth, panel);
  }
  const rows = scratch + DenseScratch.packedRows;
  for (let i = from; i < to; i += 4) {
    packFour(base + <usize>i * rowBytes, rowBytes, depth, rows);
    const out = matrix + <usize>i * rowBytes + (<usize>column << 3);
    for (let j: u32 = 0, panel = tile; j < width; j += 4, panel += panelBytes) {
      subtractFourByFour(rows, panel, depth, out + (<usize>j << 3), rowBytes);
    }
  }
}

/** Four rows of `depth` numbers, those of a column side by side. */
export function packFour(rows: usize, rowBytes: usize, depth: u32, out: usize): void {
  const second = rows + rowBytes;
  const third = second + rowBytes;
  const fourth = third + rowBytes;
  for (let at: usize = 0, end = <usize>depth << 3; at < end; at += 8, out += 32) {
    store<f64>(out, load<f64>(rows + at), 0);
    store<f64>(out, load<f64>(second + at), 8);
    store<f64>(out, load<f64>(third + at), 16);
    store<f64>(out, load<f64>(fourth + at), 24);
  }
}

export function subtractFourByFour(rows: usize, panel: usize, depth: u32, out: usize, rowBytes: usize): void {
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  for (const end = rows + (<usize>depth << 5); rows < end; rows += 32, panel += 32) {
    const low = v128.load(panel, 0);
    const high = v128.load(panel, 16);
    let factor = v128.load64_splat(rows, 0);
    a0 = f64x2.add(a0, f64x2.mul(factor, low));
    a1 = f64x2.add(a1, f64x2.mul(factor, high));
    factor = v128.load64_splat(rows, 8);
    b0 = f64x2.add(b0, f64x2.mul(factor, low));
    b1 = f64x2.add(b1, f64x2.mul(factor, high));
    factor = v128.load64_splat(rows, 16);
    c0 = f64x2.add(c0, f64x2.mul(factor, low));
    c1 = f64x2.add(c1, f64x2.mul(factor, high));
    factor = v128.load64_splat(rows, 24);
    d0 = f64x2.add(d0, f64x2.mul(factor, low));
    d1 = f64x2.add(d1, f64x2.mul(factor, high));
  }
  subtractFour(out, a0, a1);
  subtractFour(out + rowBytes, b0, b1);
  subtractFour(out + 2 * rowBytes, c0, c1);
  subtractFour(out + 3 * rowBytes, d0, d1);
}

// @ts-ignore: decorator
@inline
function subtractFour(out: usize, low: v128, high: v128): void {
  v128.store(out, f64x2.sub(v128.load(out, 0), low), 0);
  v128.store(out, f64x2.sub(v128.load(out, 16), high), 16);
}

/** The triangle on the diagonal, in place. Returns 1 + the row of the first pivot that is not positive, or 0. */
export function factorTriangle(diagonal: usize, rowBytes: usize, width: u32): u32 {
  for (let i: u32 = 0; i < width; i++) {
    const row = diagonal + <usize>i * rowBytes;
    for (let j: u32 = 0; j <= i; j++) {
      const other = diagonal + <usize>j * rowBytes;
      let sum = load<f64>(row + (<usize>j << 3));
      for (let k: usize = 0, end = <usize>j << 3; k < end; k += 8) sum -= load<f64>(row + k) * load<f64>(other + k);
      if (j < i) {
        store<f64>(row + (<usize>j << 3), sum / load<f64>(other + (<usize>j << 3)));
        continue;
      }
      if (!(sum > 0)) return i + 1;
      store<f64>(row + (<usize>i << 3), Math.sqrt(sum));
    }
  }
  return 0;
}

/** X Lᵀ = C for eight rows of C, in place; L the triangle on the diagonal. */
export function solveEightRows(diagonal: usize, rowBytes: usize, width: u32, rows: usize, scratch: usize): void {
  const packed = scratch + DenseScratch.packedRows;
  for (let j: usize = 0, out = packed; j < width; j++, out += 64) {
    for (let row: usize = 0; row < 8; row++) {
      store<f64>(out + (row << 3), load<f64>(rows + row * rowBytes + (j << 3)));
    }
  }
  for (let j: usize = 0; j < width; j++) {
    const triangle = diagonal + j * rowBytes;
    const own = packed + (j << 6);
    let a = v128.load(own, 0);
    let b = v128.load(own, 16);
    let c = v128.load(own, 32);
    let d = v128.load(own, 48);
    for (let k: usize = 0, at = packed; k < j; k++, at += 64) {
      const factor = v128.load64_splat(triangle + (k << 3));
      a = f64x2.sub(a, f64x2.mul(factor, v128.load(at, 0)));
      b = f64x2.sub(b, f64x2.mul(factor, v128.load(at, 16)));
      c = f64x2.sub(c, f64x2.mul(factor, v128.load(at, 32)));
      d = f64x2.sub(d, f64x2.mul(factor, v128.load(at, 48)));
    }
    const inverse = f64x2.splat(1 / load<f64>(triangle + (j << 3)));
    v128.store(own, f64x2.mul(a, inverse), 0);
    v128.store(own, f64x2.mul(b, inverse), 16);
    v128.store(own, f64x2.mul(c, inverse), 32);
    v128.store(own, f64x2.mul(d, inverse), 48);
  }
  for (let j: usize = 0, at = packed; j < width; j++, at += 64) {
    for (let row: usize = 0; row < 8; row++) {
      store<f64>(rows + row * rowBytes + (j << 3), load<f64>(at + (row << 3)));
    }
  }
}
