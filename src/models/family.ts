import { Family } from "../../kernels/layout.ts";

export type FamilyName = "gaussian" | "bernoulli";

/**
 * How a row's loss depends on its linear predictor η and the auxiliary parameter τ (log σ for `gaussian`, none for
 * `bernoulli`). The kernels hold the same functions in SIMD (kernels/loss.ts); these serve the checks on small samples.
 */
export interface FamilyFunctions {
  readonly name: FamilyName;
  readonly kernel: Family;
  /** Whether the family has a noise scale, which is learned or fixed. */
  readonly hasSigma: boolean;
  /** ∂f/∂η */
  slope(eta: number, tau: number, y: number): number;
  /** ∂²f/∂η² */
  curvature(eta: number, tau: number): number;
  /** ∂f/∂τ */
  auxiliarySlope(eta: number, tau: number, y: number): number;
}

const gaussian: FamilyFunctions = {
  name: "gaussian",
  kernel: Family.gaussian,
  hasSigma: true,
  slope: (eta, tau, y) => (eta - y) * Math.exp(-2 * tau),
  curvature: (_eta, tau) => Math.exp(-2 * tau),
  auxiliarySlope: (eta, tau, y) => 1 - (y - eta) ** 2 * Math.exp(-2 * tau),
};

const bernoulli: FamilyFunctions = {
  name: "bernoulli",
  kernel: Family.bernoulli,
  hasSigma: false,
  slope: (eta, _tau, y) => 1 / (1 + Math.exp(-eta)) - y,
  curvature: (eta) => {
    const mean = 1 / (1 + Math.exp(-eta));
    return mean * (1 - mean);
  },
  auxiliarySlope: () => 0,
};

/** The one list of families; the command's choices are derived from it. */
export const families: Readonly<Record<FamilyName, FamilyFunctions>> = { gaussian, bernoulli };
