// Cholesky factors and solutions with a lower triangular matrix. Every entry is worked out as src/linalg/cholesky.ts does it, sums in
// the order of k and then a division, so that both give the same bits. Sizes are multiples of 8: rows are added that are 0 but for
// a 1 on the diagonal.
import { addProducts } from "./products";
import { Block, Packed, Product, Shape } from "./record";

/**
 * L in place of the lower triangle of A; what is above it is not read, and is changed. A pivot of `least` times the diagonal entry
 * of A (at `diagonal`) or less is taken for 0, and so is its column, where `isSemidefinite`; otherwise the work ends there.
 * @returns 1 + the row of that pivot; 0: none
 */
export function factorise(
  matrix: usize, size: u32, rowBytes: usize, diagonal: usize, least: f64, isSemidefinite: bool, scratch: usize,
): u32 {
  return factoriseBlocks(matrix, size, rowBytes, diagonal, least, isSemidefinite, Block.triangle, scratch);
}

/** The same, `width` columns at a time. */
export function factoriseBlocks(
  matrix: usize, size: u32, rowBytes: usize, diagonal: usize, least: f64, isSemidefinite: bool, width: u32, scratch: usize,
): u32 {
  for (let column: u32 = 0; column < size; column += width) {
    const count = min<u32>(width, size - column);
    const triangle = matrix + <usize>column * rowBytes + (<usize>column << 3);
    const own = diagonal + (<usize>column << 3);
    const failed = width === Block.triangle
      ? factoriseBlocks(triangle, count, rowBytes, own, least, isSemidefinite, Block.innerTriangle, scratch)
      : factoriseTriangle(triangle, count, rowBytes, own, least, isSemidefinite);
    if (failed) return column + failed;
    const below = triangle + <usize>count * rowBytes;
    const rows = size - column - count;
    for (let row: u32 = 0; row < rows; row += 8) {
      solveEightRows(triangle, rowBytes, count, below + <usize>row * rowBytes, scratch + Packed.left);
    }
    if (rows) subtractOuter(below, rowBytes, rows, count, scratch);
  }
  return 0;
}

/** The products of the columns that are done, taken off what is to the right of them. */
function subtractOuter(below: usize, rowBytes: usize, rows: u32, count: u32, scratch: usize): void {
  const product = scratch + Packed.product;
  store<u32>(product, below, Product.left);
  store<u32>(product, rowBytes, Product.leftRowBytes);
  store<u32>(product, 0, Product.leftIsTransposed);
  store<u32>(product, below, Product.right);
  store<u32>(product, rowBytes, Product.rightRowBytes);
  store<u32>(product, 1, Product.rightIsTransposed);
  store<u32>(product, below + (<usize>count << 3), Product.out);
  store<u32>(product, rowBytes, Product.outRowBytes);
  store<u32>(product, rows, Product.rows);
  store<u32>(product, rows, Product.columns);
  store<u32>(product, count, Product.depth);
  store<u32>(product, Shape.lowerOut, Product.shape);
  store<u32>(product, 1, Product.isNegative);
  addProducts(product, scratch);
}

export function factoriseTriangle(
  triangle: usize, size: u32, rowBytes: usize, diagonal: usize, least: f64, isSemidefinite: bool,
): u32 {
  for (let i: u32 = 0; i < size; i++) {
    const row = triangle + <usize>i * rowBytes;
    for (let j: u32 = 0; j <= i; j++) {
      const other = triangle + <usize>j * rowBytes;
      let sum = load<f64>(row + (<usize>j << 3));
      for (let k: usize = 0, end = <usize>j << 3; k < end; k += 8) sum -= load<f64>(row + k) * load<f64>(other + k);
      if (j < i) {
        const pivot = load<f64>(other + (<usize>j << 3));
        store<f64>(row + (<usize>j << 3), pivot === 0 ? 0 : sum / pivot);
        continue;
      }
      const whole = load<f64>(diagonal + (<usize>i << 3));
      if (!(sum > least * (isSemidefinite ? whole : Math.abs(whole)))) {
        if (!isSemidefinite) return i + 1;
        sum = 0;
      }
      store<f64>(row + (<usize>i << 3), Math.sqrt(sum));
    }
  }
  return 0;
}

/** X Lᵀ = C for eight rows of C, in place; L the triangle on the diagonal. */
export function solveEightRows(triangle: usize, rowBytes: usize, width: u32, rows: usize, packed: usize): void {
  for (let j: usize = 0, out = packed; j < width; j++, out += 64) {
    for (let row: usize = 0; row < 8; row++) {
      store<f64>(out + (row << 3), load<f64>(rows + row * rowBytes + (j << 3)));
    }
  }
  for (let j: usize = 0; j < width; j++) {
    solveRow(triangle + j * rowBytes, <u32>j, packed, 64);
  }
  for (let j: usize = 0, at = packed; j < width; j++, at += 64) {
    for (let row: usize = 0; row < 8; row++) {
      store<f64>(rows + row * rowBytes + (j << 3), load<f64>(at + (row << 3)));
    }
  }
}

/**
 * Row j of L X = B in place, for eight columns of rows that stand `apart` bytes apart: B_j less what the rows before it have in it,
 * over the pivot. A pivot of 0 leaves zeros.
 */
export function solveRow(row: usize, j: u32, sides: usize, apart: usize): void {
  const own = sides + <usize>j * apart;
  const last = row + (<usize>j << 3);
  let a = v128.load(own, 0);
  let b = v128.load(own, 16);
  let c = v128.load(own, 32);
  let d = v128.load(own, 48);
  for (let at = sides; row < last; row += 8, at += apart) {
    const factor = v128.load64_splat(row);
    a = f64x2.sub(a, f64x2.mul(factor, v128.load(at, 0)));
    b = f64x2.sub(b, f64x2.mul(factor, v128.load(at, 16)));
    c = f64x2.sub(c, f64x2.mul(factor, v128.load(at, 32)));
    d = f64x2.sub(d, f64x2.mul(factor, v128.load(at, 48)));
  }
  const pivot = v128.load64_splat(last);
  const isKept = f64x2.ne(pivot, f64x2.splat(0));
  v128.store(own, v128.and(isKept, f64x2.div(a, pivot)), 0);
  v128.store(own, v128.and(isKept, f64x2.div(b, pivot)), 16);
  v128.store(own, v128.and(isKept, f64x2.div(c, pivot)), 32);
  v128.store(own, v128.and(isKept, f64x2.div(d, pivot)), 48);
}

/**
 * L X = B in place of B, `columns` (a multiple of 8) of them side by side. Where B is the identity, `isInverse`, X is lower triangular
 * and nothing above its diagonal is worked out.
 */
export function solveLower(
  matrix: usize, size: u32, rowBytes: usize, sides: usize, columns: u32, sideBytes: usize, isInverse: bool, scratch: usize,
): void {
  for (let from: u32 = 0; from < size; from += Block.innerTriangle) {
    const count = min<u32>(Block.innerTriangle, size - from);
    const width = isInverse ? min<u32>(columns, from + count) : columns;
    const rows = matrix + <usize>from * rowBytes;
    const own = sides + <usize>from * sideBytes;
    if (from) {
      const product = scratch + Packed.product;
      store<u32>(product, rows, Product.left);
      store<u32>(product, rowBytes, Product.leftRowBytes);
      store<u32>(product, 0, Product.leftIsTransposed);
      store<u32>(product, sides, Product.right);
      store<u32>(product, sideBytes, Product.rightRowBytes);
      store<u32>(product, 0, Product.rightIsTransposed);
      store<u32>(product, own, Product.out);
      store<u32>(product, sideBytes, Product.outRowBytes);
      store<u32>(product, count, Product.rows);
      store<u32>(product, isInverse ? from : columns, Product.columns);
      store<u32>(product, from, Product.depth);
      store<u32>(product, isInverse ? Shape.lowerRight : Shape.full, Product.shape);
      store<u32>(product, 1, Product.isNegative);
      addProducts(product, scratch);
    }
    const triangle = rows + (<usize>from << 3);
    for (let column: u32 = 0; column < width; column += 8) {
      for (let j: u32 = 0; j < count; j++) {
        solveRow(triangle + <usize>j * rowBytes, j, own + (<usize>column << 3), sideBytes);
      }
    }
  }
}
