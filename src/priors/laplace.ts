import erf from "@stdlib/math-base-special-erf";
import { density } from "./density.ts";

/** A Laplace prior on one coefficient, on the standardised scale. */
export interface LaplacePrior {
  readonly kind: "laplace";
  readonly mean: number;
  readonly scale: number;
}

/** The slope jumps from −1/scale to 1/scale at the mean, where it is given as 0. */
export const laplace = density<LaplacePrior>({
  kind: "laplace",
  parameters: ["mean", "scale"],
  example: "laplace(0, 1)",
  equation: "\\|z\\|",
  use: "as for student-t, with more weight near the mean",
  at: ({ mean, scale }, x) => ({
    value: Math.abs(x - mean) / scale,
    slope: Math.sign(x - mean) / scale,
    curvature: 0,
  }),
  kink: {
    sd: ({ scale }) => Math.SQRT2 * scale,
    // The mean of the folded normal law.
    averagedAt({ mean, scale }, x, spread) {
      const distance = x - mean;
      const height = Math.exp(-0.5 * (distance / spread) ** 2) * Math.sqrt(2 / Math.PI);
      const slope = erf(distance / (spread * Math.SQRT2));
      return {
        value: (spread * height + distance * slope) / scale,
        slope: slope / scale,
        curvature: height / (spread * scale),
      };
    },
  },
  kernel: {
    kind: "laplace",
    numbersOf: ({ mean, scale }) => [0, mean, scale],
    priorOf: (_, mean, scale) => ({ kind: "laplace", mean, scale }),
  },
});
