import { choleskySemidefinite } from "../../linalg/cholesky.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { LevelLaws } from "../../prediction/group-effects.ts";
import type { ParameterDraws } from "./effect-draws.ts";
import { between, type FactorSums, levelReader } from "./level-moments.ts";

/** The outer factor's laws, and where each inner level lies. */
export interface OuterLaws {
  readonly levelOf: Float64Array;
  readonly mean: Float64Array;
  readonly laws: LevelLaws;
  readonly size: number;
  readonly map: Matrix;
}

/** The parameters over all draws, and their covariance under the weights of the sums, where there is a regression on them. */
export interface LawParameters extends Pick<ParameterDraws, "center" | "scale" | "correlation"> {
  readonly moments: Matrix | undefined;
}

/**
 * Each level's normal law around its regression on θ: what remains of its covariance, and of an inner level's also that on its outer
 * level's own deviation, B = Cov(b, b_o | θ) Var(b_o | θ)⁻¹.
 */
export function levelLaws(
  factor: FactorSums,
  { center, scale, correlation, moments }: LawParameters,
  outer?: OuterLaws,
): LevelLaws {
  const { numLevels, size } = factor;
  const numParameters = center.length;
  const slopes = new Float64Array(numLevels * size * numParameters);
  const factors = new Float64Array(numLevels * size * size);
  const outerSlopes = new Float64Array(outer ? numLevels * size * outer.size : 0);
  const rest = matrix(size, size);
  const read = levelReader(factor);
  for (let level = 0; level < numLevels; level++) {
    const { mean, covariance, slopes: own, products } = read(level);
    rest.data.set(covariance);
    if (moments) {
      slopes.set(own, level * own.length);
      rest.data.set(without(rest.data, own, own, correlation, size));
    }
    if (outer) {
      const to = outer.size;
      const g = outer.levelOf[level];
      const outerOwn = outer.laws.slopes.subarray(g * to * numParameters, (g + 1) * to * numParameters);
      // On the scale of the data, less the product of the means.
      const crossed = new Float64Array(size * to);
      for (let i = 0; i < size; i++)
        for (let o = 0; o < to; o++) {
          for (let k = 0; k < to; k++) crossed[i * to + o] += products[i * to + k] * outer.map.data[o * to + k];
          crossed[i * to + o] -= mean[i] * outer.mean[g * to + o];
        }
      const left = moments ? without(crossed, own, outerOwn, moments, to) : crossed;
      const by = divided(left, outer.laws.factors.subarray(g * to * to, (g + 1) * to * to), size, to);
      outerSlopes.set(by, level * size * to);
      for (let i = 0; i < size; i++)
        for (let j = 0; j < size; j++)
          for (let o = 0; o < to; o++) rest.data[i * size + j] -= by[i * to + o] * left[j * to + o];
    }
    factors.set(factorOf(rest), level * size * size);
  }
  return {
    ...{ kind: "laws", center, scale, slopes, factors },
    ...(outer && { outer: { levelOf: outer.levelOf, slopes: outerSlopes } }),
  };
}

/** A − G R Hᵀ, R a covariance of θ. */
function without(a: Float64Array, g: Float64Array, h: Float64Array, r: Matrix, columns: number): Float64Array {
  return a.map((value, at) => value - between(g, h, r, Math.floor(at / columns), at % columns));
}

/** A (C Cᵀ)⁻¹, directions in which C is 0 left out. */
function divided(a: Float64Array, c: Float64Array, rows: number, size: number): Float64Array {
  const result = a.slice();
  for (let i = 0; i < rows; i++) {
    const x = result.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < size; k++) {
      for (let l = 0; l < k; l++) x[k] -= c[k * size + l] * x[l];
      x[k] = c[k * size + k] > 0 ? x[k] / c[k * size + k] : 0;
    }
    for (let k = size - 1; k >= 0; k--) {
      for (let l = k + 1; l < size; l++) x[k] -= c[l * size + k] * x[l];
      x[k] = c[k * size + k] > 0 ? x[k] / c[k * size + k] : 0;
    }
  }
  return result;
}

/** Monte Carlo error may leave a variance that is nearly 0 below it. */
function factorOf(covariance: Matrix): Float64Array {
  const { rows: size, data } = covariance;
  for (let i = 0; i < size; i++) data[i * (size + 1)] = Math.max(0, data[i * (size + 1)]);
  if (size === 1) return data.map(Math.sqrt);
  return choleskySemidefinite(covariance).data;
}
