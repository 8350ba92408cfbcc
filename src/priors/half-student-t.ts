import { density } from "./density.ts";

/** ∝ (1 + s²/(degrees scale²))^(−(degrees + 1)/2) of a positive parameter s. */
export interface HalfStudentTPrior {
  readonly kind: "half-student-t";
  readonly degrees: number;
  readonly scale: number;
}

export const halfStudentT = density<HalfStudentTPrior>({
  kind: "half-student-t",
  parameters: ["degrees", "scale"],
  example: "half-student-t(3, 10)",
  equation: "(ν + 1)/2 log(1 + s²/(ν scale²)), ν the degrees",
  use: "hardly anything is known of the size",
  // As in other programs it may be written with the location 0.
  respelled: (text) => text.replace(/^(\s*half-student-t\s*\([^,()]*,)\s*0(?:\.0*)?\s*,/i, "$1"),
  at({ degrees, scale }, tau) {
    const ratio = Math.exp(2 * tau) / (degrees * scale ** 2);
    // ratio/(1 + ratio), which stays 1 where the ratio overflows.
    const share = 1 / (1 + 1 / ratio);
    return {
      value: 0.5 * (degrees + 1) * Math.log1p(ratio) - tau,
      slope: (degrees + 1) * share - 1,
      curvature: 2 * (degrees + 1) * share * (1 - share),
    };
  },
  kernel: {
    kind: "half-student-t",
    numbersOf: ({ degrees, scale }) => [degrees, 0, scale],
    priorOf: (degrees, _, scale) => ({ kind: "half-student-t", degrees, scale }),
  },
});
