import { constants } from "node:os";
import { tellSupervisor } from "./supervised.ts";

/**
 * Has the first interrupt end the stream instead of the process, which then reports what there is. The exit status is that of the
 * interrupt; a second one ends the process as ever.
 */
export function heedInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      controller.abort();
    });
  tellSupervisor({ heedsInterrupts: true });
  return controller.signal;
}
