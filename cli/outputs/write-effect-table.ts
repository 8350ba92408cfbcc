import type { Effects } from "../../src/effects/effects.ts";
import type { EffectEstimate } from "../../src/effects/estimates.ts";
import type { PredictionColumns } from "../../src/prediction/row-predictor.ts";
import { openPredictions } from "./write-predictions.ts";

/** Writes a row for each effect and hypothesis: CSV, Parquet or JSON lines. @throws InputError as `openPredictions` */
export async function writeEffectTable(effects: Effects, path: string): Promise<void> {
  const writer = await openPredictions(path);
  try {
    const columns = effectColumns(effects);
    await writer.add({ numRows: columns.kind.length, columns });
    await writer.finish();
  } finally {
    writer.close();
  }
}

type Row = Partial<Omit<EffectEstimate, "kind" | "at" | "by">> & {
  readonly kind: string;
  readonly at: EffectEstimate["at"];
  readonly by: EffectEstimate["by"];
};

/** Columns of texts and numbers; `x` that is set is `at_x`, and a group's value `by_x`. Only columns that have a value. */
function effectColumns({ effects, hypotheses }: Effects): PredictionColumns {
  const rows: readonly Row[] = [
    ...effects,
    ...hypotheses.map(({ hypothesis, relation, ...own }) => ({
      ...own,
      kind: "hypothesis",
      contrast: hypothesis,
      at: {},
      by: {},
    })),
  ];
  const texts = (of: (row: Row) => string | number | undefined) =>
    rows.map((row) => {
      const value = of(row);
      return value === undefined ? null : String(value);
    });
  const numbers = (of: (row: Row) => number | undefined) => Float64Array.from(rows, (row) => of(row) ?? Number.NaN);
  const names = (part: "at" | "by") => [...new Set(rows.flatMap((row) => Object.keys(row[part])))];
  const labels = (["by", "at"] as const).flatMap((part) =>
    names(part).map((name) => [`${part}_${name}`, texts((row) => row[part][name])] as const),
  );
  const all: (readonly [string, (string | null)[] | Float64Array])[] = [
    ["kind", texts(({ kind }) => kind)],
    ["term", texts(({ term }) => term)],
    ["contrast", texts(({ contrast }) => contrast)],
    ["comparison", texts(({ comparison }) => comparison)],
    ...labels,
    ["class", texts((row) => row.class)],
    ["estimate", numbers(({ estimate }) => estimate)],
    ["sd", numbers(({ sd }) => sd)],
    ["low", numbers(({ low }) => low)],
    ["high", numbers(({ high }) => high)],
    ["probability", numbers(({ probability }) => probability)],
    ["mcse", numbers(({ mcse }) => mcse)],
    ["row_error", numbers(({ rowError }) => rowError)],
    ["rows", numbers(({ rows: count }) => count)],
  ];
  // Columns of numbers are always there, so that scripts find them.
  return Object.fromEntries(
    all.filter(([, values]) => !Array.isArray(values) || values.some((value) => value !== null)),
  );
}
