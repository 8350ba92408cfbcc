import { density } from "./density.ts";

/** Student's t prior on one coefficient, on the standardised scale. */
export interface StudentTPrior {
  readonly kind: "student-t";
  readonly degrees: number;
  readonly mean: number;
  readonly scale: number;
}

/** Beyond √degrees scales from the mean the curvature is negative. */
export const studentT = density<StudentTPrior>({
  kind: "student-t",
  parameters: ["degrees", "mean", "scale"],
  example: "student-t(3, 0, 1)",
  equation: "(ν + 1)/2 log(1 + z²/ν), z = (β − mean)/scale",
  use: "most coefficients are small, a few may be large",
  at({ degrees, mean, scale }, x) {
    const distance = x - mean;
    const z = distance / scale;
    const width = degrees * scale ** 2;
    const square = distance ** 2;
    return {
      value: 0.5 * (degrees + 1) * Math.log1p((z * z) / degrees),
      slope: ((degrees + 1) * distance) / (width + square),
      curvature: ((degrees + 1) * (width - square)) / (width + square) ** 2,
    };
  },
  kernel: {
    kind: "student-t",
    numbersOf: ({ degrees, mean, scale }) => [degrees, mean, scale],
    priorOf: (degrees, mean, scale) => ({ kind: "student-t", degrees, mean, scale }),
  },
});
