import { statSync } from "node:fs";
import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import { optionGroups } from "../../src/options/options.ts";
import {
  addEngineOptions,
  addModelOptions,
  addOptions,
  addRunOptions,
  type CommonFlags,
  headings,
  requireRunnable,
} from "../options.ts";
import { commandLine, terminal, writeJson, writeText } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { drawsPaths } from "../outputs/write-cmdstan.ts";
import { effectsHelp, requireEffectsFile, requireGroupEffects, writeEffects } from "../outputs/write-effects.ts";
import { withoutCheckpoint } from "../process/checkpoint-arguments.ts";
import { statusOf } from "../process/failure.ts";
import { runCommand } from "../process/run-command.ts";
import { tellSupervisor } from "../process/supervised.ts";
import { renderPosterior } from "../render/render-posterior.ts";
import { requirePage } from "./report.ts";

interface FitFlags extends CommonFlags {
  drawsOut?: string;
  effects?: string;
  report?: string;
  save?: string;
  saveData?: boolean;
  checkpoint?: string;
  saveLogLikelihood?: boolean;
}

export function addFitCommand(program: Command, version: string): void {
  const command = program
    .command("fit")
    .description("fit a Bayesian regression model to a table, and certify how exact the result is");
  addModelOptions(command);
  addEngineOptions(command).optionsGroup(headings.sampling);
  addOptions(command, optionGroups.sampler);
  addRunOptions(command)
    .option("--save <file.nc>", "write the fit to a netCDF-4 file, for ornstein predict and check, ArviZ and xarray")
    .option("--save-data", "include the target's values in the file of --save, as ArviZ's observed_data")
    .option(
      "--save-log-likelihood",
      "include the log likelihood of every row at every draw in the file of --save, as ArviZ's log_likelihood, for az.loo; ornstein loo needs none",
    )
    .option(
      "--report <file.html>",
      "write the fit as one page to read, to print or to hand on, as ornstein report does",
    )
    .option(
      "--draws-out <file>",
      "write the posterior draws, on the data's own scale: one FILE.parquet, or with FILE.csv a file in CmdStan's form for each chain (FILE_1.csv, FILE_2.csv, …)",
    )
    .option("--effects <file>", effectsHelp)
    .option(
      "--checkpoint <folder>",
      "keep what is worked out in this folder every few seconds; after an interruption ornstein resume FOLDER goes on from there, with the same draws",
    )
    .addHelpText("after", example)
    .action((data: string | undefined, flags: FitFlags) => runFit(data, flags, version));
}

const example = `
Example:
  ornstein fit flights.parquet -f 'delay > 15 ~ C(hour) + log(distance)' \\
    --save fit.nc --json fit.json
  The coefficients and the certificate go to standard output; fit.nc is for
  ornstein predict. With no other option the sampler and its settings are chosen
  from the data, and the certificate says which and why.`;

async function runFit(data: string | undefined, flags: FitFlags, version: string): Promise<void> {
  const {
    formula,
    sql,
    engine,
    table,
    python,
    conf,
    json,
    save,
    saveData,
    saveLogLikelihood,
    report: page,
    drawsOut,
    effects,
    ...more
  } = flags;
  const { checkpoint: folder, threads, quiet, color, ...options } = more;
  requireRunnable(data, flags);
  const what = saveData ? "--save-data" : saveLogLikelihood ? "--save-log-likelihood" : undefined;
  if (what !== undefined && save === undefined)
    throw new InputError(`${what} says what --save writes: give --save a file too.`);
  if (save === "-") throw new InputError("--save takes a file: netCDF-4 is not written to standard output.");
  if (effects !== undefined) requireEffectsFile(effects);
  if (page !== undefined) requirePage("--report", page);
  const draws = drawsOut === "-" ? "/dev/stdout" : drawsOut;
  const { onStandardOutput } = await requireOutputs(
    {
      "--json": json,
      "--save": save,
      "--effects": effects,
      "--report": page,
      "--draws-out": draws && drawsPaths(draws, options.chains ?? 4),
    },
    { path: data, sql },
  );
  if (folder !== undefined) requireReadableAgain(data, sql);
  await runCommand(quiet, async ({ onProgress, write, print, warn, hasFailed }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { fit, openCheckpoint, saveFit, posteriorToJson } = await import("../../src/node-command.ts");
    const checkpoint =
      folder === undefined
        ? undefined
        : openCheckpoint(folder, { version, run: withoutCheckpoint(process.argv.slice(2)), cwd: process.cwd() }, warn);
    if (checkpoint) tellSupervisor({ checkpoint: checkpoint.folder });
    const posterior = await fit(
      { path: data, sql, formula, engine, table, python, conf },
      // What is saved is to predict the groups that it knows.
      {
        ...options,
        keepTarget: saveData,
        keepLogLikelihood: saveLogLikelihood,
        effects: effects !== undefined || save !== undefined || undefined,
        threads,
        onProgress,
        checkpoint,
      },
    );
    if (effects !== undefined) requireGroupEffects(posterior);
    const origin = { version, command: commandLine() };
    if (save !== undefined) await write(save, () => saveFit(posterior, save, origin));
    if (effects !== undefined) await write(effects, () => writeEffects(posterior, effects));
    if (draws !== undefined) {
      const { writeDraws } = await import("../outputs/write-draws.ts");
      await write(draws, () => writeDraws(posterior, draws, version));
    }
    if (json !== undefined) await write(json, () => writeJson(json, posteriorToJson(posterior, origin)));
    if (page !== undefined) {
      const { report } = await import("../../src/plots.ts");
      await write(page, async () => writeText(page, await report(posterior, { origin })));
    }
    if (!onStandardOutput) await print(renderPosterior(posterior, terminal(color)));
    if (hasFailed()) checkpoint?.flush();
    else checkpoint?.finish();
    process.exitCode = statusOf(posterior.certificate);
  });
}

/** @throws InputError where the rows come from what is read once */
function requireReadableAgain(data: string | undefined, sql: string | undefined): void {
  const isRegular = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  if (data === "-" || /\/dev\/(stdin|fd\/)/.test(`${data} ${sql}`) || (data !== undefined && !isRegular(data)))
    throw new InputError("--checkpoint needs rows that can be read again: put them into a file in place of a stream.");
}
