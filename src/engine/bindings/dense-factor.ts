import { DenseScratch, DenseTile, FactorTile, SolveTriangle } from "../../../kernels/layout/dense.ts";
import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import type { Engine } from "../engine.ts";
import type { KernelTask } from "../executor.ts";

/** Below it a run on the calling thread takes less time than the messages to others. */
const shortSize = 256;
/** Rows that a task below a triangle takes at least. */
const leastRows = 64;

/**
 * A symmetric positive definite matrix in the engine's memory, row-major f64, only the lower triangle of which is read, and its
 * Cholesky factor A = L Lᵀ, which takes its place. Cost n³/3 multiplications in tiles of 64 columns, shared between the
 * executor's threads; the same bits on any number of them.
 */
export class DenseFactor {
  /** The distance of rows: n rounded up to a multiple of 8. */
  readonly stride: number;
  readonly #address: number;
  readonly #diagonal: Float64Array;
  readonly #solve: number;
  readonly #side: number;

  constructor(
    private readonly engine: Engine,
    readonly size: number,
  ) {
    this.stride = Math.max(8, Math.ceil(size / 8) * 8);
    const { memory } = engine;
    this.#address = memory.allocate(8 * this.stride * this.stride);
    this.#side = memory.allocateF64(this.stride);
    this.#solve = this.#solveRecord(this.#side, 1);
    this.#diagonal = new Float64Array(size);
  }

  /** A view of the matrix, or of L; not to be kept, for the memory may grow. */
  entries(): Float64Array {
    return this.engine.memory.f64(this.#address, this.stride * this.stride);
  }

  /** Entries of zero, to be filled in; the rows that are added have a 1 on the diagonal. */
  clear(): Float64Array {
    const entries = this.entries().fill(0);
    for (let i = this.size; i < this.stride; i++) entries[i * this.stride + i] = 1;
    return entries;
  }

  /**
   * L in place of A.
   * @throws NotPositiveDefiniteError
   */
  async factorise(signal?: AbortSignal): Promise<void> {
    const { memory, executor } = this.engine;
    const { stride, size } = this;
    const entries = this.entries();
    for (let i = 0; i < size; i++) this.#diagonal[i] = entries[i * (stride + 1)];
    const mark = memory.mark();
    try {
      const records = Array.from({ length: Math.max(1, executor.threads) }, () => this.#tileRecord());
      for (let column = 0; column < stride; column += DenseTile.width) {
        const below = Math.min(column + DenseTile.width, stride);
        const triangle = this.#tileTask(records[0], column, column, below);
        await executor.run([triangle], { signal, duration: "short" });
        const failure = memory.getU32(records[0], FactorTile.failure);
        if (failure > 0) throw new NotPositiveDefiniteError(failure - 1);
        const rows = stride - below;
        if (rows === 0) break;
        const tasks = Math.min(records.length, Math.ceil(rows / leastRows));
        const share = 8 * Math.ceil(rows / tasks / 8);
        const runs: KernelTask[] = [];
        for (let from = below, task = 0; from < stride; from += share, task++)
          runs.push(this.#tileTask(records[task], column, from, Math.min(from + share, stride)));
        await executor.run(runs, { signal, duration: stride < shortSize || runs.length === 1 ? "short" : "long" });
      }
    } finally {
      memory.release(mark);
    }
    const factor = this.entries();
    for (let i = 0; i < size; i++) {
      // A pivot as small as the rounding error of its diagonal entry means that the matrix is singular.
      if (!(factor[i * (stride + 1)] ** 2 > 1e-15 * this.#diagonal[i])) throw new NotPositiveDefiniteError(i);
    }
  }

  /** Σ 2 log L_ii */
  logDeterminant(): number {
    const entries = this.entries();
    let sum = 0;
    for (let i = 0; i < this.size; i++) sum += 2 * Math.log(entries[i * (this.stride + 1)]);
    return sum;
  }

  /** x = L⁻¹ b, or L⁻ᵀ b, in place, on the calling thread. */
  async solve(side: Float64Array, isTransposed: boolean): Promise<void> {
    const { memory, executor } = this.engine;
    const view = memory.f64(this.#side, this.stride);
    view.fill(0);
    view.set(side);
    memory.setU32(this.#solve, SolveTriangle.isTransposed, isTransposed ? 1 : 0);
    await executor.run([{ kernel: "solveTriangle", address: this.#solve, argument: 0, times: 1 }], {
      duration: "short",
    });
    side.set(memory.f64(this.#side, this.size));
  }

  /** Lᵀ x in place. */
  multiplyTransposed(x: Float64Array): void {
    const entries = this.entries();
    // Row by row: entry k of the result needs x_i for i ≥ k only, so that row i may be added once x_i has been read.
    for (let i = 0, row = 0; i < this.size; i++, row += this.stride) {
      const value = x[i];
      for (let k = 0; k < i; k++) x[k] += entries[row + k] * value;
      x[i] = entries[row + i] * value;
    }
  }

  /**
   * Calls `take` with L⁻¹, eight rows at a time: entry (first + r, k) is `rows[8 k + r]`, for k < first + 8. They are overwritten
   * by the next. Cost n³/3 multiplications over all.
   */
  async eachInverseRows(
    take: (first: number, rows: Float64Array) => void,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<void> {
    const { memory, executor } = this.engine;
    const { stride } = this;
    const mark = memory.mark();
    try {
      const records = Array.from({ length: Math.max(1, executor.threads) }, () => {
        const sides = memory.allocateF64(8 * stride);
        return { sides, address: this.#solveRecord(sides, 8) };
      });
      for (let first = 0; first < stride; first += 8 * records.length) {
        const used = records.filter((_, index) => first + 8 * index < stride);
        const tasks = used.map(({ sides, address }, index): KernelTask => {
          const start = first + 8 * index;
          const view = memory.f64(sides, 8 * (start + 8)).fill(0);
          for (let r = 0; r < 8; r++) view[8 * (start + r) + r] = 1;
          memory.setU32(address, SolveTriangle.isTransposed, 1);
          memory.setU32(address, SolveTriangle.end, start + 8);
          return { kernel: "solveTriangle", address, argument: 0, times: 1 };
        });
        await executor.run(tasks, { signal, duration: stride < shortSize ? "short" : "long" });
        for (const [index, { sides }] of used.entries()) {
          const start = first + 8 * index;
          take(start, memory.f64(sides, 8 * (start + 8)));
        }
      }
    } finally {
      memory.release(mark);
    }
  }

  #solveRecord(sides: number, count: number): number {
    const { memory } = this.engine;
    const record = memory.allocateZeroed(SolveTriangle.slots * 8);
    memory.setU32(record, SolveTriangle.matrix, this.#address);
    memory.setU32(record, SolveTriangle.size, this.stride);
    memory.setU32(record, SolveTriangle.sides, sides);
    memory.setU32(record, SolveTriangle.count, count);
    memory.setU32(record, SolveTriangle.end, this.stride);
    return record;
  }

  #tileRecord(): number {
    const { memory } = this.engine;
    const record = memory.allocateZeroed(FactorTile.slots * 8);
    memory.setU32(record, FactorTile.matrix, this.#address);
    memory.setU32(record, FactorTile.size, this.stride);
    memory.setU32(record, FactorTile.scratch, memory.allocate(DenseScratch.bytes));
    return record;
  }

  #tileTask(record: number, column: number, from: number, to: number): KernelTask {
    const { memory } = this.engine;
    memory.setU32(record, FactorTile.column, column);
    memory.setU32(record, FactorTile.width, Math.min(DenseTile.width, this.stride - column));
    memory.setU32(record, FactorTile.from, from);
    memory.setU32(record, FactorTile.to, to);
    return { kernel: "factorTile", address: record, argument: 0, times: 1 };
  }
}
