import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import { type UpdateSettings, updateOptions } from "../../src/options/update-options.ts";
import {
  addOptions,
  dataArgument,
  headings,
  jsonHelp,
  number,
  plainHelp,
  quietHelp,
  sqlHelp,
  threadsHelp,
} from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { statusOf } from "../process/failure.ts";
import { runCommand } from "../process/run-command.ts";
import { renderPosterior } from "../render/render-posterior.ts";

interface UpdateFlags extends UpdateSettings {
  sql?: string;
  save?: string;
  json?: string;
  threads?: number;
  quiet?: boolean;
  color: boolean;
}

export function addUpdateCommand(program: Command, version: string): void {
  const command = program
    .command("update")
    .description("add new rows to a saved fit, without the rows that it was made of")
    .argument("<fit>", "a file that ornstein fit --save or ornstein update --save wrote")
    .argument("[data]", `the new rows alone: ${dataArgument}; columns as in the fit`)
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup(headings.sampling);
  addOptions(command, updateOptions)
    .option("--threads <count>", threadsHelp, number)
    .optionsGroup(headings.output)
    .option("--save <file.nc>", "write the updated fit to a netCDF-4 file, which may be the same one")
    .option("--json <file>", jsonHelp)
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", example)
    .action((fit: string, data: string | undefined, flags: UpdateFlags) => runUpdate(fit, data, flags, version));
}

const example = `
Example:
  ornstein update fit.nc november.parquet --save fit.nc
  The certificate says how far the new rows move the coefficients, and what is
  wrong with the result as the old rows are no longer read.`;

async function runUpdate(path: string, data: string | undefined, flags: UpdateFlags, version: string): Promise<void> {
  const { sql, save, json, quiet, color, ...options } = flags;
  if (data === undefined && sql === undefined)
    throw new InputError("There are no new rows: name a file, or give rows by --sql.");
  if (save === "-") throw new InputError("--save takes a file: netCDF-4 is not written to standard output.");
  // The fit is read before anything is written, so that its own file may take the update.
  const { onStandardOutput } = await requireOutputs({ "--save": save, "--json": json }, { path: data, sql });
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    const { loadFit, posteriorToJson, saveFit, update } = await import("../../src/node-command.ts");
    const posterior = await update(await loadFit(path), { path: data, sql }, { ...options, onProgress });
    const origin = { version, command: commandLine() };
    if (save !== undefined) await write(save, () => saveFit(posterior, save, origin));
    if (json !== undefined) await write(json, () => writeJson(json, posteriorToJson(posterior, origin)));
    if (!onStandardOutput) await print(renderPosterior(posterior, terminal(color)));
    process.exitCode = statusOf(posterior.certificate);
  });
}
