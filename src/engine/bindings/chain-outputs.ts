import { MatrixKind, Chain as Slot } from "../../../kernels/layout/chain.ts";
import type { EngineMemory } from "../memory.ts";

/** What one chain leaves behind (kernels/layout/chain.ts), copied out of the memory; empty where it was not wanted. */
export interface ChainOutputs {
  /** M */
  readonly position: Float64Array;
  /** draws × M */
  readonly draws: Float64Array;
  readonly intervalMeans: Float64Array;
  /** One a draw: Σ s over its interval's counted steps. */
  readonly intervalWeights: Float64Array;
  /** M×M, lower triangle: Σ s (θ − θ̂)(θ − θ̂)ᵀ. */
  readonly moments: Float64Array;
  /** M: the coupled chain's deviation; then draws × 2M, its differences. */
  readonly coupled: Float64Array;
  readonly coupledDifferences: Float64Array;
  /** M */
  readonly velocity: Float64Array;
  /** M×M, lower triangle, or M: the batches' estimates of C; and of how many batches. */
  readonly noiseSums: Float64Array;
  readonly noiseCount: number;
}

export function readChainOutputs(memory: EngineMemory, address: number, dimension: number): ChainOutputs {
  const draws = memory.getU32(address, Slot.numDraws);
  const copy = (slot: Slot, length: number) => {
    const at = memory.getU32(address, slot);
    return at ? memory.f64(at, length).slice() : new Float64Array();
  };
  const isDense = memory.getU32(address, Slot.noiseShape) === MatrixKind.dense;
  return {
    position: copy(Slot.position, dimension),
    draws: copy(Slot.draws, draws * dimension),
    intervalMeans: copy(Slot.intervalMeans, draws * dimension),
    intervalWeights: copy(Slot.intervalWeights, draws),
    moments: copy(Slot.moments, dimension ** 2),
    coupled: copy(Slot.coupled, dimension),
    coupledDifferences: copy(Slot.coupledDifferences, draws * 2 * dimension),
    velocity: copy(Slot.velocity, dimension),
    noiseSums: copy(Slot.noiseSums, isDense ? dimension ** 2 : dimension),
    noiseCount: memory.getU32(address, Slot.noiseCount),
  };
}

/** The first draws of a chain, draws × M, copied out of the memory; may be read while the chain runs, of draws that are made. */
export function firstDraws(memory: EngineMemory, address: number, dimension: number, draws: number): Float64Array {
  const at = memory.getU32(address, Slot.draws);
  return at ? memory.f64(at, draws * dimension).slice() : new Float64Array();
}

/** Steps made so far, burn-in included; may be read while the chain runs. */
export function stepsDone(memory: EngineMemory, address: number): number {
  return memory.getU32(address, Slot.stepsDone);
}

/**
 * Where a chain that keeps its draws, or its interval means, in a buffer shorter than all of them writes them: `view` has the
 * first `count` of the buffer, after `moveTo(made)` has told that draw `made` is to stand at its begin.
 */
export function drawBufferOf(memory: EngineMemory, address: number, keeps: "draws" | "means", dimension: number) {
  const slot = keeps === "draws" ? Slot.draws : Slot.intervalMeans;
  const buffer = memory.getU32(address, slot);
  return {
    // Addresses are u32 and wrap around.
    moveTo: (made: number) => memory.setU32(address, slot, buffer - 8 * made * dimension),
    view: (count: number) => memory.f64(buffer, count * dimension),
  };
}
