import { CrossedFactorRecord, CrossedPass, LogSums } from "../../../kernels/layout/crossed.ts";
import type { Engine } from "../engine.ts";
import type { KernelTask } from "../executor.ts";
import { familyCodes } from "./words.ts";

/** Rows of a task; their number does not depend on the threads, and so neither do the sums' bits. */
const rowsPerTask = 65_536;
const mostTasks = 8;
/** Fewer rows take less time than messages to other threads. */
const shortRows = 131_072;

/** Rows, and the grouping factors whose effects they have (src/crossed/model.ts). */
export interface CrossedRowData {
  readonly family: "gaussian" | "student-t" | "bernoulli" | "poisson" | "negative-binomial";
  readonly numRows: number;
  readonly x: Float32Array;
  readonly stride: number;
  readonly numFixed: number;
  readonly y: Float64Array;
  readonly weights?: Float64Array;
  readonly offset?: Float64Array;
  readonly factors: readonly {
    readonly levelOf: Uint32Array;
    readonly effects: Int32Array;
    readonly firstUnknown: number;
  }[];
  readonly numUnknowns: number;
  readonly fixedAt: number;
}

/** Copies of the rows in the engine's memory, over which the loss and its gradient are summed. */
export class CrossedRows {
  readonly #tasks: readonly KernelTask[];
  readonly #gradients: readonly number[];
  readonly #unknowns: number;
  readonly #eta: number;

  constructor(
    private readonly engine: Engine,
    private readonly data: CrossedRowData,
  ) {
    const { memory } = engine;
    const { numRows, numUnknowns, x, stride } = data;
    const address = {
      rows: memory.putF32(x.subarray(0, numRows * stride)),
      target: memory.putF64(data.y),
      weight: data.weights ? memory.putF64(data.weights) : 0,
      offset: data.offset ? memory.putF64(data.offset) : 0,
      factors: this.#writeFactors(),
      unknowns: memory.allocateF64(numUnknowns),
      eta: memory.allocateF64(numRows),
      slopes: memory.allocateF64(numRows),
    };
    this.#unknowns = address.unknowns;
    this.#eta = address.eta;
    const count = Math.min(mostTasks, Math.ceil(numRows / rowsPerTask));
    const share = Math.ceil(numRows / count);
    this.#gradients = Array.from({ length: count }, () => memory.allocateF64(numUnknowns));
    this.#tasks = this.#gradients.map((_, task): KernelTask => {
      const record = memory.allocateZeroed(CrossedPass.slots * 8);
      const set = (slot: CrossedPass, value: number) => memory.setU32(record, slot, value);
      set(CrossedPass.rows, address.rows);
      set(CrossedPass.target, address.target);
      set(CrossedPass.weight, address.weight);
      set(CrossedPass.offset, address.offset);
      set(CrossedPass.factors, address.factors);
      set(CrossedPass.unknowns, address.unknowns);
      set(CrossedPass.eta, address.eta);
      set(CrossedPass.slopes, address.slopes);
      set(CrossedPass.stride, stride);
      set(CrossedPass.numFixed, data.numFixed);
      set(CrossedPass.from, task * share);
      set(CrossedPass.to, Math.min(numRows, (task + 1) * share));
      set(CrossedPass.family, familyCodes[data.family]);
      set(CrossedPass.numFactors, data.factors.length);
      set(CrossedPass.numUnknowns, numUnknowns);
      set(CrossedPass.fixedAt, data.fixedAt);
      set(CrossedPass.logSums, memory.allocateF64(LogSums.count));
      return { kernel: "crossedRows", address: record, argument: 0, times: 1 };
    });
  }

  /**
   * Σ w f at these unknowns and τ (0 where it is not wanted), and its gradient by the unknowns written to `gradient` where that is
   * given. η is left in the memory.
   */
  async sum(
    unknowns: Float64Array,
    tau: ArrayLike<number>,
    wanted: { readonly loss: boolean; readonly gradient?: Float64Array },
  ): Promise<number> {
    const { memory, executor } = this.engine;
    const { numUnknowns, numRows } = this.data;
    memory.f64(this.#unknowns, numUnknowns).set(unknowns);
    for (const [task, { address }] of this.#tasks.entries()) {
      memory.setU32(address, CrossedPass.gradient, wanted.gradient ? this.#gradients[task] : 0);
      memory.setU32(address, CrossedPass.wantsLoss, wanted.loss ? 1 : 0);
      for (let k = 0; k < tau.length; k++) memory.setF64(address, CrossedPass.tau + k, tau[k]);
    }
    await executor.run(this.#tasks, { duration: numRows < shortRows ? "short" : "long" });
    const { gradient } = wanted;
    if (gradient) {
      gradient.set(memory.f64(this.#gradients[0], numUnknowns));
      for (const address of this.#gradients.slice(1)) {
        const own = memory.f64(address, numUnknowns);
        for (let at = 0; at < numUnknowns; at++) gradient[at] += own[at];
      }
    }
    return wanted.loss
      ? this.#tasks.reduce((sum, { address }) => sum + memory.getF64(address, CrossedPass.loss), 0)
      : 0;
  }

  /** η of the last sum; not to be kept, for the memory may grow. */
  get eta(): Float64Array {
    return this.engine.memory.f64(this.#eta, this.data.numRows);
  }

  #writeFactors(): number {
    const { memory } = this.engine;
    const records = memory.allocateZeroed(CrossedFactorRecord.slots * 8 * this.data.factors.length);
    for (const [index, { levelOf, effects, firstUnknown }] of this.data.factors.entries()) {
      const record = records + 8 * CrossedFactorRecord.slots * index;
      memory.setU32(record, CrossedFactorRecord.levels, memory.putU32(levelOf));
      memory.setU32(record, CrossedFactorRecord.effects, memory.putU32(Uint32Array.from(effects)));
      memory.setU32(record, CrossedFactorRecord.numEffects, effects.length);
      memory.setU32(record, CrossedFactorRecord.firstUnknown, firstUnknown);
    }
    return records;
  }
}
