import type { Prior, ScalePrior } from "./densities.ts";

/** A prior that is not normal: of a coefficient, or of an auxiliary parameter s = e^τ. */
export interface ShapedPrior {
  /** The parameter's place in θ. */
  readonly index: number;
  readonly prior?: Exclude<Prior, { kind: "normal" }>;
  readonly scalePrior?: ScalePrior;
  /**
   * The linear function that stands for its slope around the mode: slope and curvature there. What the prior differs from it
   * is added to a control variate's gradient without noise, so any such function leaves the law the posterior's.
   */
  readonly reference?: { readonly slope: number; readonly curvature: number };
}
