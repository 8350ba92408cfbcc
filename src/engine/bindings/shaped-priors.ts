import { ShapedPrior as Slot } from "../../../kernels/layout.ts";
import { densityOf } from "../../priors/densities.ts";
import type { ShapedPrior } from "../../priors/shaped-prior.ts";
import type { EngineMemory } from "../memory.ts";

/** Writes the records of kernels/layout.ts; returns their address, 0 where there are none. */
export function writeShapedPriors(memory: EngineMemory, priors: readonly ShapedPrior[]): number {
  if (priors.length === 0) return 0;
  const address = memory.allocate(priors.length * Slot.slots * 8);
  priors.forEach(({ index, prior, scalePrior, reference }, k) => {
    const at = address + 8 * k * Slot.slots;
    const own = (prior ?? scalePrior)!;
    const { kind, numbersOf } = densityOf(own).kernel!;
    const [a, b, c] = numbersOf(own);
    memory.setU32(at, Slot.index, index);
    memory.setU32(at, Slot.kind, kind);
    memory.setF64(at, Slot.a, a);
    memory.setF64(at, Slot.b, b);
    memory.setF64(at, Slot.c, c);
    memory.setF64(at, Slot.referenceSlope, reference?.slope ?? 0);
    memory.setF64(at, Slot.referenceCurvature, reference?.curvature ?? 0);
  });
  return address;
}
