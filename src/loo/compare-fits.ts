import { InputError } from "../errors.ts";
import { requireObject } from "../kinds.ts";
import { estimateSum, type Surrogates } from "./estimators.ts";
import type { KFold } from "./k-fold-result.ts";
import type { LeftOut, Loo } from "./loo.ts";
import { stackingWeights } from "./stacking.ts";

/** A fit among others, with the names of `az.compare`. */
export type ComparedFit<Ic extends "loo" | "kfold" = "loo"> = {
  readonly name: string;
  /** 0 for the best. */
  readonly rank: number;
  /** elpd of the best fit − elpd of this, over the same rows. */
  readonly elpd_diff: number;
  /** Standard error of elpd_diff. */
  readonly dse: number;
  /** Standard error of elpd_diff that comes of leaving out a sample of rows. */
  readonly subsampling_dse: number;
  /** Of the mixture of all fits that predicts best (stacking). */
  readonly weight: number;
  readonly se: number;
  readonly warning: boolean;
  readonly scale: "log";
} & { readonly [Name in `elpd_${Ic}` | `p_${Ic}`]: number };

/** Fits by how well they predict rows that they were not made of. */
export interface FitComparison<Ic extends "loo" | "kfold" = "loo"> {
  readonly ic: Ic;
  readonly n_data_points: number;
  readonly n_rows_left_out: number;
  /** Best first. */
  readonly fits: readonly ComparedFit<Ic>[];
  readonly warnings: readonly string[];
}

type Results = Readonly<Record<string, Loo | KFold>>;

/**
 * Compares what `loo` or `kFold` found for several fits of the same rows: differences row by row, of which the standard errors are far
 * below those of the fits' own sums, and stacking weights. As `az.compare` does.
 *
 * @throws InputError where fits cannot be compared: other rows, another target, probabilities against densities, another sample
 */
export function compareFits(results: Readonly<Record<string, Loo>>): FitComparison<"loo">;
export function compareFits(results: Readonly<Record<string, KFold>>): FitComparison<"kfold">;
export function compareFits(results: Results): FitComparison<"loo"> | FitComparison<"kfold">;
export function compareFits(results: Results): FitComparison<"loo"> | FitComparison<"kfold"> {
  requireObject(results, "The results", "those of loo by the names of the fits, such as { a: await loo(a, rows) }");
  const named = Object.entries(results);
  if (named.length < 2) throw new InputError("There is one fit: give two or more to compare.");
  for (const [name, own] of named) requireResult(name, own);
  const [first, ...others] = named;
  for (const other of others) requireComparable(first, other);
  const sorted = [...named].sort((a, b) => elpdOf(b[1]) - elpdOf(a[1]));
  const best = sorted[0][1];
  const weights = stackingWeights(sorted.map(([, own]) => pointwiseOf(own)));
  const { ic } = best;
  const total = best.n_data_points;
  const comparison = {
    ic,
    n_data_points: total,
    n_rows_left_out: best.row.length,
    fits: sorted.map(([name, own], rank) => {
      const difference = estimateSum(
        minus(pointwiseOf(best), pointwiseOf(own)),
        total,
        surrogatesOfDifference(best, own),
      );
      const numbers = { [`elpd_${ic}`]: elpdOf(own), [`p_${ic}`]: own.ic === "loo" ? own.p_loo : own.p_kfold };
      return {
        name,
        rank,
        ...numbers,
        elpd_diff: rank === 0 ? 0 : difference.sum,
        weight: weights[rank],
        se: own.se,
        dse: rank === 0 ? 0 : difference.se,
        subsampling_dse: rank === 0 ? 0 : difference.subsampling,
        warning: own.warning,
        scale: "log",
      };
    }),
    warnings: warningsOf(named, total),
  };
  return comparison as unknown as FitComparison<"loo"> | FitComparison<"kfold">;
}

const pointwiseOf = (own: Loo | KFold) => (own.ic === "loo" ? own.loo_i : own.kfold_i);
const elpdOf = (own: Loo | KFold) => (own.ic === "loo" ? own.elpd_loo : own.elpd_kfold);
const surrogatesOf = (own: Loo | KFold) => (own.ic === "loo" ? own.surrogates : undefined);
const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);

function surrogatesOfDifference(a: Loo | KFold, b: Loo | KFold): Surrogates | undefined {
  const [own, other] = [surrogatesOf(a), surrogatesOf(b)];
  if (!own || !other) return undefined;
  return { all: own.all.map((value, i) => value - other.all[i]), places: own.places };
}

function requireResult(name: string, own: LeftOut): void {
  requireObject(own, `The result of ${name}`, "what loo or kFold returned");
  if (!(own.row instanceof Float64Array) || typeof own.prints?.rows !== "string")
    throw new InputError(`The result of ${name} is not what loo or kFold returned; compare these.`);
}

type Named = readonly [name: string, result: Loo | KFold];

function requireComparable([a, own]: Named, [b, other]: Named): void {
  if (own.ic !== other.ic)
    throw new InputError(
      `${a} was left out row by row and ${b} by folds, or the other way round: do the same to both.`,
    );
  if (own.n_data_points !== other.n_data_points)
    throw new InputError(
      `${a} was made of ${own.n_data_points} rows and ${b} of ${other.n_data_points}, as rows with a missing value in a column of the formula are left out: fit both to rows that have every value that either uses.`,
    );
  if (own.prints.rows !== other.prints.rows)
    throw new InputError(
      `${a} and ${b} were made of as many rows, but not of the same, as they miss values in different columns: fit both to rows that have every value that either uses.`,
    );
  if (own.density !== other.density)
    throw new InputError(
      `${a} gives its target ${own.density === "density" ? "a density" : "probabilities"} and ${b} ${other.density === "density" ? "a density" : "probabilities"}, whose logarithms are not of the same kind: compare families of counts or classes among themselves, and families of numbers among themselves.`,
    );
  if (own.prints.targets !== other.prints.targets)
    throw new InputError(
      `${a} and ${b} have different targets, such as y and log(y), whose densities are not of the same kind: compare fits of one target.`,
    );
  if (own.row.length !== other.row.length || own.row.some((row, i) => row !== other.row[i]))
    throw new InputError(
      `${a} and ${b} left out different samples of rows: give both the same rows and the same seed.`,
    );
}

/** Differences of fewer nats are within what the estimate itself is good for (Sivula, Magnusson & Vehtari 2020). */
const smallDifference = 4;
const fewRows = 100;

function warningsOf(named: readonly Named[], total: number): string[] {
  return [
    ...named.flatMap(([name, { warnings }]) => warnings.map((warning) => `${name}: ${warning}`)),
    ...(total < fewRows ? [`There are ${total} rows, too few for standard errors of differences to be trusted.`] : []),
    ...smallDifferences(named),
  ];
}

function smallDifferences(named: readonly Named[]): string[] {
  const sums = named.map(([, own]) => elpdOf(own)).sort((a, b) => b - a);
  if (sums[0] - sums[1] >= smallDifference) return [];
  return [
    `The best two fits differ by less than ${smallDifference}, where they predict about equally well and the standard error of the difference says little.`,
  ];
}
