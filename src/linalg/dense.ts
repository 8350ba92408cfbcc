/** A dense real matrix of f64, row-major: entry (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A rows × columns matrix over `data`, or of zeros. */
export function matrix(rows: number, columns: number, data = new Float64Array(rows * columns)): Matrix {
  return { rows, columns, data };
}
