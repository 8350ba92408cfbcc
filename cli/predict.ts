import { type Command, Option } from "commander";
import { InputError } from "../src/data/errors.ts";
import type { UnknownLevels } from "../src/data/recipe-levels.ts";
import type { Posterior } from "../src/posterior/posterior.ts";
import { interruptible } from "./interruptible.ts";
import { dataArgument, number, optionGroups, plainHelp, quietHelp, seedHelp, sqlHelp } from "./options.ts";
import { commandLine, requireWritable, terminal, writeJson } from "./outputs.ts";
import type { FirstRows } from "./render-prediction.ts";

interface PredictFlags {
  out?: string;
  sql?: string;
  interval?: number;
  draws?: number;
  posteriorDraws?: number;
  seed?: number;
  unknownLevels?: UnknownLevels;
  json?: string;
  quiet?: boolean;
  color: boolean;
}

export function addPredictCommand(program: Command, version: string): void {
  program
    .command("predict")
    .description("predict new rows from a saved fit, and score the predictions where the target is known")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument("[data]", `${dataArgument}; columns as in the fit`)
    .optionsGroup(optionGroups.data)
    .option("--sql <query>", sqlHelp)
    .addOption(
      new Option(
        "--unknown-levels <what>",
        "refuse levels that no row of the fit has, or predict without a coefficient for them (default error)",
      ).choices(["error", "reference"]),
    )
    .optionsGroup("Prediction:")
    .option("--interval <probability>", "probability of the equal-tailed intervals (default 0.9)", number)
    .option("--draws <count>", "predictive draws of each row that are written (default 0)", number)
    .option("--posterior-draws <count>", "draws of the coefficients that are averaged over (default 1000)", number)
    .option("--seed <number>", seedHelp, number)
    .optionsGroup(optionGroups.output)
    .option("--out <file>", "write a row for each row: .csv, .parquet or .jsonl; - is CSV on standard output")
    .option("--json <file>", "write scores, calibration and checks as JSON; - is standard output")
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", example)
    .action((fit: string, data: string | undefined, flags: PredictFlags) => runPredict(fit, data, flags, version));
}

const example = `
Example:
  ornstein predict fit.nc new-flights.parquet --out predictions.parquet`;

/** Rows that are shown. */
const shownRows = 10;

async function runPredict(path: string, data: string | undefined, flags: PredictFlags, version: string): Promise<void> {
  const { out, sql, json, quiet, color, ...options } = flags;
  if (data === undefined && sql === undefined)
    throw new InputError("There is nothing to predict: name a file, or give rows by --sql.");
  if (out === "-" && json === "-") throw new InputError("Only one of --out and --json can be standard output.");
  await Promise.all([requireWritable(out), requireWritable(json)]);
  await interruptible(
    quiet,
    async (listening) => {
      // Loaded late, so that --help and refusals of options are instant.
      const { loadFit, openTable, predictStream } = await import("../src/node-command.ts");
      const { writePredictions } = await import("./write-predictions.ts");
      const fit = await loadFit(path);
      const source = await openTable({ path: data, sql, like: fit.recipe, signal: listening.signal });
      try {
        const stream = predictStream(fit, source, { ...options, ...listening });
        const first: FirstRows = { numRows: 0, columns: {} };
        await writePredictions(out, firstOf(stream.chunks(), first));
        const summary = stream.summary();
        return { fit, first, summary: { ...summary, warnings: [...ofCertificate(fit, path), ...summary.warnings] } };
      } finally {
        await source.close?.();
      }
    },
    async ({ fit, first, summary }) => {
      const { predictionToJson } = await import("../src/posterior/contract-json.ts");
      await writeJson(json, predictionToJson(fit, summary, { version, command: commandLine() }));
      if (json === "-" || out === "-") return;
      const { renderPrediction } = await import("./render-prediction.ts");
      process.stdout.write(
        renderPrediction(fit, first, summary, { ...terminal(color), ...intervalsOf(fit, flags), out }),
      );
    },
  );
}

/** What the intervals are quantiles of. */
function intervalsOf(
  { settings }: Pick<Posterior, "settings">,
  { interval = 0.9, posteriorDraws = 1000 }: PredictFlags,
) {
  return { interval, draws: Math.min(posteriorDraws, settings.chains * settings.draws) };
}

/** Predictions are no better than the draws that they are made of. */
function ofCertificate({ certificate }: Pick<Posterior, "certificate">, path: string): string[] {
  if (certificate.verdict !== "failed") return [];
  return [`The certificate of the fit is "failed", so these predictions may be off; ornstein check ${path} says why.`];
}

/** The same chunks, of which the first rows are kept. */
async function* firstOf<Chunk extends FirstRows>(
  chunks: AsyncIterable<Chunk>,
  first: FirstRows,
): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    if (first.numRows === 0) {
      first.numRows = Math.min(shownRows, chunk.numRows);
      first.columns = chunk.columns;
    }
    yield chunk;
  }
}
