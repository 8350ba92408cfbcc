import type { Executor, KernelName } from "../executor.ts";
import type { EngineMemory } from "../memory.ts";
import { runChainReference } from "./reference-chain.ts";
import { crossedRowsReference } from "./reference-crossed.ts";
import { factorTileReference, solveTriangleReference } from "./reference-dense.ts";
import { influenceRowsReference, passRowsReference } from "./reference-pass.ts";

/** Those over rows; there are none over groups. */
const kernels: Partial<Record<KernelName, (memory: EngineMemory, address: number, argument: number) => void>> = {
  passRows: passRowsReference,
  influenceRows: influenceRowsReference,
  runChain: runChainReference,
  factorTile: factorTileReference,
  solveTriangle: solveTriangleReference,
  crossedRows: crossedRowsReference,
};

/** Runs tasks on the calling thread by the plain TypeScript versions of the kernels. */
export function createReferenceExecutor(memory: EngineMemory): Executor {
  return {
    threads: 1,
    async run(tasks, { signal, onProgress } = {}) {
      for (const { kernel, address, argument, times } of tasks) {
        const run = kernels[kernel];
        if (!run) throw new TypeError(`There is no plain version of the kernel ${kernel}.`);
        for (let time = 0; time < times; time++) {
          signal?.throwIfAborted();
          run(memory, address, argument);
        }
        onProgress?.();
      }
    },
    async close() {},
  };
}
