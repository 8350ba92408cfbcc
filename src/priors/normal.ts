import { density } from "./density.ts";

/** A normal prior on one coefficient, on the standardised scale. */
export interface NormalPrior {
  readonly mean: number;
  readonly sd: number;
}

export const normal = density<NormalPrior & { readonly kind: "normal" }>({
  kind: "normal",
  parameters: ["mean", "sd"],
  example: "normal(0, 2.5)",
  equation: "z²/2, z = (β − mean)/sd",
  use: "the default, `normal(0, 2.5)`",
  at({ mean, sd }, x) {
    return { value: 0.5 * ((x - mean) / sd) ** 2, slope: (x - mean) / sd ** 2, curvature: 1 / sd ** 2 };
  },
});
