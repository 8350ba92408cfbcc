import { ShapedPrior as Slot } from "../../../kernels/layout/prior.ts";
import { densityOf } from "../../priors/densities.ts";
import type { ShapedPriorKind } from "../../priors/density.ts";
import { lawOf, type ShapedPrior } from "../../priors/shaped-prior.ts";
import type { EngineMemory } from "../memory.ts";
import { priorCodes } from "./words.ts";

/** A prior that is not normal, as kernels/layout/prior.ts has it. */
export interface ShapedPriorRecord {
  /** Where in θ the parameter stands. */
  readonly index: number;
  readonly kind: ShapedPriorKind;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** The linear function that stands for its slope around θ̂; 0 where left out. */
  readonly reference?: { readonly slope: number; readonly curvature: number };
}

/** The prior as the kernels take it. */
export function shapedPriorRecord(shaped: ShapedPrior): ShapedPriorRecord {
  const { index, reference } = shaped;
  const own = lawOf(shaped);
  const { kind, numbersOf } = densityOf(own).kernel!;
  const [a, b, c] = numbersOf(own);
  return { index, kind, a, b, c, reference };
}

/** Writes the records one after the other; returns their address, 0 where there are none. */
export function writeShapedPriorRecords(memory: EngineMemory, priors: readonly ShapedPriorRecord[]): number {
  if (priors.length === 0) return 0;
  const address = memory.allocateZeroed(priors.length * Slot.slots * 8);
  priors.forEach(({ index, kind, a, b, c, reference }, k) => {
    const record = address + 8 * k * Slot.slots;
    memory.setU32(record, Slot.index, index);
    memory.setU32(record, Slot.kind, priorCodes[kind]);
    memory.setF64(record, Slot.a, a);
    memory.setF64(record, Slot.b, b);
    memory.setF64(record, Slot.c, c);
    memory.setF64(record, Slot.referenceSlope, reference?.slope ?? 0);
    memory.setF64(record, Slot.referenceCurvature, reference?.curvature ?? 0);
  });
  return address;
}
