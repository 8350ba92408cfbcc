import type { Command } from "commander";
import { progressReporter } from "../../src/engine/progress.ts";
import { InputError } from "../../src/errors.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { withDefaults } from "../../src/options/option.ts";
import { type PredictionSettings, predictOptions } from "../../src/options/predict-options.ts";
import type { EngineSettings } from "../../src/spark/spark-options.ts";
import { formatCount } from "../../src/table/table-source.ts";
import { addEngineOptions, addOptions, dataArgument, headings, plainHelp, quietHelp, sqlHelp } from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";
import type { FirstRows } from "../render/render-prediction.ts";

interface PredictFlags extends PredictionSettings {
  out?: string;
  sql?: string;
  engine?: string;
  table?: string;
  python?: string;
  conf?: readonly string[];
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
    .option("--sql <query>", sqlHelp);
  addEngineOptions(command).optionsGroup("Prediction:");
  addOptions(command, predictOptions)
    .optionsGroup(headings.output)
    .option(
      "--out <file>",
      "write the predictions, a row for each row of DATA: .csv, .parquet or .jsonl; - is CSV on standard output; with --engine a folder of Parquet files, which have DATA's own columns too",
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
  const { out, sql, engine, table, python, conf, json, quiet, color, ...options } = flags;
  if (data === undefined && sql === undefined && table === undefined)
    throw new InputError("There is nothing to predict: name a file, or give rows by --sql.");
  const { sparkOf } = await import("../../src/spark/spark-options.ts");
  const spark = sparkOf({ engine, table, python, conf, path: data, sql });
  if (spark) return predictElsewhere(path, spark, { out, json, quiet }, options);
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

/** Has executors of Spark predict and write the rows. */
async function predictElsewhere(
  path: string,
  spark: EngineSettings,
  { out, json, quiet }: Pick<PredictFlags, "out" | "json" | "quiet">,
  options: PredictionSettings,
): Promise<void> {
  if (out === undefined)
    throw new InputError("With --engine the executors write the predictions: name a folder that they reach by --out.");
  if (json !== undefined)
    throw new InputError(
      "--json is of scores, which are not worked out with --engine: leave it out, or predict without --engine.",
    );
  await runCommand(quiet, async ({ onProgress, print }) => {
    const { loadFit, predictOnSpark } = await import("../../src/node-command.ts");
    const fit = await loadFit(path);
    const { rows, predicted, columns } = await predictOnSpark(fit, spark, out, {
      ...options,
      onProgress: progressReporter(onProgress),
    });
    const missing =
      rows > predicted ? `, ${formatCount(rows - predicted)} of them without a prediction, as a value is missing` : "";
    await print(`${formatCount(rows)} rows in ${out}${missing}; predicted: ${columns.join(", ")}\n`);
    for (const warning of certificateWarnings(fit, "predictions", path)) process.stderr.write(`Warning: ${warning}\n`);
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
