import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Executor, KernelTask } from "./executor.ts";
import type { KernelWorker, WorkerStart } from "./kernel-worker.ts";
import type { EngineMemory } from "./memory.ts";
import { attend } from "./team.ts";
import { createWorkerExecutor, takeTasks } from "./worker-executor.ts";

export interface NodeExecutorOptions {
  /** Default: as many as the machine runs at once. */
  readonly threads?: number;
}

// Names that CommonJS gives to every file, such as `module`, cannot be declared in Bun and Deno.
const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const { compiled, memory, shared, team } = workerData;
const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports;
const takeTasks = ${takeTasks};
const attend = ${attend};
parentPort.on("message", (tasks) =>
  parentPort.postMessage(tasks === null ? attend(kernels, team) : takeTasks(kernels, shared, tasks)));
`;

/**
 * Runs tasks on worker threads that share `memory`. Idle workers do not keep the process alive.
 * @throws TypeError when the memory is not shared
 */
export function createNodeExecutor(memory: EngineMemory, options: NodeExecutorOptions = {}): Promise<Executor> {
  return createWorkerExecutor(memory, Math.max(1, Math.floor(options.threads ?? availableParallelism())), startThread);
}

function startThread(workerData: WorkerStart): KernelWorker {
  const worker = new Worker(workerSource, { eval: true, execArgv: [], workerData });
  let hasEnded = false;
  // Whoever ends it waits for that, and an answer that is still on its way must not let the process end before.
  let isEnding = false;
  worker.unref();
  // Without a listener an error would end the process; `run` listens too, and reports it.
  worker.on("error", () => {});
  worker.once("exit", () => {
    hasEnded = true;
  });
  // Null asks it to attend.
  const send = (tasks: readonly KernelTask[] | null) =>
    new Promise<void>((resolve, reject) => {
      const finish = (message: string | null, cause?: unknown) => {
        worker.off("message", finish);
        worker.off("error", onError);
        worker.off("exit", onExit);
        if (!isEnding) worker.unref();
        if (message === null) resolve();
        else reject(new Error(message, { cause }));
      };
      const onError = (error: Error) => finish(`A worker thread failed: ${error.message}`, error);
      const onExit = () => finish("A worker thread ended.");
      worker.on("message", finish);
      worker.on("error", onError);
      worker.on("exit", onExit);
      if (tasks) worker.ref();
      worker.postMessage(tasks);
    });
  return {
    get hasEnded() {
      return hasEnded;
    },
    terminate() {
      isEnding = true;
      return worker.terminate();
    },
    run: send,
    attend: () => send(null),
  };
}
