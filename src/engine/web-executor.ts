import type { Executor, KernelTask } from "./executor.ts";
import type { KernelWorker, WorkerStart } from "./kernel-worker.ts";
import type { EngineMemory } from "./memory.ts";
import { attend } from "./team.ts";
import { createWorkerExecutor, takeTasks } from "./worker-executor.ts";

const workerSource = `
let kernels, shared, team;
const takeTasks = ${takeTasks};
const attend = ${attend};
onmessage = ({ data }) => {
  if (data === null) return postMessage(attend(kernels, team));
  if (Array.isArray(data)) return postMessage(takeTasks(kernels, shared, data));
  ({ shared, team } = data);
  kernels = new WebAssembly.Instance(data.compiled, { env: { memory: data.memory } }).exports;
};
`;

/**
 * Runs tasks on web workers that share `memory`, in a page that is cross-origin isolated or in a worker of one.
 * @throws TypeError when the memory is not shared
 */
export function createWebExecutor(memory: EngineMemory, threads: number): Promise<Executor> {
  return createWorkerExecutor(memory, Math.max(1, threads), startWorker);
}

function startWorker(given: WorkerStart): KernelWorker {
  const url = URL.createObjectURL(new Blob([workerSource], { type: "text/javascript" }));
  const worker = new Worker(url);
  let hasEnded = false;
  worker.postMessage(given);
  // Null asks it to attend.
  const send = (tasks: readonly KernelTask[] | null) =>
    new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<string | null>) =>
        data === null ? resolve() : reject(new Error(data));
      worker.onerror = ({ message }) => {
        hasEnded = true;
        reject(new Error(`A worker failed: ${message}`));
      };
      worker.postMessage(tasks);
    });
  return {
    get hasEnded() {
      return hasEnded;
    },
    async terminate() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
    run: send,
    attend: () => send(null),
  };
}
