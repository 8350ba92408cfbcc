import type { Matrix } from "./dense.ts";
import { multiplyVector } from "./matrix.ts";
import { newWorkbench, type Workbench } from "./workbench.ts";

/** Entries below which a call into WebAssembly takes longer than the plain loops. */
const leastEntries = 2048;
const stripRows = 16;

/**
 * Matrices that many vectors are multiplied with: large ones stay in one WebAssembly memory, which goes when they go. Every memory
 * takes gigabytes of addresses, so that they should be few.
 */
export function residentMatrices(...matrices: readonly Matrix[]): readonly ResidentMatrix[] {
  const isLarge = ({ rows, columns }: Matrix) => rows * columns >= leastEntries;
  const bench = matrices.some(isLarge) ? newWorkbench() : undefined;
  return matrices.map(
    (matrix) => new ResidentMatrix(matrix, bench && isLarge(matrix) ? placeIn(bench, matrix) : undefined),
  );
}

/** One of them; the bits of its products are those of `multiplyVector`. */
export class ResidentMatrix {
  readonly #matrix: Matrix;
  readonly #place: Place | undefined;

  constructor(matrix: Matrix, place: Place | undefined) {
    this.#matrix = matrix;
    this.#place = place;
  }

  /** A v */
  multiply(v: ArrayLike<number>): Float64Array {
    if (!this.#place) return multiplyVector(this.#matrix, v);
    const { bench, strips, numStrips, vector, out } = this.#place;
    const { rows, columns } = this.#matrix;
    bench.f64(vector, columns).set(v);
    bench.kernels.multiplyStrips(strips, numStrips, columns, vector, out);
    return bench.f64(out, rows).slice();
  }
}

interface Place {
  readonly bench: Workbench;
  /** Addresses. */
  readonly strips: number;
  readonly vector: number;
  readonly out: number;
  readonly numStrips: number;
}

function placeIn(bench: Workbench, { rows, columns, data }: Matrix): Place {
  const numStrips = Math.ceil(rows / stripRows);
  const strips = bench.allocate(8 * numStrips * stripRows * columns);
  const vector = bench.allocate(8 * columns);
  const out = bench.allocate(8 * numStrips * stripRows);
  const entries = bench.f64(strips, numStrips * stripRows * columns);
  for (let i = 0; i < rows; i++) {
    const strip = (i - (i % stripRows)) * columns + (i % stripRows);
    for (let j = 0; j < columns; j++) entries[strip + j * stripRows] = data[i * columns + j];
  }
  return { bench, strips, numStrips, vector, out };
}
