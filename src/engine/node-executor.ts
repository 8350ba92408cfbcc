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
// its build or a user's bundle. `cancelled` is looked at before every call. Names that CommonJS gives to every file, such as
// `module`, cannot be declared in Bun and Deno.
const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const { compiled, memory, cancelled } = workerData;
const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports;
parentPort.on("message", ({ kernel, address, argument, times }) => {
  try {
    for (let time = 0; time < times && Atomics.load(cancelled, 0) === 0; time++) kernels[kernel](address, argument);
    parentPort.postMessage(null);
  } catch (error) {
    parentPort.postMessage(String(error));
  }
});
`;

/**
 * Runs tasks on worker threads that share `memory`, handing the next task to whichever worker is free. Idle workers do
 * not keep the process alive. After a kernel fails or a worker dies, `run` rejects once the other workers have stopped.
 * @throws TypeError when the memory is not shared
 */
export async function createNodeExecutor(memory: EngineMemory, options: NodeExecutorOptions = {}): Promise<Executor> {
  if (!memory.isShared) throw new TypeError("Worker threads need an engine memory made with { shared: true }.");
  const threads = Math.max(1, Math.floor(options.threads ?? availableParallelism()));
  const compiled = await compileKernels(true);
  // Its instance of the kernels writes the tables that all threads read.
  const callingThread = await createInlineExecutor(memory);
  const cancelled = new Int32Array(new SharedArrayBuffer(4));
  const workers = new Set<Worker>();
  let closed = false;

  function addWorker(): Worker {
    const worker = new Worker(workerSource, {
      eval: true,
      execArgv: [],
      workerData: { compiled, memory: memory.memory, cancelled },
    });
    worker.unref();
    // Without a listener an error would end the process; runTask listens too, and reports it.
    worker.on("error", () => {});
    worker.once("exit", () => workers.delete(worker));
    workers.add(worker);
    return worker;
  }

  /** Works tasks off, one after the other, on one worker. */
  async function work(worker: Worker, nextTask: () => KernelTask | undefined): Promise<void> {
    worker.ref();
    try {
      for (let task = nextTask(); task; task = nextTask()) await runTask(worker, task);
    } finally {
      worker.unref();
    }
  }

  let running: Promise<void> = Promise.resolve();
  async function runAll(tasks: readonly KernelTask[], signal?: AbortSignal, onProgress?: () => void): Promise<void> {
    signal?.throwIfAborted();
    if (closed) throw new Error("The executor is closed.");
    Atomics.store(cancelled, 0, 0);
    let next = 0;
    const nextTask = () => (Atomics.load(cancelled, 0) === 0 ? tasks[next++] : undefined);
    const cancel = () => Atomics.store(cancelled, 0, 1);
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = onProgress && setInterval(onProgress, progressMilliseconds);
    while (workers.size < Math.min(threads, tasks.length)) addWorker();
    const jobs = [...workers].map((worker) =>
      work(worker, nextTask).catch((error) => {
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
      Atomics.store(cancelled, 0, 1);
      await Promise.all([...workers].map((worker) => worker.terminate()));
    },
  };
}

function runTask(worker: Worker, task: KernelTask): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (message?: string, cause?: unknown) => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      if (message === undefined) resolve();
      else reject(new Error(`The kernel ${task.kernel} failed: ${message}`, { cause }));
    };
    const onMessage = (error: string | null) => finish(error ?? undefined);
    const onError = (error: Error) => finish(error.message, error);
    const onExit = () => finish("its worker thread ended.");
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage(task);
  });
}
