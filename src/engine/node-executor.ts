import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Executor, KernelTask } from "./executor.ts";
import { createInlineExecutor } from "./inline-executor.ts";
import { compileKernels } from "./kernels.ts";
import type { EngineMemory } from "./memory.ts";
import { progressMilliseconds } from "./progress.ts";

export interface NodeExecutorOptions {
  /** Default: as many as the machine runs at once. */
  readonly threads?: number;
}

// The worker is so small that it travels as text: no file has to be found, whether the library runs from its sources,
// its build or a user's bundle. It takes the next task of a run by itself, as a message a task would take longer than short tasks.
// `shared` holds whether the run is cancelled, looked at before every call, and the number of the next task. Names that CommonJS gives
// to every file, such as `module`, cannot be declared in Bun and Deno.
const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const { compiled, memory, shared } = workerData;
const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports;
const isCancelled = () => Atomics.load(shared, 0) !== 0;
parentPort.on("message", (tasks) => {
  let task;
  try {
    while (!isCancelled() && (task = tasks[Atomics.add(shared, 1, 1)]))
      for (let time = 0; time < task.times && !isCancelled(); time++) kernels[task.kernel](task.address, task.argument);
    parentPort.postMessage(null);
  } catch (error) {
    parentPort.postMessage("The kernel " + task.kernel + " failed: " + error);
  }
});
`;
const cancelled = 0;
const nextTask = 1;

/**
 * Runs tasks on worker threads that share `memory`, of which whichever is free takes the next task. Idle workers do
 * not keep the process alive. After a kernel fails or a worker dies, `run` rejects once the other workers have stopped.
 * @throws TypeError when the memory is not shared
 */
export async function createNodeExecutor(memory: EngineMemory, options: NodeExecutorOptions = {}): Promise<Executor> {
  if (!memory.isShared) throw new TypeError("Worker threads need an engine memory made with { shared: true }.");
  const threads = Math.max(1, Math.floor(options.threads ?? availableParallelism()));
  const compiled = await compileKernels(true);
  // Its instance of the kernels writes the tables that all threads read.
  const callingThread = await createInlineExecutor(memory);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const workers = new Set<Worker>();
  let closed = false;

  function addWorker(): Worker {
    const worker = new Worker(workerSource, {
      eval: true,
      execArgv: [],
      workerData: { compiled, memory: memory.memory, shared },
    });
    worker.unref();
    // Without a listener an error would end the process; runTasks listens too, and reports it.
    worker.on("error", () => {});
    worker.once("exit", () => workers.delete(worker));
    workers.add(worker);
    return worker;
  }

  let running: Promise<void> = Promise.resolve();
  async function runAll(tasks: readonly KernelTask[], signal?: AbortSignal, onProgress?: () => void): Promise<void> {
    signal?.throwIfAborted();
    if (closed) throw new Error("The executor is closed.");
    Atomics.store(shared, cancelled, 0);
    Atomics.store(shared, nextTask, 0);
    const cancel = () => Atomics.store(shared, cancelled, 1);
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = onProgress && setInterval(onProgress, progressMilliseconds);
    while (workers.size < Math.min(threads, tasks.length)) addWorker();
    const jobs = [...workers].slice(0, tasks.length).map((worker) =>
      runTasks(worker, tasks).catch((error) => {
        cancel();
        throw error;
      }),
    );
    const results = await Promise.allSettled(jobs);
    clearInterval(timer);
    signal?.removeEventListener("abort", cancel);
    signal?.throwIfAborted();
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  return {
    threads,
    run(tasks, { signal, onProgress, short = false } = {}) {
      // Runs follow one another: they share the workers and the flag.
      const result = running.then(() =>
        short && !closed ? callingThread.run(tasks, { signal, onProgress }) : runAll(tasks, signal, onProgress),
      );
      running = result.catch(() => {});
      return result;
    },
    async close() {
      closed = true;
      Atomics.store(shared, cancelled, 1);
      await Promise.all([...workers].map((worker) => worker.terminate()));
    },
  };
}

/** Lets the worker take tasks until none is left. */
function runTasks(worker: Worker, tasks: readonly KernelTask[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (message: string | null, cause?: unknown) => {
      worker.off("message", finish);
      worker.off("error", onError);
      worker.off("exit", onExit);
      worker.unref();
      if (message === null) resolve();
      else reject(new Error(message, { cause }));
    };
    const onError = (error: Error) => finish(`A worker thread failed: ${error.message}`, error);
    const onExit = () => finish("A worker thread ended.");
    worker.on("message", finish);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.ref();
    worker.postMessage(tasks);
  });
}
