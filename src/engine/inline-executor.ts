import type { Executor, KernelTask } from "./executor.ts";
import { loadKernels } from "./kernels.ts";
import type { EngineMemory } from "./memory.ts";
import { nextTurn } from "./next-turn.ts";
import { progressMilliseconds } from "./progress.ts";

const sliceMilliseconds = 15;

/** Takes tasks that are found one by one, too. */
export interface InlineExecutor extends Executor {
  run(tasks: Iterable<KernelTask>, options?: Parameters<Executor["run"]>[1]): Promise<void>;
}

/** Runs tasks on the calling thread, anywhere. It gives way to other events every 15 ms, between two kernel calls. */
export async function createInlineExecutor(memory: EngineMemory): Promise<InlineExecutor> {
  const kernels = await loadKernels(memory);
  // Kept from one run to the next: many runs of a few microseconds must give way, too.
  let sliceEnd = performance.now() + sliceMilliseconds;
  return {
    threads: 1,
    async run(tasks, { signal, onProgress } = {}) {
      signal?.throwIfAborted();
      let lastProgress = performance.now();
      for (const task of tasks) {
        for (let time = 0; time < task.times; time++) {
          const now = performance.now();
          if (now >= sliceEnd) {
            if (now - lastProgress >= progressMilliseconds) {
              lastProgress = now;
              onProgress?.();
            }
            await nextTurn();
            signal?.throwIfAborted();
            sliceEnd = performance.now() + sliceMilliseconds;
          }
          kernels[task.kernel](task.address, task.argument);
        }
      }
    },
    async close() {},
  };
}
