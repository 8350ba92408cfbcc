import type { KernelTask } from "./executor.ts";

/** What a worker is given once: the kernels, their memory, and two words that all workers share. */
export interface WorkerStart {
  readonly compiled: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Whether the run is cancelled, looked at before every call, and the number of the next task. */
  readonly shared: Int32Array;
  /** The words that a team shares (team.ts). */
  readonly team: Int32Array;
}

/** A thread that runs kernels. */
export interface KernelWorker {
  /** Resolves when it finds no further task. @throws where a kernel fails, or the thread ends */
  run(tasks: readonly KernelTask[]): Promise<void>;
  /** Resolves when it leaves the team, of whose tasks it takes some. @throws where the thread ends */
  attend(): Promise<void>;
  readonly hasEnded: boolean;
  terminate(): Promise<unknown>;
}
