import { type Derivatives, density } from "./density.ts";

/** ∝ s^(shape − 1) e^(−rate s) of a positive parameter s; its mean is shape/rate. */
export interface GammaPrior {
  readonly kind: "gamma";
  readonly shape: number;
  readonly rate: number;
}

export const gamma = density<GammaPrior>({
  kind: "gamma",
  parameters: ["shape", "rate"],
  example: "gamma(2, 0.1)",
  equation: "rate s − (shape − 1) log s",
  use: "both small and large values are unlikely; the mean is shape/rate",
  at: ({ shape, rate }, tau) => gammaAt(shape, rate, tau),
  kernel: {
    kind: "gamma",
    numbersOf: ({ shape, rate }) => [shape, rate, 0],
    priorOf: (shape, rate) => ({ kind: "gamma", shape, rate }),
  },
});

/** rate e^τ − shape τ and its derivatives. */
export function gammaAt(shape: number, rate: number, tau: number): Derivatives {
  const scaled = rate * Math.exp(tau);
  return { value: scaled - shape * tau, slope: scaled - shape, curvature: scaled };
}
