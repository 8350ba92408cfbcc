import { freemem } from "node:os";
import type { Engine } from "./engine.ts";
import { EngineMemory } from "./memory.ts";
import { createNodeExecutor } from "./node-executor.ts";

/** An engine on worker threads of Node, by default as many as the machine runs at once. */
export async function createNodeEngine(threads?: number): Promise<Engine> {
  const memory = new EngineMemory({ shared: true, freeBytes });
  return { memory, executor: await createNodeExecutor(memory, { threads }) };
}

/** What the machine, or the container, has left. */
function freeBytes(): number {
  // Since Node 20.13; os.freemem() knows nothing of a container's limit.
  return process.availableMemory?.() ?? freemem();
}
