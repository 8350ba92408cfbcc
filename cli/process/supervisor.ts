import { type ChildProcess, fork, type StdioOptions } from "node:child_process";
import { fstatSync, rmSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { version } from "../../package.json" with { type: "json" };
import { visible } from "../render/visible.ts";

/** What the run tells of: a temporary path before anything is there, an output once it is whole. */
export type RunEvent =
  | { readonly temporary: string }
  | { readonly written: string }
  /** The folder from which the run can be resumed. */
  | { readonly checkpoint: string }
  /** The run ends by itself at the first interrupt. */
  | { readonly heedsInterrupts: true };

const interrupts = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A process that was killed is waited for so long; then its files are removed all the same. */
const longestWait = 500;

/**
 * Runs the command in a process of its own, so that an interrupt ends it at once whatever it is doing. No process can do that
 * to itself: while it computes it hears of no signal, and exit() waits for its threads, of which one may be deep in a query
 * or wait for the other end of a pipe. An interrupt kills the run, and what it has not finished is removed here.
 */
export function supervise(entry: URL, args: readonly string[]): void {
  if (args.length === 1 && ["--version", "-V"].includes(args[0]) && isTold(version)) return;
  let stoppedBy: NodeJS.Signals | undefined;
  let run: ChildProcess | undefined;
  const temporaries = new Set<string>();
  const written: string[] = [];
  let checkpoint: string | undefined;
  let heedsInterrupts = false;

  function finish(code: number | null, signal: NodeJS.Signals | null): void {
    const endedBy = stoppedBy ?? signal;
    for (const path of temporaries) {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // The next run tries again.
      }
    }
    if (endedBy === null) process.exit(code ?? 2);
    const isInterrupt = (interrupts as readonly string[]).includes(endedBy);
    const what = isInterrupt
      ? "Interrupted"
      : `ornstein: the run was ended by ${endedBy}, as systems do where memory runs out`;
    // A bar of progress hides the cursor.
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K\x1b[?25h");
    const remedy = checkpoint === undefined ? "" : `; ornstein resume ${visible(checkpoint)} goes on from there`;
    process.stderr.write(`${what}; ${outcome(written)}${remedy}.\n`);
    process.exit(128 + constants.signals[endedBy]);
  }
  for (const signal of interrupts) {
    process.on(signal, () => {
      if (stoppedBy !== undefined) return;
      if (heedsInterrupts) {
        // Once; a second interrupt is for who does not want to wait for the end.
        heedsInterrupts = false;
        run?.kill(signal);
        return;
      }
      stoppedBy = signal;
      run?.kill("SIGKILL");
      setTimeout(finish, longestWait, null, null);
    });
  }

  run = fork(entry, args, { stdio: streamsFor(args) });
  run.on("message", (event: RunEvent) => {
    if ("temporary" in event) temporaries.add(event.temporary);
    else if ("checkpoint" in event) checkpoint = event.checkpoint;
    else if ("heedsInterrupts" in event) heedsInterrupts = true;
    else written.push(event.written);
  });
  run.once("error", (error) => {
    process.stderr.write(`ornstein: the run could not be started: ${error.message}.\n`);
    process.exit(2);
  });
  run.once("close", finish);
}

function outcome(written: readonly string[]): string {
  if (written.length === 0) return "nothing was written";
  const names = written.map((name) => `"${visible(name)}"`);
  return written.length <= 4
    ? `${names.join(", ")} ${written.length === 1 ? "was" : "were"} written`
    : `${written.length} files were written, ${names.at(-1)} the last`;
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

/** The three standard streams, the descriptors that arguments name, as a process substitution does, and the channel for events. */
function streamsFor(args: readonly string[]): StdioOptions {
  const streams: (number | "inherit" | "ignore" | "ipc")[] = ["inherit", "inherit", "inherit"];
  for (const [, digits] of args.join("\n").matchAll(/\/(?:dev|proc\/self)\/fd\/(\d+)/g)) {
    const descriptor = Number(digits);
    if (descriptor < 3 || !isOpen(descriptor)) continue;
    while (streams.length <= descriptor) streams.push("ignore");
    streams[descriptor] = descriptor;
  }
  return [...streams, "ipc"];
}

/** Whether a line could be written: if not, the run says why. A process for it would take three times as long. */
function isTold(line: string): boolean {
  try {
    return writeSync(1, `${line}\n`) > 0;
  } catch {
    return false;
  }
}
