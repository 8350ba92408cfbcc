import { constants } from "node:os";
import { tellSupervisor } from "./supervised.ts";

const interrupts = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Has the first interrupt end the stream instead of the process, which then reports what there is. The exit status is that of the
 * interrupt; a second one ends the process as ever. `release` when the stream has ended.
 */
export function heedInterrupts(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const heed = (signal: (typeof interrupts)[number]) => {
    process.exitCode = 128 + constants.signals[signal];
    controller.abort();
  };
  for (const signal of interrupts) process.on(signal, heed);
  tellSupervisor({ heedsInterrupts: true });
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of interrupts) process.off(signal, heed);
    },
  };
}
