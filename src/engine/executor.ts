/** The kernels' exported functions that a task may call. */
export type KernelName =
  | "passRows"
  | "influenceRows"
  | "runChain"
  | "factorTile"
  | "solveTriangle"
  | "crossedRows"
  | "sumEffects"
  | "drawEffects";

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
 * Runs kernel tasks over one memory. Every task writes to its own part of the memory, so the results do not depend on
 * the order of the tasks or the number of threads.
 */
export interface Executor {
  readonly threads: number;
  /**
   * Resolves when all tasks are done. `onProgress` is called a few times a second while they run. Tasks that are `short`,
   * less work than a message to another thread and back, stay on the calling thread.
   * @throws the signal's reason when it is aborted: no further kernel call is begun, and the promise rejects only after
   * all running calls have ended, so that the memory may be reused.
   */
  run(
    tasks: readonly KernelTask[],
    options?: { signal?: AbortSignal; onProgress?: () => void; short?: boolean },
  ): Promise<void>;
  close(): Promise<void>;
}
