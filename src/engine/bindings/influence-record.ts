import { influenceLaws } from "../../../kernels/layout/groups.ts";
import { Influence as Slot } from "../../../kernels/layout/pass.ts";
import { influenceScratchBytes } from "../../../kernels/layout/scratch.ts";
import type { KernelTask } from "../executor.ts";
import { groupScratchBytes } from "./group-record.ts";
import type { ModelInMemory, RowRange } from "./pass-record.ts";

/** Leverage and influence of rows around θ̂ (kernels/layout/pass.ts, Influence). */
export interface InfluenceRequest {
  /** θ̂, M */
  readonly center: ArrayLike<number>;
  /** M×M row-major: P, and K lower triangular with P = K Kᵀ. */
  readonly law: { readonly factor: ArrayLike<number>; readonly covariance: ArrayLike<number> };
  /** Addresses of N f32 each (of leverages with several predictors N P); 0 or left out where not wanted. */
  readonly leverage?: number;
  readonly influence?: number;
}

/** Tasks written once, to be run on the rows that stand there at the time. */
interface InfluenceRecords {
  readonly tasks: readonly KernelTask[];
  /** Has the last task end there. */
  endAt(to: number): void;
}

/** Writes a task for each range of rows; the caller releases the memory. */
export function writeInfluenceRecords(
  model: ModelInMemory,
  { center, law, leverage = 0, influence = 0 }: InfluenceRequest,
  ranges: readonly RowRange[],
): InfluenceRecords {
  const { memory, rows } = model;
  const centerAddress = memory.putF64(center);
  const factor = memory.putF64(law.factor);
  const covariance = rows.sparse ? memory.putF64(law.covariance) : 0;
  const scratchBytes = model.groups
    ? groupScratchBytes(model.groups, model.dimension, influenceLaws)
    : influenceScratchBytes(rows.paddedColumns, model.numPredictors);
  const tasks = ranges.map(({ from, to }): KernelTask => {
    const address = memory.allocateZeroed(Slot.slots * 8);
    const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
    set(Slot.model, model.address);
    set(Slot.center, centerAddress);
    set(Slot.factor, factor);
    set(Slot.covariance, covariance);
    set(Slot.from, from);
    set(Slot.to, to);
    set(Slot.leverage, leverage);
    set(Slot.influence, influence);
    set(Slot.scratch, memory.allocate(scratchBytes));
    return { kernel: "influenceRows", address, argument: 0, times: 1 };
  });
  return { tasks, endAt: (to) => memory.setU32(tasks[tasks.length - 1].address, Slot.to, to) };
}
