import { PriorKind, ShapedPrior as Slot } from "../../kernels/layout.ts";
import type { EngineMemory } from "../engine/memory.ts";
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

/** Writes the records of kernels/layout.ts; returns their address, 0 where there are none. */
export function writeShapedPriors(memory: EngineMemory, priors: readonly ShapedPrior[]): number {
  if (priors.length === 0) return 0;
  const address = memory.allocate(priors.length * Slot.slots * 8);
  priors.forEach((shaped, k) => {
    const at = address + 8 * k * Slot.slots;
    const { kind, a, b, c } = kernelForm(shaped);
    memory.setU32(at, Slot.index, shaped.index);
    memory.setU32(at, Slot.kind, kind);
    memory.setF64(at, Slot.a, a);
    memory.setF64(at, Slot.b, b);
    memory.setF64(at, Slot.c, c);
    memory.setF64(at, Slot.referenceSlope, shaped.reference?.slope ?? 0);
    memory.setF64(at, Slot.referenceCurvature, shaped.reference?.curvature ?? 0);
  });
  return address;
}

function kernelForm({ prior, scalePrior }: ShapedPrior): { kind: PriorKind; a: number; b: number; c: number } {
  if (prior) {
    return prior.kind === "student-t"
      ? { kind: PriorKind.studentT, a: prior.degrees, b: prior.mean, c: prior.scale }
      : { kind: PriorKind.laplace, a: 0, b: prior.mean, c: prior.scale };
  }
  const scale = scalePrior!;
  switch (scale.kind) {
    case "exponential":
      return { kind: PriorKind.gamma, a: 1, b: scale.rate, c: 0 };
    case "gamma":
      return { kind: PriorKind.gamma, a: scale.shape, b: scale.rate, c: 0 };
    case "half-normal":
      return { kind: PriorKind.halfNormal, a: 0, b: 0, c: scale.scale };
    case "half-student-t":
      return { kind: PriorKind.halfStudentT, a: scale.degrees, b: 0, c: scale.scale };
  }
}
