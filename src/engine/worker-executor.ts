import type { Duration, Executor, KernelTask } from "./executor.ts";
import { createInlineExecutor } from "./inline-executor.ts";
import type { KernelWorker, WorkerStart } from "./kernel-worker.ts";
import { compileKernels } from "./kernels.ts";
import type { EngineMemory } from "./memory.ts";
import { progressMilliseconds } from "./progress.ts";
import { Team, teamCapacity, teamWords } from "./team.ts";

/**
 * The worker's loop over tasks, `(kernels, shared, tasks) => message`, as text: so small that no file has to be found, whether the
 * library runs from its sources, its build or a user's bundle. It takes the next task of a run by itself, as a message a task would
 * take longer than short tasks. The message is null, or says what failed.
 */
export const takeTasks = `(kernels, shared, tasks) => {
  const isCancelled = () => Atomics.load(shared, 0) !== 0;
  let task;
  try {
    while (!isCancelled() && (task = tasks[Atomics.add(shared, 1, 1)]))
      for (let time = 0; time < task.times && !isCancelled(); time++) kernels[task.kernel](task.address, task.argument);
    return null;
  } catch (error) {
    return "The kernel " + task.kernel + " failed: " + error;
  }
}`;
const cancelled = 0;
const nextTask = 1;

/**
 * Runs tasks on workers that share `memory`, of which whichever is free takes the next task. After a kernel fails or a worker dies,
 * `run` rejects once the other workers have stopped.
 * @param start Makes a worker.
 * @throws TypeError when the memory is not shared
 */
export async function createWorkerExecutor(
  memory: EngineMemory,
  threads: number,
  start: (given: WorkerStart) => KernelWorker,
): Promise<Executor> {
  if (!memory.isShared) throw new TypeError("Worker threads need an engine memory made with { shared: true }.");
  const compiled = await compileKernels(true);
  // Its instance of the kernels writes the tables that all threads read.
  const callingThread = await createInlineExecutor(memory);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const words = new Int32Array(new SharedArrayBuffer(4 * teamWords));
  const team = new Team(words);
  let workers: KernelWorker[] = [];
  let closed = false;

  function workersFor(count: number): readonly KernelWorker[] {
    workers = workers.filter(({ hasEnded }) => !hasEnded);
    const missing = Math.max(0, Math.min(threads, count) - workers.length);
    const given = { compiled, memory: memory.memory, shared, team: words };
    workers = [...workers, ...Array.from({ length: missing }, () => start(given))];
    return workers.slice(0, count);
  }

  async function runTogether(tasks: readonly KernelTask[], signal?: AbortSignal): Promise<void> {
    const before = workers;
    team.call(workersFor(Math.min(threads, tasks.length) - 1));
    try {
      await callingThread.run(team.share(tasks), { signal });
    } finally {
      await team.settled();
      // A memory that grows while a worker begins to hold it stays as small as it was for that worker.
      if (workers.some((worker) => !before.includes(worker))) await team.dismiss();
    }
  }

  let running: Promise<void> = Promise.resolve();
  async function runAll(tasks: readonly KernelTask[], signal?: AbortSignal, onProgress?: () => void): Promise<void> {
    signal?.throwIfAborted();
    if (closed) throw new Error("The executor is closed.");
    await team.dismiss();
    Atomics.store(shared, cancelled, 0);
    Atomics.store(shared, nextTask, 0);
    const cancel = () => Atomics.store(shared, cancelled, 1);
    signal?.addEventListener("abort", cancel, { once: true });
    const timer = onProgress && setInterval(onProgress, progressMilliseconds);
    const jobs = workersFor(tasks.length).map((worker) =>
      worker.run(tasks).catch((error) => {
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
    run(tasks, { signal, onProgress, duration = "long" } = {}) {
      // Runs follow one another: they share the workers and the flag.
      const result = running.then(() => {
        const road = closed ? "long" : roadOf(duration, tasks.length, threads);
        if (road === "short") return callingThread.run(tasks, { signal, onProgress });
        return road === "medium" ? runTogether(tasks, signal) : runAll(tasks, signal, onProgress);
      });
      running = result.catch(() => {});
      return result;
    },
    async close() {
      closed = true;
      Atomics.store(shared, cancelled, 1);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** One thread alone needs no team, and a team has room for so many tasks only. */
function roadOf(duration: Duration, numTasks: number, threads: number): Duration {
  if (duration !== "medium") return duration;
  if (threads === 1 || numTasks === 1) return "short";
  return numTasks <= teamCapacity ? "medium" : "long";
}
