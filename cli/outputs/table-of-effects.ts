import type { Effects } from "../../src/effects/effects.ts";
import type { EffectEstimate } from "../../src/effects/estimates.ts";
import type { PredictionColumns } from "../../src/prediction/row-predictor.ts";

/** Effects and hypotheses, a row for each. */
interface TableOfEffects {
  readonly numRows: number;
  readonly columns: PredictionColumns;
}

type Row = Partial<Omit<EffectEstimate, "kind" | "at" | "by">> & {
  readonly kind: string;
  readonly at: EffectEstimate["at"];
  readonly by: EffectEstimate["by"];
};

/** Columns of texts and numbers: `x` that is set is `at_x`, a group's value `by_x`; of texts only columns that have a value. */
export function tableOfEffects({ effects, hypotheses }: Effects): TableOfEffects {
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
  const columns = Object.fromEntries(
    all.filter(([, values]) => !Array.isArray(values) || values.some((value) => value !== null)),
  );
  return { numRows: rows.length, columns };
}
