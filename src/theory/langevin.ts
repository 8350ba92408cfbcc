import { identity } from "../linalg/matrix.ts";
import type { NoiseAndCurvature } from "./optimal.ts";
import type { LinearSgd } from "./stationary.ts";

/**
 * Stochastic gradient Langevin dynamics at a constant rate, θ ← θ − (ε/2) N ĝ + √ε z with z ~ N(0, I), as stochastic
 * gradient descent with injected noise: H = (εN/2) I, Q = ε I. Its law is then `discreteStationaryCovariance`, exact for a
 * quadratic loss, or in continuous time `continuousStationaryCovariance`, which solves
 * ½ N (AΣ + ΣA) = I + (ε N²/(4S)) C.
 * Source: Mandt, Hoffman & Blei (2017), section 5.1. Erratum: the paper prints (ε N/(2S)) C on the right; the update's
 * minibatch noise (ε/2) N ĝ has covariance (ε²N²/(4S)) C, a simulation agrees with the form above.
 * @param learningRate ε
 */
export function langevinAsSgd(
  { hessian, noiseCovariance, numRows, batchSize }: NoiseAndCurvature,
  learningRate: number,
): LinearSgd {
  const size = hessian.rows;
  return {
    preconditioner: identity(size, (learningRate * numRows) / 2),
    hessian,
    noiseCovariance,
    batchSize,
    injectedNoise: identity(size, learningRate),
  };
}
