import type { ProgressEvent } from "../src/engine/progress.ts";
import { workerOf } from "./scripts.ts";
import type { Answer, Calls, RunningDraws, Server } from "./worker/protocol.ts";

/** What went wrong, as a sentence. */
export class Problem extends Error {}

export interface Listener {
  onProgress?: (progress: ProgressEvent) => void;
  onRunning?: (running: RunningDraws) => void;
}

/** The worker, which holds the table and the fit: it is asked, and answers when it can. */
export class Client {
  private readonly worker: Promise<Worker>;
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private count = 0;

  constructor(private readonly listener: Listener) {
    this.worker = workerOf("worker").then((worker) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => this.hear(data);
      worker.onerror = ({ message }) => this.fail(new Problem(`The worker failed: ${message}. Load the page again.`));
      return worker;
    });
    this.worker.catch((error: Error) => this.fail(error));
  }

  async call<Name extends keyof Calls>(call: Name, given: Calls[Name]["given"]): Promise<Calls[Name]["result"]> {
    const worker = await this.worker;
    const id = this.count++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, call, given });
    });
  }

  /** The worker is needed no more. */
  end(): void {
    this.waiting.clear();
    this.worker.then(
      (worker) => worker.terminate(),
      () => {},
    );
  }

  private hear(answer: Answer): void {
    if ("progress" in answer) this.listener.onProgress?.(answer.progress);
    else if ("running" in answer) this.listener.onRunning?.(answer.running);
    else {
      const waiting = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if ("result" in answer) waiting?.resolve(answer.result);
      else
        waiting?.reject(
          new Problem(answer.isUnforeseen ? `Something unforeseen went wrong: ${answer.problem}` : answer.problem),
        );
    }
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

const kept = "ornstein-token";

/** The server behind the page, where `ornstein studio` serves it: the address that it printed has a token, which a reload needs too. */
export function serverOfPage(): Server | undefined {
  if (!/^https?:$/.test(location.protocol)) return undefined;
  const [, own] = /^#token=([0-9a-f]+)$/.exec(location.hash) ?? [];
  if (own !== undefined) {
    sessionStorage.setItem(kept, own);
    history.replaceState(null, "", location.pathname);
  }
  const token = own ?? sessionStorage.getItem(kept);
  return token === null ? undefined : { token, base: new URL(".", location.href).href };
}
