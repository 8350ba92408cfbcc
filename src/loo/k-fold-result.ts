import type { LeftOut } from "./loo.ts";

/** The expected log predictive density of a fit, by fitting again without each of K parts of the rows. */
export interface KFold extends LeftOut {
  readonly ic: "kfold";
  /** Σ_n log p(y_n | rows of the other folds) */
  readonly elpd_kfold: number;
  /** Σ_n log p(y_n | all rows) − elpd_kfold */
  readonly p_kfold: number;
  /** −2 elpd_kfold */
  readonly kfoldic: number;
  /** Of each row, in the order of the data. */
  readonly kfold_i: Float64Array;
  /** The fold of each row, from 1. */
  readonly fold: Float64Array;
  readonly folds: readonly FoldSummary[];
}

/** One of the fits without a part of the rows. */
export interface FoldSummary {
  readonly fold: number;
  /** Rows that were left out. */
  readonly rows: number;
  readonly elpd: number;
  /** Of the fit's certificate. */
  readonly verdict: "ok" | "warning" | "failed";
}
