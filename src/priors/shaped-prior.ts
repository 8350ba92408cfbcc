import type { ShapedPriorRecord } from "../engine/bindings/shaped-prior-record.ts";
import type { Prior } from "./prior.ts";
import type { ScalePrior } from "./scale-prior.ts";

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

/** The prior as the kernels take it. */
export function shapedPriorRecord(shaped: ShapedPrior): ShapedPriorRecord {
  return { index: shaped.index, ...kernelForm(shaped), reference: shaped.reference };
}

function kernelForm({ prior, scalePrior }: ShapedPrior): Pick<ShapedPriorRecord, "kind" | "a" | "b" | "c"> {
  if (prior) {
    return prior.kind === "student-t"
      ? { kind: "student-t", a: prior.degrees, b: prior.mean, c: prior.scale }
      : { kind: "laplace", a: 0, b: prior.mean, c: prior.scale };
  }
  const scale = scalePrior!;
  switch (scale.kind) {
    case "exponential":
      return { kind: "gamma", a: 1, b: scale.rate, c: 0 };
    case "gamma":
      return { kind: "gamma", a: scale.shape, b: scale.rate, c: 0 };
    case "half-normal":
      return { kind: "half-normal", a: 0, b: 0, c: scale.scale };
    case "half-student-t":
      return { kind: "half-student-t", a: scale.degrees, b: 0, c: scale.scale };
  }
}
