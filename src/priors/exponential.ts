import { density } from "./density.ts";
import { gammaAt } from "./gamma.ts";

/** rate · e^(−rate s) of a positive parameter s: the gamma law of shape 1. */
export interface ExponentialPrior {
  readonly kind: "exponential";
  readonly rate: number;
}

export const exponential = density<ExponentialPrior>({
  kind: "exponential",
  parameters: ["rate"],
  example: "exponential(1)",
  equation: "rate s",
  use: "the size is known, and smaller values are more likely",
  at: ({ rate }, tau) => gammaAt(1, rate, tau),
  kernel: { kind: "gamma", numbersOf: ({ rate }) => [1, rate, 0] },
});
