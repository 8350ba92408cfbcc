import { type Matrix, matrix, multiplyVector } from "../linalg/matrix.ts";

/** A symmetric tensor T_jkl of third order. */
export interface SymmetricTensor {
  readonly size: number;
  /** size³, entry (j, k, l) at (j size + k) size + l. */
  readonly data: Float64Array;
}

export function symmetricTensor(size: number, data = new Float64Array(size ** 3)): SymmetricTensor {
  return { size, data };
}

/** The mean over the orders of its indices, to the last bit. */
export function symmetrised({ size, data }: SymmetricTensor): SymmetricTensor {
  const result = symmetricTensor(size);
  for (let j = 0; j < size; j++)
    for (let k = 0; k <= j; k++)
      for (let l = 0; l <= k; l++) {
        const places = placesOf(size, j, k, l);
        const mean = places.reduce((sum, at) => sum + data[at], 0) / places.length;
        for (const at of places) result.data[at] = mean;
      }
  return result;
}

/** Where the entry (j, k, l) stands with its indices in every order. */
export function placesOf(size: number, j: number, k: number, l: number): readonly number[] {
  const at = (a: number, b: number, c: number) => (a * size + b) * size + c;
  return [at(j, k, l), at(j, l, k), at(k, j, l), at(k, l, j), at(l, j, k), at(l, k, j)];
}

/** Σ_l T_jkl u_l */
export function contractVector({ size, data }: SymmetricTensor, u: ArrayLike<number>): Matrix {
  const result = matrix(size, size);
  for (let at = 0, entry = 0; at < size * size; at++) {
    let sum = 0;
    for (let l = 0; l < size; l++) sum += data[entry++] * u[l];
    result.data[at] = sum;
  }
  return result;
}

/** Σ_kl T_jkl B_kl */
export function contractMatrix({ size, data }: SymmetricTensor, { data: b }: Matrix): Float64Array {
  const result = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    let sum = 0;
    for (let at = 0; at < size * size; at++) sum += data[j * size * size + at] * b[at];
    result[j] = sum;
  }
  return result;
}

/** Σ T_abc F_aj F_bk F_cl: the tensor in coordinates v where it was one in F v. */
export function transformTensor(tensor: SymmetricTensor, factor: Matrix): SymmetricTensor {
  const { size } = tensor;
  let { data } = tensor;
  // Each round transforms the first index and makes it the last.
  for (let round = 0; round < 3; round++) {
    const next = new Float64Array(size ** 3);
    for (let a = 0; a < size; a++)
      for (let j = 0; j < size; j++) {
        const weight = factor.data[a * size + j];
        if (weight === 0) continue;
        for (let at = 0; at < size * size; at++) next[at * size + j] += weight * data[a * size * size + at];
      }
    data = next;
  }
  return { size, data };
}

export function addTensors(a: SymmetricTensor, b: SymmetricTensor): SymmetricTensor {
  return { size: a.size, data: a.data.map((value, k) => value + b.data[k]) };
}

/** A normal law of u: its mean and its covariance. */
interface Law {
  readonly mean: ArrayLike<number>;
  readonly covariance: Matrix;
}

/**
 * What U(u) = −log p(u) is like over N(m, W), where p is known by its moments up to the third: its means are 0, its covariances I,
 * and T the third derivatives of U, so that its third cumulants are −T to first order. By Edgeworth's series
 * U(u) = ½ |u|² + (1/6) Σ T_jkl He_jkl(u), He_jkl = u_j u_k u_l − u_j δ_kl − u_k δ_jl − u_l δ_jk, and
 *
 *   E ∇U = m + ½ T[m mᵀ + W − I],   E ∇²U = I + T[m].
 *
 * At m = 0 and W = I nothing is added: the law that p is known by is kept.
 */
export function expandOver(thirds: SymmetricTensor, { mean, covariance }: Law) {
  const { size } = thirds;
  const spread = matrix(size, size, Float64Array.from(covariance.data));
  for (let j = 0; j < size; j++)
    for (let k = 0; k < size; k++) spread.data[j * size + k] += mean[j] * mean[k] - Number(j === k);
  const bend = contractMatrix(thirds, spread);
  const curvature = contractVector(thirds, mean);
  /** What the third derivatives add to the curvature. */
  const change = matrix(size, size, Float64Array.from(curvature.data));
  for (let j = 0; j < size; j++) curvature.data[j * (size + 1)] += 1;
  return { gradient: Float64Array.from(bend, (value, j) => mean[j] + value / 2), bend, curvature, change };
}

/**
 * To first order how much T changes of a law N(m, W) of which p makes a part: its mean by −½ W T[m mᵀ + W − I], its covariance by
 * −W T[m] W.
 */
export function changeByThirds(thirds: SymmetricTensor, law: Law): { mean: Float64Array; covariance: Matrix } {
  const { bend, change } = expandOver(thirds, law);
  const { size } = thirds;
  const { covariance } = law;
  const right = matrix(size, size);
  for (let j = 0; j < size; j++) {
    const column = multiplyVector(
      change,
      Float64Array.from({ length: size }, (_, k) => covariance.data[k * size + j]),
    );
    multiplyVector(covariance, column).forEach((value, k) => {
      right.data[k * size + j] = -value;
    });
  }
  return { mean: multiplyVector(covariance, bend).map((value) => -value / 2), covariance: right };
}
