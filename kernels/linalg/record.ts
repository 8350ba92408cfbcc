// What a product of matrices is told: a record of u32, at 4 bytes each. Compiled by AssemblyScript and by TypeScript alike.

/**
 * out += left right, or out −= left right, for matrices of f64. Rows and columns come in multiples of 4, on whatever distance in
 * bytes. Each entry's sum goes over k in ascending order, from what stands in `out`, as the plain loops of src/linalg have it, so
 * that both give the same bits.
 */
export const enum Product {
  /** Address of rows × depth numbers, or where it is transposed of depth × rows. */
  left = 0,
  leftRowBytes = 4,
  leftIsTransposed = 8,
  /** Address of depth × columns numbers, or where it is transposed of columns × depth. */
  right = 12,
  rightRowBytes = 16,
  rightIsTransposed = 20,
  out = 24,
  outRowBytes = 28,
  rows = 32,
  columns = 36,
  depth = 40,
  /** A sum of Shape. */
  shape = 44,
  /** 1: out −= left right. */
  isNegative = 48,
  bytes = 64,
}

/** What need not be worked out. */
export const enum Shape {
  full = 0,
  /** Nothing above the diagonal of `out` is wanted. */
  lowerOut = 1,
  /** left (i, k) is 0 for k < i. */
  upperLeft = 2,
  /** right (k, j) is 0 for k < j. */
  lowerRight = 4,
}

/** How products are cut up. */
export const enum Block {
  /** So many terms of each sum at a time. */
  depth = 256,
  rows = 128,
  columns = 512,
  /** Columns that the Cholesky factor and triangular solutions take at a time. */
  triangle = 128,
  innerTriangle = 32,
}

/** Scratch memory that every function here is given. */
export const enum Packed {
  /** A record that functions write for the products they need. */
  product = 0,
  left = 64,
  /** After rows × depth numbers. */
  right = 262208,
  /** After columns × depth numbers. */
  bytes = 1310784,
}

/** Columns of eigenvectors that stand side by side while rotations go over them. */
export const enum Strip {
  width = 8,
}
