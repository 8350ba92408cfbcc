import type { Matrix } from "./dense.ts";
import { multiplyVector } from "./matrix.ts";
import { newWorkbench, type Workbench } from "./workbench.ts";

/** Entries below which a call into WebAssembly takes longer than the plain loops. */
const leastEntries = 2048;
const stripRows = 8;
/** Vectors that there is room for at once. */
const vectorsTogether = 16;

/**
 * Matrices that many vectors are multiplied with, their entries rounded to single precision: half as much is read. Large ones stay in
 * one WebAssembly memory, which goes when they go. Every memory takes gigabytes of addresses, so that they should be few.
 */
export function residentMatrices(...matrices: readonly Matrix[]): readonly ResidentMatrix[] {
  const isLarge = ({ rows, columns }: Matrix) => rows * columns >= leastEntries;
  const bench = matrices.some(isLarge) ? newWorkbench() : undefined;
  return matrices.map(({ rows, columns, data }) => {
    const rounded = { rows, columns, data: data.map(Math.fround) };
    return new ResidentMatrix(rounded, bench && isLarge(rounded) ? placeIn(bench, rounded) : undefined);
  });
}

/** One of them; the bits of its products are those of `multiplyVector`. */
export class ResidentMatrix {
  readonly #matrix: Matrix;
  readonly #place: Place | undefined;

  constructor(matrix: Matrix, place: Place | undefined) {
    this.#matrix = matrix;
    this.#place = place;
  }

  /** A v of each vector. Several together take less time than one by one, as the matrix is read once for all of them. */
  multiply(vectors: readonly ArrayLike<number>[]): Float64Array[] {
    const place = this.#place;
    if (!place) return vectors.map((vector) => multiplyVector(this.#matrix, vector));
    const products: Float64Array[] = [];
    for (let from = 0; from < vectors.length; from += vectorsTogether)
      products.push(...this.#multiplyFew(vectors.slice(from, from + vectorsTogether), place));
    return products;
  }

  #multiplyFew(few: readonly ArrayLike<number>[], place: Place): Float64Array[] {
    const { bench, strips, ranges, numStrips, vectors, products } = place;
    const { rows, columns } = this.#matrix;
    few.forEach((vector, k) => {
      bench.f64(vectors + 8 * k * columns, columns).set(vector);
    });
    bench.kernels.multiplyStrips(strips, ranges, numStrips, columns, vectors, few.length, products);
    return few.map((_, k) => bench.f64(products + 8 * k * numStrips * stripRows, rows).slice());
  }
}

/** Addresses, and the number of strips. */
interface Place {
  readonly bench: Workbench;
  readonly strips: number;
  readonly ranges: number;
  readonly numStrips: number;
  readonly vectors: number;
  readonly products: number;
}

function placeIn(bench: Workbench, matrix: Matrix): Place {
  const { rows, columns, data } = matrix;
  const numStrips = Math.ceil(rows / stripRows);
  const ranges = bench.allocate(8 * numStrips);
  const vectors = bench.allocate(8 * columns * vectorsTogether);
  const products = bench.allocate(8 * numStrips * stripRows * vectorsTogether);
  const used = Array.from({ length: numStrips }, (_, strip) => columnsUsed(matrix, strip * stripRows));
  bench.u32(ranges, 2 * numStrips).set(used.flatMap(({ first, end }) => [first, end - first]));
  const length = used.reduce((sum, { first, end }) => sum + stripRows * (end - first), 0);
  const strips = bench.allocate(4 * length);
  const entries = bench.f32(strips, length).fill(0);
  let at = 0;
  used.forEach(({ first, end }, strip) => {
    const from = strip * stripRows;
    for (let j = first; j < end; j++, at += stripRows)
      for (let i = from; i < Math.min(from + stripRows, rows); i++) entries[at + i - from] = data[i * columns + j];
  });
  return { bench, strips, ranges, numStrips, vectors, products };
}

/** Between which columns of a strip all that is not 0 stands: half of a triangular matrix is left out. */
function columnsUsed({ rows, columns, data }: Matrix, from: number): { first: number; end: number } {
  const isZero = (column: number) => {
    for (let i = from; i < Math.min(from + stripRows, rows); i++) if (data[i * columns + column] !== 0) return false;
    return true;
  };
  let [first, end] = [0, columns];
  while (first < end && isZero(first)) first++;
  while (first < end && isZero(end - 1)) end--;
  return { first, end };
}
