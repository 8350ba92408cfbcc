import { type Command, Option } from "commander";
import { InputError } from "../src/data/errors.ts";
import type { Posterior } from "../src/posterior/posterior.ts";
import { samplers } from "../src/samplers/registry.ts";
import { covarianceTargets, noiseEstimates, preconditioners, schedules } from "../src/samplers/sampler.ts";
import { statusOf } from "./failure.ts";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, addRunOptions, type CommonFlags, number, requireRunnable } from "./options.ts";
import { commandLine, requireWritable, terminal, writeJson } from "./outputs.ts";
import { renderPosterior } from "./render.ts";

interface FitFlags extends CommonFlags {
  drawsOut?: string;
  save?: string;
  saveData?: boolean;
}

export function addFitCommand(program: Command, version: string): void {
  const command = program.command("fit").description("fit a Bayesian model to a table and certify the result");
  addModelOptions(command);
  addSamplerOptions(command);
  addRunOptions(command)
    .option("--save <file.nc>", "write the fit as netCDF-4, for ornstein predict and check, xarray and ArviZ")
    .option("--save-data", "with --save: the target's values too, as ArviZ's observed_data")
    .option(
      "--draws-out <file>",
      "write the draws on the original scale: FILE.parquet, or FILE.csv in CmdStan's form, a file for each chain: FILE_1.csv, FILE_2.csv, …",
    )
    .action((data: string | undefined, flags: FitFlags) => runFit(data, flags, version));
}

function addSamplerOptions(command: Command): void {
  command
    .addOption(
      new Option("--sampler <name>", "auto picks and says why").choices([
        "auto",
        ...samplers.map((sampler) => sampler.name),
      ]),
    )
    .addOption(
      new Option("--preconditioner <name>", "of the samplers that have one; chosen where left out").choices(
        preconditioners,
      ),
    )
    .option("--batch-size <rows>", "rows a step, chosen from the theory where left out", number)
    .option("--learning-rate <rate>", "of the stochastic-gradient samplers, likewise", number)
    .option("--damping <h>", "of control-variate, likewise", number)
    .option("--momentum <share>", "of momentum-sgd: what a step forgets of the velocity", number)
    .option("--window <passes>", "of iasg: passes over the data that are averaged into one draw", number)
    .addOption(new Option("--covariance <what>", "of iasg: posterior, or sandwich").choices(covarianceTargets))
    .addOption(
      new Option("--noise-estimate <how>", "of constant-sgd: a pass, or the chain's own batches").choices(
        noiseEstimates,
      ),
    )
    .addOption(new Option("--schedule <rates>", "of sgld: constant or decreasing").choices(schedules))
    .option("--max-step <h>", "of sgfs: largest entry of the preconditioner", number);
}

async function runFit(data: string | undefined, flags: FitFlags, version: string): Promise<void> {
  const { formula, sql, json, save, saveData, drawsOut, threads, quiet, color, ...options } = flags;
  requireRunnable(data, flags);
  if (saveData && save === undefined)
    throw new InputError("--save-data says what --save writes: give --save a file too.");
  if (save === "-") throw new InputError("--save takes a file: netCDF-4 is not written to standard output.");
  await Promise.all([requireWritable(json), requireWritable(save), requireWritable(drawsOut)]);
  await interruptible(
    quiet,
    async (listening) => {
      // Loaded late, so that --help and refusals of options are instant.
      const { fit } = await import("../src/node-command.ts");
      return fit({ path: data, sql, formula }, { ...options, keepTarget: saveData, threads, ...listening });
    },
    async (posterior) => {
      await writeOutputs(posterior, { json, save, drawsOut, version });
      if (json !== "-") process.stdout.write(renderPosterior(posterior, terminal(color)));
      process.exitCode = statusOf(posterior.certificate);
    },
  );
}

async function writeOutputs(
  posterior: Posterior,
  to: { json?: string; save?: string; drawsOut?: string; version: string },
): Promise<void> {
  const origin = { version: to.version, command: commandLine() };
  if (to.save !== undefined) {
    const { saveFit } = await import("../src/node-command.ts");
    await saveFit(posterior, to.save, origin);
  }
  if (to.drawsOut !== undefined) {
    const { writeDraws } = await import("./write-draws.ts");
    await writeDraws(posterior, to.drawsOut, to.version);
  }
  if (to.json === undefined) return;
  const { toContractJson } = await import("../src/posterior/contract-json.ts");
  await writeJson(to.json, toContractJson(posterior, origin));
}
