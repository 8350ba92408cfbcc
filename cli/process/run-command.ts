import { type ProgressListener, progressReporter } from "../../src/engine/progress.ts";
import { writeReport } from "../outputs/standard-output.ts";
import { visibleLines } from "../render/visible.ts";
import { ExitStatus, reportFailure } from "./failure.ts";
import { createProgress } from "./progress.ts";
import { tellSupervisor } from "./supervised.ts";

/** What a command's work is done with. */
export interface CommandRun {
  readonly onProgress: ProgressListener;
  /** Writes the output of that path. Where it cannot be written, the work goes on, and this is said at the end. */
  write(path: string, write: () => Promise<void>): Promise<void>;
  /** Says something that does not end the run. */
  warn(message: string): void;
  /** Whether an output could not be written so far. */
  hasFailed(): boolean;
  /** Prints what people read. */
  print(text: string): Promise<void>;
}

/**
 * Does a command's work with progress on standard error. Outputs that could not be written are said once the others are, and
 * have an exit status of their own.
 * @throws what `work` throws
 */
export async function runCommand(quiet: boolean | undefined, work: (run: CommandRun) => Promise<void>): Promise<void> {
  const progress = createProgress(process.stderr, { quiet: quiet ?? false });
  const failures: unknown[] = [];
  const attempt = (write: () => Promise<void>) => write().catch((error: unknown) => void failures.push(error));
  try {
    await work({
      onProgress: progress.update,
      write: async (path, write) => {
        progress.done();
        const report = progressReporter(progress.update);
        if (path !== "-") report?.(`writing ${path}`, 0);
        await attempt(async () => {
          await write();
          tellSupervisor({ written: path === "-" ? "standard output" : path });
          report?.finish();
        });
        progress.done();
      },
      warn: (message) => {
        progress.done();
        process.stderr.write(`${visibleLines(message)}\n`);
      },
      hasFailed: () => failures.length > 0,
      print: (text) => {
        progress.done();
        return attempt(() => writeReport(text));
      },
    });
  } finally {
    progress.done();
    for (const failure of failures) reportFailure(failure);
  }
  if (failures.length > 0) process.exitCode = ExitStatus.notWritten;
}
