import { type Matrix, matrix } from "./matrix.ts";

/**
 * The upper triangular R of X = Q R, D×D, from X's rows, a block at a time: each block is put below the current R, and
 * both are reduced to a triangle by Householder reflections. In double precision R is accurate to about 1e-16 of X's
 * largest singular value, whereas XᵀX has that accuracy only for the squares. Cost 2 D² per row.
 *
 * Source: Golub & Van Loan, Matrix Computations (2013), sections 5.2 and 6.5.
 */
export class TriangularFactor {
  /** D×D, row-major, zero below the diagonal. */
  readonly triangle: Matrix;

  constructor(private readonly size: number) {
    this.triangle = matrix(size, size);
  }

  /** Adds `count` rows of D numbers, which are overwritten. */
  add(rows: Float64Array, count: number): void {
    const { size } = this;
    const r = this.triangle.data;
    for (let k = 0; k < size; k++) {
      let squares = 0;
      for (let i = 0, at = k; i < count; i++, at += size) squares += rows[at] * rows[at];
      if (squares === 0) continue;
      const own = r[k * size + k];
      const length = Math.hypot(own, Math.sqrt(squares));
      // The sign that avoids cancellation.
      const head = own + (own >= 0 ? length : -length);
      const factor = 2 / (head * head + squares);
      for (let j = k; j < size; j++) {
        let product = head * r[k * size + j];
        for (let i = 0, at = 0; i < count; i++, at += size) product += rows[at + k] * rows[at + j];
        const step = factor * product;
        r[k * size + j] -= step * head;
        if (j > k) for (let i = 0, at = 0; i < count; i++, at += size) rows[at + j] -= step * rows[at + k];
      }
    }
  }
}
