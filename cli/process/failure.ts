import type { Verdict } from "../../src/diagnostics/certificate/certificate.ts";
import { InputError } from "../../src/errors.ts";
import { visibleLines } from "../render/visible.ts";

/** The command's exit statuses; scripts rely on them. Those of interrupts, 128 + the signal's number, are the supervisor's. */
export const ExitStatus = { done: 0, checkFailed: 1, unusable: 2, notWritten: 3 } as const;

/** The status of a run whose result has this certificate. */
export function statusOf({ verdict }: { readonly verdict: Verdict }): number {
  return verdict === "failed" ? ExitStatus.checkFailed : ExitStatus.done;
}

/** Says in a sentence on standard error what went wrong, and gives the exit status for it. */
export function reportFailure(error: unknown): number {
  const message = visibleLines(error instanceof Error ? error.message : String(error));
  // Plots need packages that an installation may leave out.
  const [, missing] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (missing !== undefined) {
    process.stderr.write(
      `ornstein: this needs the package ${missing}, which is not installed: npm install ${missing}\n`,
    );
    return ExitStatus.unusable;
  }
  process.stderr.write(
    error instanceof InputError ? `ornstein: ${message}\n` : `ornstein: something unforeseen went wrong: ${message}\n`,
  );
  if (!(error instanceof InputError) && process.env.ORNSTEIN_DEBUG && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return ExitStatus.unusable;
}
