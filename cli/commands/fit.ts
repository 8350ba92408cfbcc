import { type Command, Option } from "commander";
import { InputError } from "../../src/errors.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { covarianceTargets, noiseEstimates, preconditioners, schedules } from "../../src/sampling/sampler.ts";
import { addModelOptions, addRunOptions, type CommonFlags, number, optionGroups, requireRunnable } from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { drawsPaths } from "../outputs/write-cmdstan.ts";
import { statusOf } from "../process/failure.ts";
import { runCommand } from "../process/run-command.ts";
import { renderPosterior } from "../render/render-posterior.ts";

interface FitFlags extends CommonFlags {
  drawsOut?: string;
  save?: string;
  saveData?: boolean;
}

export function addFitCommand(program: Command, version: string): void {
  const command = program.command("fit").description("fit a Bayesian model to a table and certify the result");
  addModelOptions(command);
  addSamplerOptions(command.optionsGroup(optionGroups.sampling));
  addRunOptions(command)
    .option("--save <file.nc>", "write the fit as netCDF-4, for ornstein predict and check, xarray and ArviZ")
    .option("--save-data", "write the target's values into the file of --save too, as ArviZ's observed_data")
    .option(
      "--draws-out <file>",
      "write the draws on the original scale: FILE.parquet, or FILE.csv in CmdStan's form, a file for each chain: FILE_1.csv, FILE_2.csv, …",
    )
    .addHelpText("after", example)
    .action((data: string | undefined, flags: FitFlags) => runFit(data, flags, version));
}

const example = `
Example:
  ornstein fit flights.parquet -f 'delay > 15 ~ C(hour) + log(distance)' --save fit.nc --json fit.json
  The table and the certificate go to standard output; fit.nc is for ornstein predict. With no other option the sampler
  and its settings are chosen from the data, and the certificate says which and why.`;

function addSamplerOptions(command: Command): void {
  command
    .addOption(
      new Option("--sampler <name>", "the algorithm; auto chooses and says why (default auto)").choices([
        "auto",
        ...samplers.map((sampler) => sampler.name),
      ]),
    )
    .addOption(
      new Option(
        "--preconditioner <name>",
        "what the gradient is multiplied by, for samplers that have it (default: chosen)",
      ).choices(preconditioners),
    )
    .option("--batch-size <rows>", "rows of a step (default: chosen from the theory)", number)
    .option(
      "--learning-rate <rate>",
      "length of a step of the stochastic-gradient samplers (default: chosen from the theory)",
      number,
    )
    .option(
      "--damping <h>",
      "share of the way to the mode that a step of control-variate goes (default: chosen from the tolerance)",
      number,
    )
    .option(
      "--momentum <share>",
      "share of the velocity that a step of momentum-sgd forgets (default: chosen from the theory)",
      number,
    )
    .option(
      "--window <passes>",
      "passes over the data that iasg averages into one draw (default: chosen from the theory)",
      number,
    )
    .addOption(
      new Option(
        "--covariance <what>",
        "what iasg gives its draws: the posterior's covariance, or the sandwich, robust to a wrong model (default posterior)",
      ).choices(covarianceTargets),
    )
    .addOption(
      new Option(
        "--noise-estimate <how>",
        "where constant-sgd has the gradient noise from: a pass over all rows, or the chains' own batches (default pass)",
      ).choices(noiseEstimates),
    )
    .addOption(
      new Option("--schedule <rates>", "whether the rates of sgld stay or fall (default constant)").choices(schedules),
    )
    .option("--max-step <h>", "largest entry of the preconditioner of sgfs (default: chosen from the theory)", number);
}

async function runFit(data: string | undefined, flags: FitFlags, version: string): Promise<void> {
  const { formula, sql, json, save, saveData, drawsOut, threads, quiet, color, ...options } = flags;
  requireRunnable(data, flags);
  if (saveData && save === undefined)
    throw new InputError("--save-data says what --save writes: give --save a file too.");
  if (save === "-") throw new InputError("--save takes a file: netCDF-4 is not written to standard output.");
  const draws = drawsOut === "-" ? "/dev/stdout" : drawsOut;
  const { onStandardOutput } = await requireOutputs(
    { "--json": json, "--save": save, "--draws-out": draws && drawsPaths(draws, options.chains ?? 4) },
    { path: data, sql },
  );
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { fit, saveFit, posteriorToJson } = await import("../../src/node-command.ts");
    const posterior = await fit(
      { path: data, sql, formula },
      { ...options, keepTarget: saveData, threads, onProgress },
    );
    const origin = { version, command: commandLine() };
    if (save !== undefined) await write(save, () => saveFit(posterior, save, origin));
    if (draws !== undefined) {
      const { writeDraws } = await import("../outputs/write-draws.ts");
      await write(draws, () => writeDraws(posterior, draws, version));
    }
    if (json !== undefined) await write(json, () => writeJson(json, posteriorToJson(posterior, origin)));
    if (!onStandardOutput) await print(renderPosterior(posterior, terminal(color)));
    process.exitCode = statusOf(posterior.certificate);
  });
}
