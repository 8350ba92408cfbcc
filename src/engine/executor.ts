/** The kernels' exported functions that a task may call. */
export const kernelNames = [
  "passRows",
  "influenceRows",
  "runChain",
  "factorTile",
  "solveTriangle",
  "crossedRows",
  "sumEffects",
  "drawEffects",
] as const;
export type KernelName = (typeof kernelNames)[number];

/** One piece of work for an executor: kernel(address, argument), called `times` times in a row on one thread. */
export interface KernelTask {
  readonly kernel: KernelName;
  /** Address of the task's record in the engine's memory (kernels/layout/). */
  readonly address: number;
  /** Second argument of the kernel: the number of steps for `runChain`, 0 for the others. */
  readonly argument: number;
  /** How often the call is repeated; short calls keep cancellation and progress prompt. */
  readonly times: number;
}

/**
 * How long a run takes: `short`, less than a message to another thread and back; `medium`, a few milliseconds at most, so that
 * messages would be much of it; or `long`.
 */
export type Duration = "short" | "medium" | "long";

/**
 * Runs kernel tasks over one memory. Every task writes to its own part of the memory, so the results do not depend on
 * the order of the tasks or the number of threads.
 */
export interface Executor {
  readonly threads: number;
  /**
   * Resolves when all tasks are done. `onProgress` is called a few times a second while they run. A short run stays on the
   * calling thread, which takes part in a medium one; nothing is said of a long one, and it leaves the calling thread free.
   * @throws the signal's reason when it is aborted: no further kernel call is begun, and the promise rejects only after
   * all running calls have ended, so that the memory may be reused.
   */
  run(
    tasks: readonly KernelTask[],
    options?: { signal?: AbortSignal; onProgress?: () => void; duration?: Duration },
  ): Promise<void>;
  close(): Promise<void>;
}
