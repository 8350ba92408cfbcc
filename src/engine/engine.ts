import type { BlockFiles } from "./block-store.ts";
import type { Executor } from "./executor.ts";
import { createInlineExecutor } from "./inline-executor.ts";
import { EngineMemory } from "./memory.ts";
import { createReferenceExecutor } from "./reference/reference-executor.ts";

/** A memory and what runs kernels on it. Close the executor when it is not needed any more. */
export interface Engine {
  readonly memory: EngineMemory;
  readonly executor: Executor;
  /** Where rows go that memory is too small for; left out where there are no files. */
  readonly blocks?: BlockFiles;
}

/** An engine on the calling thread, in Node or in a browser. */
export async function createInlineEngine(): Promise<Engine> {
  const memory = new EngineMemory();
  return { memory, executor: await createInlineExecutor(memory) };
}

/** An engine that runs the kernels' plain TypeScript versions: slow, for tests. */
export async function createReferenceEngine(): Promise<Engine> {
  const memory = new EngineMemory();
  return { memory, executor: createReferenceExecutor(memory) };
}
