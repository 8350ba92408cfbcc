import { columnsRead } from "../design/distant/part-plan.ts";
import { RowEncoder } from "../design/recipe/encode-rows.ts";
import type { ReportProgress } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import type { PredictionSettings } from "../options/predict-options.ts";
import { predictStream } from "../prediction/predict.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import { distinctNames } from "../table/distinct-names.ts";
import type { PredictQuestion } from "./part-worker-node.ts";
import { plainFit } from "./plain-fit.ts";
import type { EngineSettings } from "./spark-options.ts";
import { openSpark } from "./spark-table-node.ts";

/** What became of a table's rows. */
export interface WrittenPredictions {
  readonly rows: number;
  /** Of them, those of which no value is missing. */
  readonly predicted: number;
  /** The columns that were added to the table's own. */
  readonly columns: readonly string[];
}

/**
 * Predicts the rows of a table on Spark's executors, which write them beside the table's own columns as Parquet.
 * @param out a folder that the executors reach, which is not there yet
 * @throws InputError where the rows, an option or the folder cannot be used
 */
export async function predictOnSpark(
  fit: PredictiveFit,
  { source, place }: EngineSettings,
  out: string,
  {
    signal,
    onProgress,
    ...options
  }: PredictionSettings & { readonly signal?: AbortSignal; readonly onProgress?: ReportProgress },
): Promise<WrittenPredictions> {
  const plain = plainFit(fit, options.groups);
  const { session, table, tell } = await openSpark(source, { ...place, signal }, onProgress);
  try {
    const { groups } = options;
    const { names, texts } = new RowEncoder(fit.recipe, table, {
      ...options,
      readGroups: (groups ?? "known") === "known",
    }).wanted;
    const levels: Record<string, readonly string[]> = {};
    for await (const { columns } of table.chunks([...names], texts))
      for (const [name, column] of columns) if (column.kind === "category") levels[name] = column.levels;
    const read = columnsRead([...names], table.columns, { whole: texts, levels });
    const predicted = await columnsOfPredictions(fit, table, options);
    const added = distinctNames(
      predicted.map(({ name }) => name),
      table.columns.map(({ name }) => name),
    );
    const numbers = predicted.flatMap(({ isNumber }, k) => (isNumber ? [k] : []));
    const question: PredictQuestion = { kind: "predict", columns: table.columns, fit: plain, options };
    tell("predicting");
    const asked = { asked: JSON.stringify(question), columns: read, predicted: added, numbers, out };
    const written = (await session.request("predict", asked)) as Omit<WrittenPredictions, "columns">;
    return { ...written, columns: added };
  } finally {
    await session.close();
  }
}

/** The names and kinds of what is predicted, from no rows. */
async function columnsOfPredictions(
  fit: PredictiveFit,
  table: Parameters<typeof predictStream>[1],
  options: PredictionSettings,
): Promise<readonly { readonly name: string; readonly isNumber: boolean }[]> {
  for await (const { columns } of predictStream(fit, table, options).chunks())
    return Object.entries(columns).map(([name, values]) => ({ name, isNumber: !Array.isArray(values) }));
  throw new InputError("The table has no rows to predict.");
}
