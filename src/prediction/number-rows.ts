import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import { type FamilyName, families, isCountFamily } from "../families/families.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { DrawsOfRow } from "./draws-of-row.ts";
import { evenly, meanAndSd } from "./moments-of-draws.ts";
import { PredictiveChecks } from "./predictive-checks.ts";
import type { Predictors } from "./predictors.ts";
import { type RowOptions, type RowPredictor, setCell } from "./row-predictor.ts";
import { NumberScoring } from "./scores.ts";

/** Predicts numbers and counts: their mean with its sd and interval, and the interval of the target itself. */
export function numberRows(family: FamilyName, posterior: Predictors, options: RowOptions): RowPredictor {
  const { interval, random, tieRandom } = options;
  const ends = [(1 - interval) / 2, (1 + interval) / 2];
  const { numDraws } = posterior;
  const row = new DrawsOfRow(families[family], posterior);
  const { targets } = row;
  const means = new Float64Array(numDraws);
  const given = evenly(options.draws, numDraws);
  const scoring = new NumberScoring();
  const checks = new PredictiveChecks(numDraws, { isCount: isCountFamily(family) });
  let isScored = false;
  const names = ["mean", "sd", "mean_low", "mean_high", "predictive_low", "predictive_high"];
  for (let d = 1; d <= options.draws; d++) names.push(`draw_${d}`);

  return {
    createColumns: (numRows) =>
      Object.fromEntries(names.map((name) => [name, new Float64Array(numRows).fill(Number.NaN)])),
    writeRow(columns, index, predictors, target) {
      row.meansInto(means, predictors);
      row.drawTargets(predictors, random);
      const { mean, sd } = meanAndSd(means);
      const isKnown = !Number.isNaN(target);
      // Before quantiles are selected, which moves the draws.
      const drawn = given.map((s) => targets[s]);
      if (isKnown) checks.add(target, targets);
      const values = [mean, sd, ...selectQuantiles(means, ends), ...selectQuantiles(targets, ends), ...drawn];
      names.forEach((name, k) => {
        setCell(columns, name, index, values[k]);
      });
      if (!isKnown) return;
      isScored = true;
      scoring.add(target, mean, rankAmong(targets, target, tieRandom), row.logMeanDensity(predictors, target));
    },
    scores: () => (isScored ? { ...scoring.result(), checks: checks.results() } : undefined),
  };
}

/** The rank of y among draws of it, with ties broken at random, as a fraction of 1. */
export function rankAmong(draws: Float64Array, y: number, tieRandom: Xoshiro): number {
  let below = 0;
  let equal = 0;
  for (let s = 0; s < draws.length; s++) {
    if (draws[s] < y) below++;
    else if (draws[s] === y) equal++;
  }
  return (below + tieRandom.uniform() * (equal + 1)) / (draws.length + 1);
}
