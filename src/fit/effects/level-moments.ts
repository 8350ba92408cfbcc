import { type Matrix, matrix } from "../../linalg/matrix.ts";

/** What the kernels have summed of a factor's levels, and how it is put on the scale of the data. */
export interface FactorSums {
  readonly sums: Float64Array;
  readonly numLevels: number;
  /** q, and that of the outer factor where there are products with its effects. */
  readonly size: number;
  readonly outerSize: number;
  /** R: the first weighs all moments, the others give slopes. */
  readonly numWeights: number;
  /** q×q: b ↦ map b is on the scale of the data. */
  readonly map: Matrix;
  /**
   * M×M, where slopes are known: the covariance of θ over all draws less that over those that were summed. As the variance of what is
   * linear in θ is known over all draws, so much is added to what few of them tell.
   */
  readonly correction?: Matrix;
}

/** Moments of a level's effects, on the scale of the data. */
export interface LevelMoments {
  readonly mean: Float64Array;
  /** q×q */
  readonly covariance: Float64Array;
  /** q × (R − 1) */
  readonly slopes: Float64Array;
  /** q × q_o: E[b b_oᵀ], b_o on the scale of θ. */
  readonly products: Float64Array;
}

/** The moments of one level after the other, in arrays that are used again. */
export function levelReader({
  sums,
  size,
  outerSize,
  numWeights,
  map,
  correction,
}: FactorSums): (level: number) => LevelMoments {
  const length = size * (numWeights + size + outerSize);
  const mean = new Float64Array(size);
  const covariance = new Float64Array(size * size);
  const slopes = new Float64Array(size * (numWeights - 1));
  const products = new Float64Array(size * outerSize);
  const half = new Float64Array(size * size);
  return (level) => {
    const own = sums.subarray(level * length, (level + 1) * length);
    const squares = own.subarray(size * numWeights);
    const crossed = squares.subarray(size * size);
    for (let i = 0; i < size; i++) {
      mean[i] = mapped(map, i, own, 1);
      for (let r = 1; r < numWeights; r++)
        slopes[i * (numWeights - 1) + r - 1] = mapped(map, i, own.subarray(r * size), 1);
      for (let o = 0; o < outerSize; o++) products[i * outerSize + o] = mapped(map, i, crossed.subarray(o), outerSize);
    }
    // map (E[b bᵀ] − E[b] E[b]ᵀ) mapᵀ
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++) {
        half[i * size + k] = 0;
        for (let l = 0; l < size; l++)
          half[i * size + k] += map.data[i * size + l] * (squares[l * size + k] - own[l] * own[k]);
      }
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += half[i * size + k] * map.data[j * size + k];
        covariance[i * size + j] = sum + (correction ? between(slopes, slopes, correction, i, j) : 0);
      }
    return { mean, covariance, slopes, products };
  };
}

/** Entry (i, j) of G C Hᵀ, rows of M numbers each. */
export function between(
  g: Float64Array,
  h: Float64Array,
  { data: c, rows: size }: Matrix,
  i: number,
  j: number,
): number {
  let sum = 0;
  for (let m = 0; m < size; m++) {
    let product = 0;
    for (let n = 0; n < size; n++) product += c[m * size + n] * h[j * size + n];
    sum += g[i * size + m] * product;
  }
  return sum;
}

/** Row i of the map times a vector whose entries are `stride` apart. */
function mapped(map: Matrix, i: number, values: Float64Array, stride: number): number {
  let sum = 0;
  for (let k = 0; k < map.columns; k++) sum += map.data[i * map.columns + k] * values[k * stride];
  return sum;
}

/** The maps of a factor's terms, each of its own effects, as one. */
export function blockMap(blocks: readonly { readonly size: number; readonly toOriginal: Float64Array }[]): Matrix {
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  const map = matrix(size, size);
  let first = 0;
  for (const { size: own, toOriginal } of blocks) {
    for (let i = 0; i < own; i++)
      for (let j = 0; j < own; j++) map.data[(first + i) * size + first + j] = toOriginal[i * own + j];
    first += own;
  }
  return map;
}
