import { constants } from "node:os";
import { tellSupervisor } from "./supervised.ts";

let current: AbortController | undefined;

/**
 * Has the first interrupt end the stream instead of the process, which then reports what there is. The exit status is that of the
 * interrupt; a second one ends the process as ever.
 */
export function heedInterrupts(): AbortSignal {
  if (!current)
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        process.exitCode = 128 + constants.signals[signal];
        current?.abort();
      });
  current = new AbortController();
  tellSupervisor({ heedsInterrupts: true });
  return current.signal;
}
