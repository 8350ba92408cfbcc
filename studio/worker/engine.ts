import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { EngineMemory, EngineMemoryError } from "../../src/engine/memory.ts";
import { createWebExecutor } from "../../src/engine/web-executor.ts";

/** Several workers on one memory where pages may share memory, else this worker alone. */
export async function createEngine(): Promise<Engine> {
  const threads = navigator.hardwareConcurrency ?? 1;
  if (!globalThis.crossOriginIsolated || threads < 2) return createInlineEngine();
  try {
    const memory = new EngineMemory({ shared: true });
    return { memory, executor: await createWebExecutor(memory, threads) };
  } catch (error) {
    // No room to reserve: the memory of one worker grows as it is needed.
    if (error instanceof EngineMemoryError) return createInlineEngine();
    throw error;
  }
}
