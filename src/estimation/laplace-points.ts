import { type Matrix, multiplyVector } from "../linalg/matrix.ts";

/**
 * Points of N(center, K Kᵀ) in antithetic pairs, center ± K z: averages over them have no error of odd order. The normal
 * deviates are drawn pair by pair, as the points are asked for.
 */
export function* antitheticPoints(
  center: Float64Array,
  factor: Matrix,
  numPairs: number,
  normal: () => number,
): Generator<Float64Array> {
  for (let pair = 0; pair < numPairs; pair++) {
    const offset = multiplyVector(factor, Float64Array.from(center, normal));
    for (const sign of [1, -1]) yield center.map((value, j) => value + sign * offset[j]);
  }
}
