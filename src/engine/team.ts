import { type KernelTask, kernelNames } from "./executor.ts";
import type { KernelWorker } from "./kernel-worker.ts";
import { nextTurn } from "./next-turn.ts";

/** Where the words that all threads share stand. Tickets and counts only ever rise, modulo 2³². */
const Word = { leaves: 0, ticket: 1, end: 2, done: 3, failed: 4, tasks: 8 } as const;
/** Tasks of a run, at most; a power of two. */
export const teamCapacity = 64;
const wordsOfTask = 4;
export const teamWords = Word.tasks + teamCapacity * wordsOfTask;

/** Milliseconds for which a worker looks out for the next run before it sleeps, and for which it sleeps before it leaves. */
const spinning = 0.15;
const patience = 20;

/**
 * A worker's part, `(kernels, shared) => null`, as text (worker-executor.ts): it takes tasks until there have been none for a while, or it is
 * to leave. The ticket is read before the end: the other way round, tickets might be taken that nobody has given out.
 */
export const attend = `(kernels, shared) => {
  const names = ${JSON.stringify(kernelNames)};
  let since = performance.now();
  while (Atomics.load(shared, ${Word.leaves}) === 0) {
    const ticket = Atomics.load(shared, ${Word.ticket});
    const end = Atomics.load(shared, ${Word.end});
    if (ticket !== end) {
      if (Atomics.compareExchange(shared, ${Word.ticket}, ticket, (ticket + 1) | 0) !== ticket) continue;
      const at = ${Word.tasks} + ${wordsOfTask} * (ticket & ${teamCapacity - 1});
      try {
        for (let time = 0; time < shared[at + 3]; time++)
          kernels[names[shared[at]]](shared[at + 1] >>> 0, shared[at + 2] >>> 0);
      } catch {
        Atomics.store(shared, ${Word.failed}, 1);
      }
      Atomics.add(shared, ${Word.done}, 1);
      since = performance.now();
    } else if (performance.now() - since > ${spinning}) {
      if (Atomics.wait(shared, ${Word.end}, end, ${patience}) === "timed-out") return null;
      since = performance.now();
    }
  }
  return null;
}`;

/**
 * The calling thread and workers that share the tasks of one run after the other without messages, which would take longer than the
 * tasks. The workers look out for the next run for a moment, then sleep, then leave; whoever is there takes tasks, and the calling
 * thread does what is left. So nothing waits for a worker that has not started.
 */
export class Team {
  /** The ends of the workers' attendance. */
  private readonly attending = new Map<KernelWorker, Promise<void>>();

  /** @param shared `teamWords` words of shared memory */
  constructor(private readonly shared: Int32Array) {}

  /** Asks workers to attend, unless they do. */
  call(workers: readonly KernelWorker[]): void {
    for (const worker of workers) {
      if (this.attending.has(worker) || worker.hasEnded) continue;
      const attendance = worker.attend().catch(() => {
        // One that has died takes no more tasks; what it held is noticed by `settled`.
        Atomics.store(this.shared, Word.failed, 1);
      });
      this.attending.set(
        worker,
        attendance.finally(() => this.attending.delete(worker)),
      );
    }
  }

  /** Sends all workers away; resolves when they listen to messages again. */
  async dismiss(): Promise<void> {
    if (this.attending.size === 0) return;
    Atomics.store(this.shared, Word.leaves, 1);
    Atomics.notify(this.shared, Word.end);
    // Workers that attend do not keep the process alive, but whoever waits for them has to.
    const alive = setInterval(() => {}, 60_000);
    await Promise.all(this.attending.values()).finally(() => clearInterval(alive));
    Atomics.store(this.shared, Word.leaves, 0);
  }

  /** The calling thread's share of the tasks, to be run one after the other. What it leaves when it is broken off is not run. */
  *share(tasks: readonly KernelTask[]): Generator<KernelTask> {
    const { shared } = this;
    const begin = Atomics.load(shared, Word.end);
    Atomics.store(shared, Word.failed, 0);
    tasks.forEach(({ kernel, address, argument, times }, k) => {
      const at = Word.tasks + wordsOfTask * ((begin + k) & (teamCapacity - 1));
      shared.set([kernelNames.indexOf(kernel), address, argument, times], at);
    });
    Atomics.store(shared, Word.end, (begin + tasks.length) | 0);
    Atomics.notify(shared, Word.end);
    const next = () => {
      for (;;) {
        const ticket = Atomics.load(shared, Word.ticket);
        if (ticket === Atomics.load(shared, Word.end)) return undefined;
        if (Atomics.compareExchange(shared, Word.ticket, ticket, (ticket + 1) | 0) === ticket)
          return tasks[(ticket - begin) | 0];
      }
    };
    let held: KernelTask | undefined;
    try {
      for (held = next(); held; held = next()) {
        yield held;
        Atomics.add(shared, Word.done, 1);
      }
    } finally {
      for (; held; held = next()) Atomics.add(shared, Word.done, 1);
    }
  }

  /** Resolves when all tasks that were given out are done. @throws Error where one has failed on another thread */
  async settled(): Promise<void> {
    const { shared } = this;
    const isDone = () => Atomics.load(shared, Word.done) === Atomics.load(shared, Word.end);
    for (let looks = 0; !isDone(); looks++) {
      if (looks < looksBeforeTurn) continue;
      if (Atomics.load(shared, Word.failed) !== 0 && this.attending.size === 0) {
        // Whoever held the task is dead.
        Atomics.store(shared, Word.done, Atomics.load(shared, Word.end));
        break;
      }
      await nextTurn();
    }
    if (Atomics.exchange(shared, Word.failed, 0) !== 0) throw new Error("A kernel failed on a worker thread.");
  }
}

/** About a tenth of a millisecond: another thread's task is over by then, unless it was interrupted. */
const looksBeforeTurn = 10_000;
