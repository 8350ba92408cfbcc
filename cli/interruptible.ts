import { progressReporter } from "../src/engine/progress.ts";
import type { Listening } from "../src/posterior/load.ts";
import { InterruptedError } from "./failure.ts";
import { createProgress } from "./progress.ts";

/** Writes a file, said by its name, while progress tells of it. */
export type WriteWithProgress = (name: string, write: () => Promise<void>) => Promise<void>;

/**
 * Does `work` with progress on standard error, then `finish` with its result. An interrupt stops `work` within a kernel
 * call; what `finish` writes is written whole.
 */
export async function interruptible<T>(
  quiet: boolean | undefined,
  work: (listening: Required<Listening>) => Promise<T>,
  finish: (result: T, writing: WriteWithProgress) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new InterruptedError("nothing was written"));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const progress = createProgress(process.stderr, { quiet: quiet ?? false });
  try {
    const result = await work({ signal: controller.signal, onProgress: progress.update });
    progress.done();
    await finish(result, async (name, write) => {
      const report = progressReporter(progress.update);
      report?.(`writing ${name}`, 0);
      await write();
      report?.finish();
      progress.done();
    });
  } finally {
    progress.done();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
