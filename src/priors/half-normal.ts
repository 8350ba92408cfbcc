import { density } from "./density.ts";

/** ∝ e^(−s²/(2 scale²)) of a positive parameter s. */
export interface HalfNormalPrior {
  readonly kind: "half-normal";
  readonly scale: number;
}

export const halfNormal = density<HalfNormalPrior>({
  kind: "half-normal",
  parameters: ["scale"],
  example: "half-normal(1)",
  equation: "s²/(2 scale²)",
  use: "values beyond a few scales are all but excluded",
  at({ scale }, tau) {
    const square = Math.exp(2 * tau) / scale ** 2;
    return { value: 0.5 * square - tau, slope: square - 1, curvature: 2 * square };
  },
  kernel: {
    kind: "half-normal",
    numbersOf: ({ scale }) => [0, 0, scale],
    priorOf: (_a, _b, scale) => ({ kind: "half-normal", scale }),
  },
});
