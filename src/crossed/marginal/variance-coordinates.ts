import { cholesky, solveLower } from "../../linalg/cholesky.ts";
import { type Matrix, mapEntries, multiplyVector } from "../../linalg/matrix.ts";
import { sigmaOf } from "../variances.ts";
import type { GaussianMarginal } from "./gaussian-marginal.ts";

/**
 * Places w in which the likelihood is nearly quadratic, so that few points tell it. log τ is replaced by ½ log(τ² + c²), c² the
 * variance with which the data know an effect: with balanced levels the likelihood depends on that sum alone, and as τ → 0, where
 * log τ runs off to −∞, the likelihood and this come to an end. Then posterior sds about the mode are the units.
 */
export interface VarianceCoordinates {
  /** K with the posterior covariance of θ ≈ K Kᵀ. */
  readonly root: Matrix;
  placeOf(theta: Float64Array): Float64Array;
  /** θ̂ + K u */
  thetaAt(offset: Float64Array): Float64Array;
}

export function varianceCoordinates(
  marginal: GaussianMarginal,
  mode: Float64Array,
  metric: Matrix,
): VarianceCoordinates {
  const noise = effectNoise(marginal, mode);
  const bend = (theta: Float64Array) =>
    theta.map((value, at) => (noise[at] === 0 ? value : 0.5 * Math.log(Math.exp(2 * value) + noise[at])));
  const slopes = mode.map((value, at) => 1 / (1 + noise[at] * Math.exp(-2 * value)));
  const center = bend(mode);
  const root = cholesky(metric);
  const bentRoot = cholesky(mapEntries(metric, (value, i, j) => value * slopes[i] * slopes[j]));
  return {
    root,
    placeOf(theta) {
      const bent = bend(theta);
      return solveLower(
        bentRoot,
        bent.map((value, at) => value - center[at]),
      );
    },
    thetaAt(offset) {
      const moved = multiplyVector(root, offset);
      return mode.map((value, at) => value + moved[at]);
    },
  };
}

/** By parameter: for a log τ the median over levels of 1/(what the level's rows know of the effect); else 0. */
function effectNoise({ layout, model, equations }: GaussianMarginal, theta: Float64Array): Float64Array {
  const noise = new Float64Array(layout.size);
  const variance = sigmaOf(layout, theta) ** 2;
  for (const { factor, firstEffect, numEffects, numLevels, at } of layout.terms) {
    const q = model.factors[factor].effects.length;
    for (let a = 0; a < numEffects; a++) {
      const known = Float64Array.from(
        { length: numLevels },
        (_, level) => equations.own[factor][level * q * q + (firstEffect + a) * (q + 1)],
      )
        .filter((value) => value > 0)
        .sort();
      if (known.length > 0) noise[at + a] = variance / known[Math.floor(known.length / 2)];
    }
  }
  return noise;
}
