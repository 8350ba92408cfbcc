import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { withDefaults } from "../../src/options/option.ts";
import { type PredictionSettings, predictOptions } from "../../src/options/predict-options.ts";
import { addOptions, dataArgument, headings, plainHelp, quietHelp, sqlHelp } from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";
import type { FirstRows } from "../render/render-prediction.ts";

interface PredictFlags extends PredictionSettings {
  out?: string;
  sql?: string;
  json?: string;
  quiet?: boolean;
  color: boolean;
}

export function addPredictCommand(program: Command, version: string): void {
  const command = program
    .command("predict")
    .description("predict rows from a saved fit, and score the predictions where the target is known")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument("[data]", `${dataArgument}; columns as in the fit`)
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup("Prediction:");
  addOptions(command, predictOptions)
    .optionsGroup(headings.output)
    .option(
      "--out <file>",
      "write the predictions, a row for each row of DATA: .csv, .parquet or .jsonl; - is CSV on standard output",
    )
    .option(
      "--json <file>",
      "write the scores, the calibration and the posterior predictive checks as JSON; - is standard output",
    )
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
  const inputs = { fit: path, path: data, sql };
  const { onStandardOutput } = await requireOutputs({ "--out": out, "--json": json }, inputs);
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { loadFit, openTable, predictStream } = await import("../../src/node-command.ts");
    const { openPredictions } = await import("../outputs/write-predictions.ts");
    const writer = await openPredictions(out);
    try {
      const fit = await loadFit(path);
      const source = await openTable({ path: data, sql, like: fit.recipe });
      const first: FirstRows = { numRows: 0, columns: {} };
      try {
        const stream = predictStream(fit, source, { ...options, onProgress });
        for await (const chunk of firstOf(stream.chunks(), first)) {
          await writer.add(chunk);
          // A reader such as head has what it wanted.
          if (writer.isBroken && json === undefined) break;
        }
        if (out !== undefined) await write(out, writer.finish);
        if (writer.isBroken && json === undefined) return;
        const found = stream.summary();
        const summary = { ...found, warnings: [...certificateWarnings(fit, "predictions", path), ...found.warnings] };
        if (json !== undefined) {
          const { predictionToJson } = await import("../../src/fit/summary/to-json.ts");
          const record = predictionToJson(fit, summary, { version, command: commandLine() });
          await write(json, () => writeJson(json, record));
        }
        if (onStandardOutput) return;
        const { renderPrediction } = await import("../render/render-prediction.ts");
        await print(renderPrediction(fit, first, summary, { ...terminal(color), ...intervalsOf(fit, flags), out }));
      } finally {
        await source.close?.();
      }
    } finally {
      writer.close();
    }
  });
}

/** What the intervals are quantiles of. */
function intervalsOf({ settings }: Pick<Posterior, "settings">, flags: PredictFlags) {
  const { interval, posteriorDraws } = withDefaults(predictOptions, flags, ["interval", "posteriorDraws"]);
  return { interval, draws: Math.min(posteriorDraws, settings.chains * settings.draws) };
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
