import { density } from "./density.ts";

/**
 * A canonical partial correlation ρ of the effects of a group: density ∝ (1 − ρ²)^(shape − 1), of which an LKJ(η) law of the
 * correlation matrix of q effects has one for each pair, with shape η + (q − 1 − j)/2 in column j. The parameter is z = artanh ρ.
 * Source: Lewandowski, Kurowicka & Joe (2009).
 */
export interface PartialCorrelationPrior {
  readonly kind: "partial-correlation";
  readonly shape: number;
}

export const partialCorrelation = density<PartialCorrelationPrior>({
  kind: "partial-correlation",
  parameters: ["shape"],
  example: "partial-correlation(1)",
  equation: "2 shape log cosh z, z = artanh ρ",
  use: "correlations of a group's effects, by LKJ(η)",
  at({ shape }, z) {
    const slope = Math.tanh(z);
    // log cosh z without overflow.
    const size = Math.abs(z);
    return {
      value: 2 * shape * (size + Math.log1p(Math.exp(-2 * size)) - Math.LN2),
      slope: 2 * shape * slope,
      curvature: 2 * shape * (1 - slope * slope),
    };
  },
  kernel: {
    kind: "partial-correlation",
    numbersOf: ({ shape }) => [shape, 0, 1],
    priorOf: (shape) => ({ kind: "partial-correlation", shape }),
  },
});

/** The priors of the partial correlations ρ_21, ρ_31, ρ_32, … of q effects whose correlation matrix is LKJ(η). */
export function lkjPriors(numEffects: number, eta: number): PartialCorrelationPrior[] {
  const priors: PartialCorrelationPrior[] = [];
  for (let i = 1; i < numEffects; i++)
    for (let j = 1; j <= i; j++) priors.push({ kind: "partial-correlation", shape: eta + (numEffects - 1 - j) / 2 });
  return priors;
}
