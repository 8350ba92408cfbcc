import { Shape } from "../../kernels/linalg/record.ts";
import { type Matrix, matrix } from "./dense.ts";
import { onWorkbench, padded } from "./workbench.ts";

// Large matrices in WebAssembly. Every function returns null where the plain loops are to be taken: the matrices are small, or there
// is no workbench. The bits are those of the plain loops.

/** Multiplications below which copying the matrices costs more than it saves. */
const leastWork = 48 ** 3;
const leastSide = 8;

/** A B */
export function wideProduct(a: Matrix, b: Matrix): Matrix | null {
  const [rows, depth, columns] = [a.rows, a.columns, b.columns];
  if (Math.min(rows, depth, columns) < leastSide || rows * depth * columns < leastWork) return null;
  const numbers =
    padded(rows) * padded(depth) + padded(depth) * padded(columns) + padded(rows) * padded(columns) + 1024;
  return onWorkbench(numbers, (bench) => {
    const [left, right, out] = [bench.put(a), bench.put(b), bench.place(rows, columns)];
    bench.addProduct(left, right, out, { rows, columns, depth });
    const result = matrix(rows, columns);
    bench.take(out, result);
    return result;
  });
}

/** Rows whose outer products are summed at a time. */
const outerRows = 1024;

/**
 * Σ (x − m)(x − m)ᵀ over the rows x of all arrays, each n × D row-major: its lower triangle, with zeros above it. The rows are added
 * one after the other.
 */
export function wideOuterProducts(arrays: readonly Float64Array[], center: Float64Array): Matrix | null {
  const size = center.length;
  const count = arrays.reduce((sum, { length }) => sum + length / size, 0);
  if (size < leastSide || count * size ** 2 < leastWork) return null;
  return onWorkbench(padded(size) ** 2 + outerRows * padded(size) + 1024, (bench) => {
    const out = bench.place(size, size);
    const rows = bench.place(outerRows, size);
    const entries = bench.f64(rows.address, outerRows * rows.stride);
    let filled = 0;
    const add = () => {
      const sides = { rows: size, columns: size, depth: filled };
      bench.addProduct({ ...rows, isTransposed: true }, rows, out, sides, Shape.lowerOut);
      filled = 0;
    };
    for (const values of arrays)
      for (let start = 0; start < values.length; start += size) {
        const at = filled * rows.stride;
        for (let j = 0; j < size; j++) entries[at + j] = values[start + j] - center[j];
        if (++filled === outerRows) add();
      }
    add();
    const result = matrix(size, size);
    bench.take(out, result, true);
    return result;
  });
}

/** How pivots that are not positive are taken. */
export interface Pivots {
  /** A pivot of this share of the diagonal entry of A, or less, is none. */
  readonly least: number;
  /** Its column is 0; otherwise the matrix is refused. */
  readonly isSemidefinite: boolean;
}

/** L with A = L Lᵀ from A's lower triangle, or the row of the first pivot that is none. */
export function wideCholesky(a: Matrix, pivots: Pivots): Matrix | number | null {
  const size = a.rows;
  if (size ** 3 < leastWork) return null;
  return onWorkbench(padded(size) ** 2 + padded(size) + 1024, (bench) => {
    const placed = bench.put(a, 1);
    const failed = factorise(bench, placed, size, pivots);
    if (failed > 0) return failed - 1;
    const factor = matrix(size, size);
    bench.take(placed, factor, true);
    return factor;
  });
}

type Bench = Parameters<Parameters<typeof onWorkbench>[1]>[0];
type Placed = ReturnType<Bench["place"]>;

function factorise(bench: Bench, { address, stride }: Placed, size: number, { least, isSemidefinite }: Pivots): number {
  const diagonal = bench.allocate(8 * stride);
  const entries = bench.f64(address, stride * stride);
  const squares = bench.f64(diagonal, stride);
  for (let i = 0; i < stride; i++) squares[i] = entries[i * (stride + 1)];
  const given = [address, padded(size), 8 * stride, diagonal, least, isSemidefinite ? 1 : 0, bench.scratch];
  return bench.kernels.factorise(...given);
}

/** L⁻¹ of a lower triangular matrix. */
export function wideInverseOfLower(l: Matrix): Matrix | null {
  const size = l.rows;
  if (size ** 3 < leastWork || !areFinite(l)) return null;
  return onWorkbench(2 * padded(size) ** 2 + 1024, (bench) => {
    const inverse = invert(bench, bench.put(l, 1), size);
    const result = matrix(size, size);
    bench.take(inverse, result, true);
    return result;
  });
}

function invert(bench: Bench, factor: Placed, size: number): Placed {
  const inverse = bench.place(size, size);
  const rows = padded(size);
  const entries = bench.f64(inverse.address, rows * inverse.stride);
  for (let i = 0; i < rows; i++) entries[i * (inverse.stride + 1)] = 1;
  const given = [factor.address, rows, 8 * factor.stride, inverse.address, rows, 8 * inverse.stride, 1, bench.scratch];
  bench.kernels.solveLower(...given);
  return inverse;
}

/** The lower triangle of L⁻ᵀ L⁻¹, with zeros above it. */
export function wideSquareOfInverse(inverse: Matrix): Matrix | null {
  const size = inverse.rows;
  if (size ** 3 < leastWork || !areFinite(inverse)) return null;
  return onWorkbench(2 * padded(size) ** 2 + 1024, (bench) => {
    const [placed, out] = [bench.put(inverse), bench.place(size, size)];
    const shape = Shape.lowerOut + Shape.upperLeft;
    const sides = { rows: size, columns: size, depth: size };
    bench.addProduct({ ...placed, isTransposed: true }, placed, out, sides, shape);
    const result = matrix(size, size);
    bench.take(out, result, true);
    return result;
  });
}

/** Products with zeros that are left out would have been no zeros beside an infinity. */
function areFinite({ data }: Matrix): boolean {
  for (const value of data) if (!Number.isFinite(value)) return false;
  return true;
}
