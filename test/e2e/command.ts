import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** The built command, as npm links it. */
export const bin = new URL("../../bin/ornstein.mjs", import.meta.url).pathname;
const host = new URL("command-host.mjs", import.meta.url).pathname;

/** What a run leaves behind, besides its files. */
export interface CommandRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the process that stays answers to a command. */
function answerOf(warm: ChildProcess, command: { args: readonly string[]; cwd: string }): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`ornstein ${command.args.join(" ")}: its process ended, ${code}`));
    const heard = ({ result }: { result?: CommandRun }) => {
      // The rest is what the supervisor of a real run is told.
      if (result === undefined) return;
      warm.off("message", heard).off("exit", ended);
      resolve(result);
    };
    warm.on("message", heard).on("exit", ended);
    warm.send(command);
  });
}

/** A folder for a test file's inputs and outputs, and the command run in it; both go when the file's tests are done. */
export function commandFolder(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `ornstein-${name}-`));
  let warm: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  afterAll(async () => {
    if (warm?.connected) {
      warm.disconnect();
      await once(warm, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** The built command's main module in a process that stays, one run after the other: for all that is not about processes. */
  function ornstein(...args: string[]): Promise<CommandRun> {
    warm ??= fork(host, { silent: true });
    const run = last.then(() => answerOf(warm!, { args, cwd: folder }));
    last = run.catch(() => {});
    return run;
  }

  /** The command as users start it: its own processes, signals and streams, and standard input where there is any. */
  function ornsteinAlone(args: readonly string[], input?: string | Uint8Array): CommandRun {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
      cwd: folder,
      encoding: "utf8",
      input,
    });
    return { status, stdout, stderr };
  }

  return { folder, at: (file: string) => join(folder, file), ornstein, ornsteinAlone };
}
