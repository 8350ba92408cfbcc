import { cholesky, choleskySolve, NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { evenPlaces } from "../../prediction/group-effects.ts";
import { drawsOf, type NamedDraws } from "../../prediction/predictive-fit.ts";

/** The draws of all parameters as they are reported, less their means and by their sds. */
export interface ParameterDraws {
  readonly center: Float64Array;
  readonly scale: Float64Array;
  /** M×M: their correlations over all draws. */
  readonly correlation: Matrix;
  /** S × M at some of the draws. */
  at(places: ArrayLike<number>): Float64Array;
}

export function parameterDraws(names: readonly string[], draws: NamedDraws): ParameterDraws {
  const size = names.length;
  const chains = names.map((name) => drawsOf({ draws }, name));
  const perChain = chains[0][0].length;
  const total = perChain * chains[0].length;
  const center = new Float64Array(size);
  const scale = new Float64Array(size);
  chains.forEach((own, j) => {
    let sum = 0;
    for (const chain of own) for (const value of chain) sum += value;
    center[j] = sum / total;
    let squares = 0;
    for (const chain of own) for (const value of chain) squares += (value - center[j]) ** 2;
    scale[j] = Math.sqrt(squares / total) || 1;
  });
  const at = (places: ArrayLike<number>) => {
    const values = new Float64Array(places.length * size);
    for (let s = 0; s < places.length; s++)
      for (let j = 0; j < size; j++) {
        const value = chains[j][Math.floor(places[s] / perChain)][places[s] % perChain];
        values[s * size + j] = (value - center[j]) / scale[j];
      }
    return values;
  };
  const correlation = matrix(size, size);
  const all = at(evenPlaces(total, total));
  for (let s = 0; s < total; s++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) correlation.data[i * size + j] += (all[s * size + i] * all[s * size + j]) / total;
  return { center, scale, correlation, at };
}

/**
 * Weights for S of the draws, S × (1 + M): with the first a mean over them is the mean over all draws of whatever is linear in θ, so
 * that the Monte Carlo error of an effect's mean is that of its part that is not (Deville & Särndal 1992); the others give the slopes of
 * its regression on θ, of which the variance over all draws is known too. Where the draws are too few for a regression the first are
 * equal, and there are no others.
 * @param values S × M
 */
export function calibratedWeights(values: Float64Array, size: number): CalibratedWeights {
  const count = values.length / size;
  const means = new Float64Array(size);
  for (let s = 0; s < count; s++) for (let j = 0; j < size; j++) means[j] += values[s * size + j] / count;
  const squares = matrix(size, size);
  const centred = values.map((value, k) => value - means[k % size]);
  for (let s = 0; s < count; s++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) squares.data[i * size + j] += centred[s * size + i] * centred[s * size + j];
  // A parameter that two others determine to rounding.
  for (let i = 0; i < size; i++) squares.data[i * (size + 1)] += 1e-9 * count;
  const equal = { weights: new Float64Array(count).fill(1 / count), moments: undefined };
  if (count < drawsPerParameter * size) return equal;
  let factor: Matrix;
  try {
    factor = cholesky(squares);
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return equal;
    throw error;
  }
  const width = 1 + size;
  const weights = new Float64Array(count * width);
  const moments = matrix(size, size);
  for (let s = 0; s < count; s++) {
    const own = centred.subarray(s * size, (s + 1) * size);
    const slopes = choleskySolve(factor, own);
    let weight = 1 / count;
    for (let j = 0; j < size; j++) weight -= means[j] * slopes[j];
    weights[s * width] = weight;
    weights.set(slopes, s * width + 1);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) moments.data[i * size + j] += weight * values[s * size + i] * values[s * size + j];
  }
  return { weights, moments };
}

interface CalibratedWeights {
  /** S × (1 + M), or S where there is no regression. */
  readonly weights: Float64Array;
  /** M×M: Σ w x xᵀ, the covariance of θ under the first weights. */
  readonly moments: Matrix | undefined;
}

/** Fewer draws than this for each parameter tell little of a regression on all of them. */
export const drawsPerParameter = 3;
