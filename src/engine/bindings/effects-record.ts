import {
  effectSumsLength,
  effectsRandomBytes,
  effectsScratchBytes,
  GroupEffects as Slot,
} from "../../../kernels/layout/group-effects.ts";
import type { KernelTask } from "../executor.ts";
import { type GroupSizes, groupScratchBytes } from "./group-record.ts";
import type { ModelInMemory, RowRange } from "./pass-record.ts";

/** What tasks over groups' effects need to know of their factors. */
export interface EffectSizes extends GroupSizes {
  readonly numInner: number;
  readonly innerEffects: number;
  /** 0 where there is one factor. */
  readonly outerEffects: number;
  readonly numOuterNodes: number;
}

/** Several θ, one after the other: numPositions × M. */
export interface EffectPositions {
  readonly positions: Float64Array;
  readonly numPositions: number;
}

/** Numbers of each level of the inner factor, or of the only one, and of each level of the outer factor. */
export interface OfLevels {
  readonly inner: Float64Array;
  readonly outer?: Float64Array;
}

/** Tasks, and what they leave in memory: as views of it. */
export interface EffectTasks {
  readonly tasks: readonly KernelTask[];
  inner(): Float64Array;
  /** Absent where there is one factor. */
  outer?(): Float64Array;
}

/**
 * Tasks that sum the moments of effects over all θ: of a level R q numbers Σ w E[b] for each of the R weights, q² of Σ w E[b bᵀ] by the
 * first weight, and for an inner level q q_o of Σ w E[b b_oᵀ].
 * @param weights numPositions × R
 */
export function writeEffectSums(
  model: ModelInMemory,
  sizes: EffectSizes,
  { positions, numPositions }: EffectPositions,
  weights: Float64Array,
  ranges: readonly RowRange[],
): EffectTasks {
  const numWeights = weights.length / numPositions;
  const { innerEffects, outerEffects } = sizes;
  const lengths = {
    inner: effectSumsLength(innerEffects, numWeights, outerEffects),
    outer: effectSumsLength(outerEffects, numWeights, 0),
  };
  const address = model.memory.putF64(weights);
  return writeTasks(model, sizes, { positions, numPositions }, ranges, lengths, {
    kernel: "sumEffects",
    fill(set) {
      set(Slot.weights, address);
      set(Slot.numWeights, numWeights);
    },
  });
}

/** Tasks that draw the effects at each θ: of a level numPositions × q numbers. @param streamOf 16 u32 for each task */
export function writeEffectDraws(
  model: ModelInMemory,
  sizes: EffectSizes,
  at: EffectPositions,
  streamOf: (part: number) => Uint32Array,
  ranges: readonly RowRange[],
): EffectTasks {
  const { memory } = model;
  const lengths = { inner: at.numPositions * sizes.innerEffects, outer: at.numPositions * sizes.outerEffects };
  return writeTasks(model, sizes, at, ranges, lengths, {
    kernel: "drawEffects",
    fill(set, part) {
      const random = memory.allocateZeroed(effectsRandomBytes);
      memory.u32(random, 16).set(streamOf(part));
      set(Slot.random, random);
    },
  });
}

interface Kind {
  readonly kernel: "sumEffects" | "drawEffects";
  fill(set: (slot: Slot, value: number) => void, part: number): void;
}

function writeTasks(
  model: ModelInMemory,
  sizes: EffectSizes,
  { positions, numPositions }: EffectPositions,
  ranges: readonly RowRange[],
  lengths: { readonly inner: number; readonly outer: number },
  { kernel, fill }: Kind,
): EffectTasks {
  const { memory, dimension, rows } = model;
  const room = (length: number) => memory.allocateZeroed(8 * length);
  const [numInner, numOuter] = [lengths.inner * sizes.numInner, lengths.outer * rows.numRows];
  const inner = room(numInner);
  const outer = numOuter > 0 ? room(numOuter) : 0;
  const shared = memory.putF64(positions);
  const scratchBytes = effectsScratchBytes(sizes.numOuterNodes) + groupScratchBytes(sizes, dimension, 0);
  const tasks = ranges.map(({ from, to }, part): KernelTask => {
    const address = memory.allocateZeroed(Slot.slots * 8);
    const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
    set(Slot.model, model.address);
    set(Slot.positions, shared);
    set(Slot.numPositions, numPositions);
    set(Slot.from, from);
    set(Slot.to, to);
    set(Slot.scratch, memory.allocate(scratchBytes, 16));
    set(Slot.inner, inner);
    set(Slot.outer, outer);
    fill(set, part);
    return { kernel, address, argument: 0, times: numPositions };
  });
  return {
    tasks,
    inner: () => memory.f64(inner, numInner),
    ...(outer > 0 && { outer: () => memory.f64(outer, numOuter) }),
  };
}
