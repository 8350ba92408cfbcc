import { type Matrix, multiplyVector } from "../linalg/matrix.ts";

/** Coefficients that share one prior precision λ: θ_j ~ N(m_j, 1/λ) for the D_g parameters of the group. */
export interface PriorGroup {
  /** The group's name for users: a term of the formula. */
  readonly name: string;
  /** Indices into θ, D_g. */
  readonly parameters: readonly number[];
}

/** Σ_{j∈g} (θ_j − m_j)² */
export function squaredDistance({ parameters }: PriorGroup, position: ArrayLike<number>, mean: ArrayLike<number>) {
  let sum = 0;
  for (const j of parameters) sum += (position[j] - mean[j]) ** 2;
  return sum;
}

/**
 * The score of log λ, 1 − λ E[Σ_{j∈g}(θ_j − m_j)²]/D_g: the derivative of log p(y | λ) by log λ in units of D_g/2 (Fisher's
 * identity: the expectation is over p(θ | y, λ)). It is 0 where ½ E[Σ(θ_j − m_j)²] = D_g/(2λ).
 * Source: Mandt, Hoffman & Blei (2017), section 4.2, whose joint loss has this gradient by λ, times −λ N.
 */
export function precisionScore(precision: number, meanSquaredDistance: number, size: number): number {
  return 1 - (precision * meanSquaredDistance) / size;
}

/** Below this slope the score says so little about λ that a Newton step would be mostly noise. */
const minSlope = 0.1;

/**
 * How steeply the score falls with log λ, s = 1 + d log E[Σ(θ_j − m_j)²] / d log λ for a normal posterior N(θ*, P):
 * with d = θ* − m, dd/dλ = −P d and dP/dλ = −P P, so that s = 1 − λ (2 dᵀPd + |P|²_F)/(|d|² + Tr P) over the group. Near 1
 * where the data determine the coefficients, near 0 where the prior does. Kept between 0.1 and 1.
 * @param offset d of the group's parameters, D_g
 * @param covariance P of the group's parameters, D_g×D_g, or its diagonal alone, D_g
 */
export function precisionSlope(precision: number, offset: Float64Array, covariance: Matrix | Float64Array): number {
  let squares = 0;
  let weighted = 0;
  const isDiagonal = covariance instanceof Float64Array;
  const spread = isDiagonal ? offset.map((d, j) => covariance[j] * d) : multiplyVector(covariance, offset);
  for (let j = 0; j < offset.length; j++) {
    squares += offset[j] ** 2 + (isDiagonal ? covariance[j] : covariance.data[j * offset.length + j]);
    weighted += 2 * offset[j] * spread[j];
  }
  for (const entry of isDiagonal ? covariance : covariance.data) weighted += entry ** 2;
  return Math.min(1, Math.max(minSlope, 1 - (precision * weighted) / squares));
}
