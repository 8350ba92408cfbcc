import { resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import { withCheckpoint } from "../process/checkpoint-arguments.ts";

/** @param runCommand runs the command of these arguments as if it had been given */
export function addResumeCommand(program: Command, runCommand: (args: readonly string[]) => Promise<unknown>): void {
  program
    .command("resume")
    .description("go on with a fit that was interrupted, from the folder of its --checkpoint")
    .argument("<folder>", "the folder that the fit's --checkpoint named")
    .action(async (folder: string) => {
      const { storedRun } = await import("../../src/persistence/checkpoint-node.ts");
      const stored = storedRun(folder);
      if (!stored)
        throw new InputError(`"${folder}" has no checkpoint: it is the folder that fit's --checkpoint names.`);
      const { run, cwd, isFinished } = stored;
      const absolute = resolve(folder);
      if (!isArguments(run))
        throw new InputError(`The checkpoint in "${folder}" is not the command's; call fit of the library as before.`);
      if (isFinished) {
        process.stderr.write(`The run of "${folder}" is done: ornstein ${run.join(" ")}\n`);
        return;
      }
      try {
        process.chdir(cwd);
      } catch {
        throw new InputError(`The run of "${folder}" was started in "${cwd}", which is not there any more.`);
      }
      const args = withCheckpoint(run, absolute);
      process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
      await runCommand(args);
    });
}

function isArguments(run: unknown): run is readonly string[] {
  return Array.isArray(run) && run.every((argument) => typeof argument === "string");
}
