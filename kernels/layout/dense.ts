// Tasks on a dense symmetric matrix of f64, row-major, of which the lower triangle is read and overwritten with its Cholesky
// factor. Its size and the distance of its rows are multiples of 8 numbers: rows are added that are 0 but for a 1 on the
// diagonal. Records of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.

/** Columns that are factorised together. */
export const enum DenseTile {
  width = 64,
  /** Products are summed over so many columns at a time, so that what is packed stays in the cache. */
  depth = 256,
}

/** Bytes of scratch memory for a task of factorTile: `width` packed rows of `depth` numbers, and 8 rows of `depth`. */
export const enum DenseScratch {
  packedRows = 0,
  packedTile = 16384,
  bytes = 147456,
}

/** One task of factorTile: rows from .. to − 1 of the columns of one tile. */
export const enum FactorTile {
  /** u32: address of size × size f64. */
  matrix = 0,
  size = 1,
  /** u32: the tile's first column, and how many it has; multiples of 8. */
  column = 2,
  width = 3,
  /** u32: where `from` is the tile's first column, the task does the triangle on the diagonal and nothing else. */
  from = 4,
  to = 5,
  /** u32: address of DenseScratch.bytes bytes. */
  scratch = 6,
  /** u32, written: 1 + the row of a pivot that is not positive; left as it is otherwise. */
  failure = 7,
  slots = 8,
}

/** One task of solveTriangle: L x = b or Lᵀ x = b in place. */
export const enum SolveTriangle {
  /** u32: address of size × size f64: L. */
  matrix = 0,
  size = 1,
  /** u32: address of the right sides: size f64, or where there are eight, size × 8, those of a row side by side. */
  sides = 2,
  /** u32: 1 or 8. */
  count = 3,
  /** u32: 1: Lᵀ x = b. */
  isTransposed = 4,
  /** u32: the right sides are 0 from this row on, and so is x; read where isTransposed = 1. */
  end = 5,
  slots = 6,
}
