import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { goodShape, ParetoSmoothing } from "../diagnostics/statistics/pareto-smoothing.ts";
import { progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { families } from "../families/families.ts";
import { logMeanExp } from "../prediction/draws-of-row.ts";
import { createRandom, type Xoshiro } from "../rng/xoshiro.ts";
import type { TableSource } from "../table/table-source.ts";
import { estimateSum, type Surrogates } from "./estimators.ts";
import { type FittedChunk, type FittedModel, FittedRows } from "./fitted-rows.ts";
import { type LooOptions, settleLooOptions } from "./loo-options.ts";
import { looWarnings } from "./loo-warnings.ts";
import { meanFit } from "./mean-fit.ts";
import { RowDensities } from "./row-densities.ts";
import type { RowPrints } from "./row-print.ts";
import { countShapes, type ShapeCount } from "./shape-counts.ts";

export type { FittedModel } from "./fitted-rows.ts";
export type { LooOptions } from "./loo-options.ts";

/** What estimates of how well a fit predicts rows that it was not made of have in common. */
export interface LeftOut {
  /** Standard error of the estimate, as of other rows of the same kind: √(N Var). */
  readonly se: number;
  /** Draws of the posterior. */
  readonly n_samples: number;
  /** N, the rows of the fit. */
  readonly n_data_points: number;
  readonly warning: boolean;
  /** The sum of log densities; deviances are −2 of it. */
  readonly scale: "log";
  /** Whether a target's density is a probability, or one per unit of the target. */
  readonly density: "probability" | "density";
  /** The number in the data, from 1, of each row that was left out. */
  readonly row: Float64Array;
  /** What tells whether other fits were made of the same rows. */
  readonly prints: RowPrints;
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/** The expected log predictive density of a fit, by leaving rows out one by one; names as ArviZ has them. */
export interface Loo extends LeftOut {
  readonly ic: "loo";
  /** Σ_n log p(y_n | the other rows) */
  readonly elpd_loo: number;
  /** The effective number of parameters: Σ_n log p(y_n | all rows) − elpd_loo. */
  readonly p_loo: number;
  /** −2 elpd_loo */
  readonly looic: number;
  /** Of each row that was left out: log p(y_n | the other rows), and the shape k of its importance weights. */
  readonly loo_i: Float64Array;
  readonly pareto_k: Float64Array;
  /** Up to here k is good: min(1 − 1/log₁₀ S, 0.7). */
  readonly good_k: number;
  readonly k_counts: readonly ShapeCount[];
  /** Effective draws over draws, averaged over the parameters. */
  readonly r_eff: number;
  /** Rows that were left out; fewer than N where they are a sample. */
  readonly n_rows_left_out: number;
  /** Standard errors of elpd_loo and p_loo that come of leaving out a sample; 0 where every row was left out. */
  readonly subsampling_se: number;
  readonly p_loo_subsampling_se: number;
  /** Where they are a sample: log p(y_n | θ̄) of all rows, and which of them the sampled ones are. */
  readonly surrogates?: Surrogates;
}

/** The most rows that are left out where nobody says how many. */
const defaultRows = 10_000;

/**
 * Leave-one-out cross-validation by Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry 2017), of every row or of a random
 * sample. Memory does not grow with rows × draws.
 *
 * @param source The rows that the fit was made of
 * @throws InputError where they are others, an option cannot be used, or a row has no density; the signal's reason when it is aborted
 */
export async function looOf(fit: FittedModel, source: TableSource, options: LooOptions = {}): Promise<Loo> {
  const { rows, posteriorDraws, seed } = settleLooOptions(options);
  requireRecipe(fit);
  const reader = new FittedRows(fit, source, options.signal ? { signal: options.signal } : {});
  const total = fit.data.rows;
  const wanted = Math.min(total, rows === "all" ? total : rows === "auto" ? defaultRows : rows);
  const sample = new Sample(total, wanted, createRandom(seed, 0, 20));
  const leaving = new LeavingOut(fit, { wanted, total, posteriorDraws, seed });
  const onProgress = progressReporter(options.onProgress);
  for await (const chunk of reader.read("leaving rows out", onProgress)) leaving.add(chunk, sample);
  onProgress?.finish();
  return leaving.result(fit, reader.prints.prints);
}

/** @throws InputError where the recipe is of another version */
export function requireRecipe({ recipe }: FittedModel): void {
  if (recipe?.version !== recipeVersion)
    throw new InputError("The fit's description of its columns is of another version of ornstein; fit again.");
}

/** A simple random sample without replacement (selection sampling: Fan, Muller & Rezucha 1962). */
class Sample {
  constructor(
    private left: number,
    private wanted: number,
    private readonly random: Xoshiro,
  ) {}

  /** Whether the next row is in it. */
  takesNext(): boolean {
    const isTaken = this.wanted >= this.left || this.random.uniform() * this.left < this.wanted;
    this.left--;
    if (isTaken) this.wanted--;
    return isTaken;
  }
}

interface Extent {
  readonly wanted: number;
  readonly total: number;
  readonly posteriorDraws: number;
  readonly seed: number;
}

/** Log densities of rows, left out and not. */
class LeavingOut {
  private readonly densities: RowDensities;
  private readonly smoothing: ParetoSmoothing;
  private readonly relativeEfficiency: number;
  /** At the posterior mean, of every row, where some are left out alone. */
  private readonly atMean: RowDensities | undefined;
  private readonly surrogates: Surrogates | undefined;
  private readonly leftOut: Float64Array;
  private readonly gaps: Float64Array;
  private readonly shapes: Float64Array;
  private readonly numbers: Float64Array;
  private count = 0;
  private seen = 0;

  constructor(
    fit: FittedModel,
    private readonly extent: Extent,
  ) {
    const { wanted, total, posteriorDraws, seed } = extent;
    const options = { seed, groups: "known" } as const;
    this.densities = new RowDensities(fit, posteriorDraws, options);
    this.relativeEfficiency = this.densities.relativeEfficiency(fit);
    this.smoothing = new ParetoSmoothing(this.densities.numDraws, this.relativeEfficiency);
    if (wanted < total) {
      this.atMean = new RowDensities(meanFit(fit), 1, options);
      this.surrogates = { all: new Float32Array(total), places: new Float64Array(wanted) };
    }
    this.leftOut = new Float64Array(wanted);
    this.gaps = new Float64Array(wanted);
    this.shapes = new Float64Array(wanted);
    this.numbers = new Float64Array(wanted);
  }

  add({ rows, places, numbers }: FittedChunk, sample: Sample): void {
    places.forEach((i, k) => {
      if (this.surrogates) this.addSurrogate(this.atMean!.read(rows, i)[0], numbers[k]);
      if (sample.takesNext()) this.leaveOut(this.densities.read(rows, i), numbers[k]);
      this.seen++;
    });
  }

  private addSurrogate(logDensity: number, row: number): void {
    this.atMean!.requireFinite(row);
    this.surrogates!.all[this.seen] = logDensity;
  }

  private leaveOut(values: Float64Array, row: number): void {
    const { densities, count } = this;
    densities.requireFinite(row);
    const { logDensity, k } = this.smoothing.smooth(values);
    this.leftOut[count] = logDensity;
    this.gaps[count] = logMeanExp(values) - logDensity;
    this.shapes[count] = k;
    this.numbers[count] = row;
    if (this.surrogates) this.surrogates.places[count] = this.seen;
    this.count++;
  }

  result(fit: FittedModel, prints: RowPrints): Loo {
    const { densities, surrogates, leftOut, shapes, numbers, relativeEfficiency } = this;
    const { total, wanted } = this.extent;
    const newLevels = [...densities.newLevels.keys()];
    if (newLevels.length > 0)
      throw new InputError(
        `Rows have a level of ${newLevels[0]} that no row of the fit has: give the rows that the fit was made of.`,
      );
    const elpd = estimateSum(leftOut, total, surrogates);
    const p = estimateSum(this.gaps, total);
    const good = goodShape(densities.numDraws);
    const counts = countShapes(shapes, good);
    return {
      ic: "loo",
      elpd_loo: elpd.sum,
      se: elpd.se,
      p_loo: p.sum,
      looic: -2 * elpd.sum,
      n_samples: densities.numDraws,
      n_data_points: total,
      warning: counts.slice(1).some(({ rows }) => rows > 0),
      scale: "log",
      density: isDiscrete(fit) ? "probability" : "density",
      good_k: good,
      k_counts: counts,
      r_eff: relativeEfficiency,
      n_rows_left_out: wanted,
      subsampling_se: elpd.subsampling,
      p_loo_subsampling_se: p.subsampling,
      row: numbers,
      loo_i: leftOut,
      pareto_k: shapes,
      ...(surrogates && { surrogates }),
      prints,
      warnings: looWarnings(fit, { shapes, numbers, good, numDraws: densities.numDraws }),
    };
  }
}

/** Whether the target's values have probabilities rather than densities, which depend on its unit. */
const isDiscrete = ({ recipe }: FittedModel) => families[recipe.family].target !== "numbers";
