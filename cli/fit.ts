import { access, constants, rename, rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../src/data/errors.ts";
import { families } from "../src/models/family.ts";
import type { Posterior } from "../src/posterior/fit.ts";
import type { FitOptions } from "../src/posterior/options.ts";
import { samplers } from "../src/samplers/registry.ts";
import { covarianceTargets, noiseEstimates, preconditioners, schedules } from "../src/samplers/sampler.ts";
import { ExitStatus, InterruptedError } from "./failure.ts";
import { createProgress } from "./progress.ts";
import { renderPosterior } from "./render.ts";

interface FitFlags extends FitOptions {
  formula: string;
  sql?: string;
  json?: string;
  drawsOut?: string;
  threads?: number;
  quiet?: boolean;
  color: boolean;
}

export function addFitCommand(program: Command, version: string): void {
  program
    .command("fit")
    .description("fit a Bayesian model to a table and certify the result")
    .argument("[data]", "CSV, TSV, JSON lines or Parquet file, or a glob of them")
    .requiredOption("-f, --formula <formula>", "such as 'y ~ x1 + log(x2) + C(code)' or 'delay > 15 ~ .'")
    .option("--sql <query>", "rows from SQL over any file DuckDB reads; DATA, if given, is the view `data`")
    .addOption(new Option("--family <name>", "guessed from the target where left out").choices(Object.keys(families)))
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
    .option("--max-step <h>", "of sgfs: largest entry of the preconditioner", number)
    .addOption(
      new Option("--standardize <what>", "auto: features, and for gaussian the target too").choices([
        "auto",
        "features",
        "none",
      ]),
    )
    .option("--prior <prior>", "of every coefficient on the standardised scale: normal(0, 2.5)")
    .option("--intercept-prior <prior>", "of the intercept of the centred design: normal(0, 10)")
    .option("--sigma <scale>", "gaussian noise scale: learned, or a number on the standardised scale", (text) =>
      text === "learned" ? text : number(text),
    )
    .option("--chains <count>", "4", number)
    .option("--draws <count>", "draws a chain: 1000", number)
    .option("--seed <number>", "1", number)
    .option("--tolerance <error>", "largest relative error of a posterior sd: 0.02", number)
    .option("--threads <count>", "worker threads: all cores; the result does not depend on it", number)
    .option("--json <file>", "write the whole result as JSON; - is standard output")
    .option("--draws-out <file.parquet>", "write the draws on the original scale as Parquet")
    .option("--quiet", "no progress")
    .option("--no-color", "plain text")
    .action((data: string | undefined, flags: FitFlags) => runFit(data, flags, version));
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return value;
}

async function runFit(data: string | undefined, flags: FitFlags, version: string): Promise<void> {
  const { formula, sql, json, drawsOut, threads, quiet, color, ...options } = flags;
  if (data === undefined && sql === undefined)
    throw new InputError("There is nothing to read: name a file, or give rows by --sql.");
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    throw new InputError("--threads takes a whole number of at least 1.");
  await Promise.all([requireWritable(json), requireWritable(drawsOut)]);
  const controller = new AbortController();
  const interrupt = () => controller.abort(new InterruptedError("interrupted"));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const progress = createProgress(process.stderr, { quiet: quiet ?? false });
  try {
    // Loaded late, so that --help and refusals of options are instant.
    const { fit } = await import("../src/node.ts");
    const posterior = await fit(
      { path: data, sql, formula },
      { ...options, threads, signal: controller.signal, onProgress: progress.update },
    );
    progress.done();
    await writeOutputs(posterior, { json, drawsOut, version });
    const useColor = color && process.env.NO_COLOR === undefined && process.stdout.isTTY === true;
    if (json !== "-")
      process.stdout.write(renderPosterior(posterior, { width: process.stdout.columns ?? 120, color: useColor }));
    process.exitCode = posterior.certificate.verdict === "failed" ? ExitStatus.checkFailed : ExitStatus.done;
  } finally {
    progress.done();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** Refuses before any work is done what could not be written after it. */
async function requireWritable(path: string | undefined): Promise<void> {
  if (path === undefined || path === "-") return;
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch {
    throw new InputError(`"${path}" cannot be written: its folder does not exist or is not writable.`);
  }
}

async function writeOutputs(
  posterior: Posterior,
  to: { json?: string; drawsOut?: string; version: string },
): Promise<void> {
  if (to.drawsOut !== undefined) {
    const { writeDraws } = await import("./write-draws.ts");
    await whole(to.drawsOut, (temporary) => writeDraws(posterior, temporary));
  }
  if (to.json === undefined) return;
  const { toContractJson } = await import("../src/posterior/contract-json.ts");
  const command = ["ornstein", ...process.argv.slice(2)].join(" ");
  const text = `${JSON.stringify(toContractJson(posterior, { version: to.version, command }), null, 2)}\n`;
  if (to.json === "-") process.stdout.write(text);
  else await whole(to.json, (temporary) => writeFile(temporary, text));
}

/** Writes beside the target and renames, so that an interrupt leaves nothing half-written. */
async function whole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new InputError(`"${path}" could not be written: ${(error as Error).message}.`);
  }
}
