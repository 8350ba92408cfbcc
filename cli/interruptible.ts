import type { Listening } from "../src/posterior/load.ts";
import { InterruptedError } from "./failure.ts";
import { createProgress } from "./progress.ts";

/**
 * Does `work` with progress on standard error, then `finish` with its result. An interrupt stops `work` within a kernel
 * call; what `finish` writes is written whole.
 */
export async function interruptible<T>(
  quiet: boolean | undefined,
  work: (listening: Required<Listening>) => Promise<T>,
  finish: (result: T) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new InterruptedError("nothing was written"));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const progress = createProgress(process.stderr, { quiet: quiet ?? false });
  try {
    const result = await work({ signal: controller.signal, onProgress: progress.update });
    progress.done();
    await finish(result);
  } finally {
    progress.done();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
