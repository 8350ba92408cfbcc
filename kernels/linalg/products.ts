// Products of matrices, cut up so that what is packed stays in the caches.
import { addFourByFour, pack } from "./panels";
import { Block, Packed, Product, Shape } from "./record";

/** Works out the product whose record stands at `product`. */
export function addProducts(product: usize, scratch: usize): void {
  const shape = load<u32>(product, Product.shape);
  const depth = load<u32>(product, Product.depth);
  for (let k: u32 = 0; k < depth; k += Block.depth) {
    const count = min<u32>(Block.depth, depth - k);
    let rows = load<u32>(product, Product.rows);
    let columns = load<u32>(product, Product.columns);
    if (shape & Shape.upperLeft) rows = min<u32>(rows, (k + count + 3) & ~3);
    if (shape & Shape.lowerRight) columns = min<u32>(columns, (k + count + 3) & ~3);
    for (let j: u32 = 0; j < columns; j += Block.columns) {
      const width = min<u32>(Block.columns, columns - j);
      packRight(product, j, width, k, count, scratch + Packed.right);
      for (let i: u32 = shape & Shape.lowerOut ? j - (j % Block.rows) : 0; i < rows; i += Block.rows) {
        const height = min<u32>(Block.rows, rows - i);
        packLeft(product, i, height, k, count, scratch + Packed.left);
        addPacked(product, scratch, i, height, j, width, count);
      }
    }
  }
}

function packRight(product: usize, j: u32, width: u32, k: u32, count: u32, out: usize): void {
  const rowBytes = <usize>load<u32>(product, Product.rightRowBytes);
  const isTransposed = load<u32>(product, Product.rightIsTransposed) !== 0;
  const row = isTransposed ? j : k;
  const column = isTransposed ? k : j;
  const from = <usize>load<u32>(product, Product.right) + <usize>row * rowBytes + (<usize>column << 3);
  pack(from, rowBytes, !isTransposed, width, count, 1, out);
}

function packLeft(product: usize, i: u32, height: u32, k: u32, count: u32, out: usize): void {
  const rowBytes = <usize>load<u32>(product, Product.leftRowBytes);
  const isTransposed = load<u32>(product, Product.leftIsTransposed) !== 0;
  const row = isTransposed ? k : i;
  const column = isTransposed ? i : k;
  const from = <usize>load<u32>(product, Product.left) + <usize>row * rowBytes + (<usize>column << 3);
  pack(from, rowBytes, isTransposed, height, count, load<u32>(product, Product.isNegative) ? -1 : 1, out);
}

/** The part of the product that is packed: rows from i on, columns from j on. */
export function addPacked(product: usize, scratch: usize, i: u32, height: u32, j: u32, width: u32, count: u32): void {
  const rowBytes = <usize>load<u32>(product, Product.outRowBytes);
  const out = <usize>load<u32>(product, Product.out) + <usize>i * rowBytes + (<usize>j << 3);
  const panelBytes = <usize>count << 5;
  const isLower = (load<u32>(product, Product.shape) & Shape.lowerOut) !== 0;
  for (let column: u32 = 0, right = scratch + Packed.right; column < width; column += 4, right += panelBytes) {
    // The first row whose four rows reach the diagonal.
    const first = isLower && j + column > i ? j + column - i : 0;
    if (first >= height) return;
    let left = scratch + Packed.left + <usize>(first >> 2) * panelBytes;
    for (let row = first; row < height; row += 4, left += panelBytes) {
      addFourByFour(left, right, count, out + <usize>row * rowBytes + (<usize>column << 3), rowBytes);
    }
  }
}
