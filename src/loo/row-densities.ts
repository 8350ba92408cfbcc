import type { EncodedRows } from "../design/recipe/encode-rows.ts";
import { meanEffectiveSampleSize } from "../diagnostics/statistics/effective-sample-size.ts";
import { InputError } from "../errors.ts";
import { families } from "../families/families.ts";
import { DrawsOfRow } from "../prediction/draws-of-row.ts";
import { noiseByLevel } from "../prediction/effect-noise.ts";
import type { GroupChoice } from "../prediction/group-predictor.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import { Predictors } from "../prediction/predictors.ts";
import { formatCount } from "../table/table-source.ts";

/** log p(y_n | x_n, θ_s) of rows at S draws of a posterior. */
export class RowDensities {
  /** S */
  readonly numDraws: number;
  /** Of the row that was read last, S. */
  readonly values: Float64Array;
  private readonly posterior: Predictors;
  private readonly row: DrawsOfRow;
  private readonly predictors: Float64Array;

  /** @throws InputError where the fit lacks the draws of a parameter, or the effects of its groups */
  constructor(
    fit: PredictiveFit,
    maxDraws: number,
    { seed, groups }: { readonly seed: number; readonly groups: GroupChoice },
  ) {
    requireEffects(fit, groups);
    this.posterior = new Predictors(fit, maxDraws, { choice: groups, noise: noiseByLevel(seed) });
    this.row = new DrawsOfRow(families[fit.recipe.family], this.posterior);
    this.numDraws = this.posterior.numDraws;
    this.values = new Float64Array(this.numDraws);
    this.predictors = new Float64Array(this.numDraws * this.posterior.numPredictors);
  }

  /** By grouping factor: rows so far whose level no row of the fit has. */
  get newLevels(): ReadonlyMap<string, number> {
    return this.posterior.newLevels;
  }

  /** Reads the i-th of the encoded rows, whose target is known. */
  read(rows: EncodedRows, i: number): Float64Array {
    this.posterior.predictInto(this.predictors, rows, i);
    this.row.logDensitiesInto(this.values, this.predictors, rows.target![i], rows.trials?.[i]);
    return this.values;
  }

  /** @throws InputError where a density of the row that was read last is 0, or no number */
  requireFinite(row: number): void {
    if (this.values.every(Number.isFinite)) return;
    throw new InputError(
      `Data row ${formatCount(row)} is so far from what the fit predicts that its density is 0 at a draw of the posterior, so that it has no log density: correct the row or leave it out, and fit again.`,
    );
  }

  /**
   * r_eff: effective draws over draws, averaged over the parameters; 1 for a single chain. As `az.loo` takes it.
   */
  relativeEfficiency({ draws }: PredictiveFit): number {
    const chains = [...draws.values()];
    if (chains.length === 0 || chains[0].length === 1) return 1;
    const perChain = chains[0][0].length;
    const total = perChain * chains[0].length;
    const { chosen } = this.posterior;
    const isWhole = chosen.length === total;
    const sizes = chains.map((own) => meanEffectiveSampleSize(isWhole ? own : thinned(own, chosen)));
    const known = sizes.filter(Number.isFinite);
    if (known.length === 0) return 1;
    return known.reduce((sum, size) => sum + size, 0) / known.length / this.numDraws;
  }
}

/** The chosen draws of each chain, as many of each. */
function thinned(chains: readonly Float64Array[], chosen: Uint32Array): Float64Array[] {
  const perChain = chains[0].length;
  const own = chains.map((chain, c) =>
    Float64Array.from(
      chosen.filter((place) => Math.floor(place / perChain) === c),
      (place) => chain[place % perChain],
    ),
  );
  const least = Math.min(...own.map(({ length }) => length));
  return own.map((chain) => chain.subarray(0, least));
}

function requireEffects({ recipe, groupEffects }: PredictiveFit, groups: GroupChoice): void {
  if (!recipe.groups || groupEffects || groups !== "known") return;
  throw new InputError(
    "The fit has kept no effects of its groups, given which its rows have densities: fit again with --save or --effects.",
  );
}
