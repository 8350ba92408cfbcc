import type { Prior, ScalePrior } from "./densities.ts";
import type { PartialCorrelationPrior } from "./partial-correlation.ts";

/** A prior that is not normal: of a coefficient, of a positive parameter s = e^τ, or of a partial correlation tanh z. */
export interface ShapedPrior {
  /** The parameter's place in θ. */
  readonly index: number;
  readonly prior?: Exclude<Prior, { kind: "normal" }>;
  readonly scalePrior?: ScalePrior;
  readonly correlationPrior?: PartialCorrelationPrior;
  /**
   * The linear function that stands for its slope around the mode: slope and curvature there. What the prior differs from it
   * is added to a control variate's gradient without noise, so any such function leaves the law the posterior's.
   */
  readonly reference?: { readonly slope: number; readonly curvature: number };
}

/** The law of its parameter. */
export function lawOf({
  prior,
  scalePrior,
  correlationPrior,
}: ShapedPrior): NonNullable<ShapedPrior["prior" | "scalePrior" | "correlationPrior"]> {
  return (prior ?? scalePrior ?? correlationPrior)!;
}
