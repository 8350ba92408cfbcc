import type { Command } from "commander";
import { headings, jsonHelp, plainHelp } from "../options.ts";
import { terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { effectsHelp, requireEffectsFile, requireGroupEffects, writeEffects } from "../outputs/write-effects.ts";
import { statusOf } from "../process/failure.ts";
import { runCommand } from "../process/run-command.ts";
import { renderPosterior } from "../render/render-posterior.ts";

interface CheckFlags {
  effects?: string;
  json?: string;
  color: boolean;
}

export function addCheckCommand(program: Command): void {
  program
    .command("check")
    .description("print the coefficients and the certificate of a saved fit again")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .optionsGroup(headings.output)
    .option("--json <file>", jsonHelp)
    .option("--effects <file>", effectsHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", "\nExample:\n  ornstein check fit.nc")
    .action(runCheck);
}

async function runCheck(path: string, { effects, json, color }: CheckFlags): Promise<void> {
  if (effects !== undefined) requireEffectsFile(effects);
  const { onStandardOutput } = await requireOutputs({ "--json": json, "--effects": effects }, { fit: path });
  await runCommand(true, async ({ write, print }) => {
    const { loadFit, posteriorToJson } = await import("../../src/node-command.ts");
    const fit = await loadFit(path);
    if (effects !== undefined) {
      requireGroupEffects(fit);
      await write(effects, () => writeEffects(fit, effects));
    }
    if (json !== undefined) await write(json, () => writeJson(json, posteriorToJson(fit, fit.origin)));
    if (!onStandardOutput) await print(renderPosterior(fit, terminal(color)));
    process.exitCode = statusOf(fit.certificate);
  });
}
