import type { Command } from "commander";
import { statusOf } from "./failure.ts";
import { optionGroups, plainHelp } from "./options.ts";
import { requireWritable, terminal, writeJson } from "./outputs.ts";
import { renderPosterior } from "./render.ts";

interface CheckFlags {
  json?: string;
  color: boolean;
}

export function addCheckCommand(program: Command): void {
  program
    .command("check")
    .description("print the table and the certificate of a saved fit again")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .optionsGroup(optionGroups.output)
    .option("--json <file>", "write the whole result as JSON; - is standard output")
    .option("--no-color", plainHelp)
    .addHelpText("after", "\nExample:\n  ornstein check fit.nc")
    .action(runCheck);
}

async function runCheck(path: string, { json, color }: CheckFlags): Promise<void> {
  await requireWritable(json);
  const { loadFit, toContractJson } = await import("../src/node-command.ts");
  const fit = await loadFit(path);
  await writeJson(json, toContractJson(fit, fit.origin));
  if (json !== "-") process.stdout.write(renderPosterior(fit, terminal(color)));
  process.exitCode = statusOf(fit.certificate);
}
