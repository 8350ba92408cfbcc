import type { RunEvent } from "./supervisor.ts";

/** Tells the process that watches over this one; nobody where there is none. */
export function tellSupervisor(event: RunEvent): void {
  process.send?.(event);
}
