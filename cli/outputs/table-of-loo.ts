import type { KFold } from "../../src/loo/k-fold-result.ts";
import type { Loo } from "../../src/loo/loo.ts";
import type { PredictionColumns } from "../../src/prediction/row-predictor.ts";

/** What was found for each row that was left out: of several fits, of one after the other. */
export function tableOfLoo(results: Readonly<Record<string, Loo | KFold>>): {
  readonly numRows: number;
  readonly columns: PredictionColumns;
} {
  const all = Object.entries(results);
  const joined = (of: (own: Loo | KFold) => Float64Array) => {
    const parts = all.map(([, own]) => of(own));
    const values = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  };
  const rows = joined(({ row }) => row);
  const isLoo = all[0][1].ic === "loo";
  const columns: Record<string, Float64Array | string[]> = {
    ...(all.length > 1 && { fit: all.flatMap(([name, { row }]) => new Array<string>(row.length).fill(name)) }),
    data_row: rows,
    [isLoo ? "elpd_loo" : "elpd_kfold"]: joined((own) => (own.ic === "loo" ? own.loo_i : own.kfold_i)),
    [isLoo ? "pareto_k" : "fold"]: joined((own) => (own.ic === "loo" ? own.pareto_k : own.fold)),
  };
  return { numRows: rows.length, columns };
}
