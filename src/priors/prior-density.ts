import type { Prior } from "./prior.ts";
import type { ScalePrior } from "./scale-prior.ts";

/**
 * −log p(x), up to a constant that does not depend on x: 0 at the mean.
 *
 *   normal     z²/2,                      z = (x − mean)/sd
 *   student-t  (ν + 1)/2 log(1 + z²/ν),   z = (x − mean)/scale
 *   laplace    |z|
 */
export function negativeLogDensity(prior: Prior, x: number): number {
  switch (prior.kind) {
    case "normal":
      return 0.5 * ((x - prior.mean) / prior.sd) ** 2;
    case "student-t": {
      const z = (x - prior.mean) / prior.scale;
      return 0.5 * (prior.degrees + 1) * Math.log1p((z * z) / prior.degrees);
    }
    case "laplace":
      return Math.abs(x - prior.mean) / prior.scale;
  }
}

/** d/dx of negativeLogDensity; 0 at a laplace prior's mean, where it jumps from −1/scale to 1/scale. */
export function slope(prior: Prior, x: number): number {
  const distance = x - prior.mean;
  switch (prior.kind) {
    case "normal":
      return distance / prior.sd ** 2;
    case "student-t":
      return ((prior.degrees + 1) * distance) / (prior.degrees * prior.scale ** 2 + distance ** 2);
    case "laplace":
      return Math.sign(distance) / prior.scale;
  }
}

/**
 * d²/dx² of negativeLogDensity. Negative for a student-t prior beyond √degrees scales from its mean; 0 for a laplace
 * prior, though its slope jumps at the mean.
 */
export function curvature(prior: Prior, x: number): number {
  switch (prior.kind) {
    case "normal":
      return 1 / prior.sd ** 2;
    case "student-t": {
      const width = prior.degrees * prior.scale ** 2;
      const square = (x - prior.mean) ** 2;
      return ((prior.degrees + 1) * (width - square)) / (width + square) ** 2;
    }
    case "laplace":
      return 0;
  }
}

/** Value and derivatives of a function of τ. */
interface Derivatives {
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
}

/**
 * −log p(e^τ) − τ, the prior of τ = log s with its Jacobian, up to a constant that does not depend on τ, and its first two
 * derivatives in τ.
 *
 *   exponential     rate s − τ
 *   half-normal     s²/(2 scale²) − τ
 *   half-student-t  (ν + 1)/2 log(1 + q) − τ,  q = s²/(ν scale²)
 *   gamma           rate s − shape τ
 */
export function logScaleDensity(prior: ScalePrior, tau: number): Derivatives {
  switch (prior.kind) {
    case "exponential":
      return gammaDensity(1, prior.rate, tau);
    case "gamma":
      return gammaDensity(prior.shape, prior.rate, tau);
    case "half-normal": {
      const square = Math.exp(2 * tau) / prior.scale ** 2;
      return { value: 0.5 * square - tau, slope: square - 1, curvature: 2 * square };
    }
    case "half-student-t": {
      const { degrees, scale } = prior;
      const ratio = Math.exp(2 * tau) / (degrees * scale ** 2);
      // ratio/(1 + ratio), which stays 1 where the ratio overflows.
      const share = 1 / (1 + 1 / ratio);
      return {
        value: 0.5 * (degrees + 1) * Math.log1p(ratio) - tau,
        slope: (degrees + 1) * share - 1,
        curvature: 2 * (degrees + 1) * share * (1 - share),
      };
    }
  }
}

function gammaDensity(shape: number, rate: number, tau: number): Derivatives {
  const scaled = rate * Math.exp(tau);
  return { value: scaled - shape * tau, slope: scaled - shape, curvature: scaled };
}
