import type { Command } from "commander";
import type { Effects } from "../../src/effects/effects.ts";
import { type EffectSettings, effectOptions } from "../../src/options/effect-options.ts";
import { addOptions, dataArgument, headings, jsonHelp, plainHelp, quietHelp, sqlHelp } from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";

interface EffectFlags extends EffectSettings {
  out?: string;
  sql?: string;
  json?: string;
  quiet?: boolean;
  color: boolean;
}

export function addEffectsCommand(program: Command, version: string): void {
  const command = program
    .command("effects")
    .description("what a column does to the predictions of a saved fit: averages, comparisons, slopes, hypotheses")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument(
      "[data]",
      `the rows to average over: ${dataArgument}; without them one row stands for those of the fit, at their means and most frequent levels`,
    )
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup("Effects:");
  addOptions(command, effectOptions)
    .optionsGroup(headings.output)
    .option("--out <file>", "write the effects, a row for each: .csv, .parquet or .jsonl; - is CSV on standard output")
    .option("--json <file>", jsonHelp)
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", example)
    .action((fit: string, data: string | undefined, flags: EffectFlags) => runEffects(fit, data, flags, version));
}

const example = `
Example:
  ornstein effects fit.nc flights.parquet --of distance --by carrier
  ornstein effects fit.nc --of carrier --contrast 'UA - AA' --at 'distance=500,1000'
  ornstein effects fit.nc --hypothesis 'distance > 2*delay'`;

async function runEffects(path: string, data: string | undefined, flags: EffectFlags, version: string): Promise<void> {
  const { out, sql, json, quiet, color, ...options } = flags;
  const inputs = { fit: path, path: data, sql };
  const { onStandardOutput } = await requireOutputs({ "--out": out, "--json": json }, inputs);
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { effects, effectsToJson, loadFit } = await import("../../src/node-command.ts");
    const { openPredictions } = await import("../outputs/write-predictions.ts");
    const writer = await openPredictions(out);
    try {
      const fit = await loadFit(path);
      const rows = data === undefined && sql === undefined ? undefined : { path: data, sql };
      const found = await effects(fit, { ...options, onProgress }, rows);
      const warnings = [...certificateWarnings(fit, "effects", path), ...found.warnings];
      const result: Effects = { ...found, warnings };
      if (out !== undefined) {
        const { tableOfEffects } = await import("../outputs/table-of-effects.ts");
        await write(out, async () => {
          await writer.add(tableOfEffects(result));
          await writer.finish();
        });
      }
      if (json !== undefined)
        await write(json, () => writeJson(json, effectsToJson(fit, result, { version, command: commandLine() })));
      if (onStandardOutput) return;
      const { renderEffects } = await import("../render/render-effects.ts");
      await print(renderEffects(fit, result, { ...terminal(color), out }));
    } finally {
      writer.close();
    }
  });
}
