import { isCountFamily } from "../design/target/counts.ts";
import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import { families } from "../families/families.ts";
import { DrawsOfRow } from "./draws-of-row.ts";
import { evenly, meanAndSd } from "./moments-of-draws.ts";
import { PredictiveChecks } from "./predictive-checks.ts";
import type { ModelRecipe } from "./predictive-fit.ts";
import type { Predictors } from "./predictors.ts";
import type { RowOptions, RowPredictor } from "./row-predictor.ts";
import { NumberScoring } from "./scores.ts";

/** Predicts numbers and counts: their mean with its sd and interval, and the interval of the target itself. */
export function numberRows({ family }: ModelRecipe, posterior: Predictors, options: RowOptions): RowPredictor {
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

  /** The rank of y among its draws, with ties broken at random, as a fraction of 1. */
  function rankOf(y: number): number {
    let below = 0;
    let equal = 0;
    for (let s = 0; s < numDraws; s++) {
      if (targets[s] < y) below++;
      else if (targets[s] === y) equal++;
    }
    return (below + tieRandom.uniform() * (equal + 1)) / (numDraws + 1);
  }

  return {
    createColumns: (numRows) =>
      Object.fromEntries(names.map((name) => [name, new Float64Array(numRows).fill(Number.NaN)])),
    writeRow(columns, place, predictors, target) {
      const write = (name: string, value: number) => {
        (columns[name] as Float64Array)[place] = value;
      };
      row.meansInto(means, predictors);
      const { mean, sd } = meanAndSd(means);
      row.drawTargets(predictors, random);
      const isKnown = !Number.isNaN(target);
      given.forEach((s, d) => {
        write(`draw_${d + 1}`, targets[s]);
      });
      if (isKnown) checks.add(target, targets);
      write("mean", mean);
      write("sd", sd);
      const [meanLow, meanHigh] = selectQuantiles(means, ends);
      write("mean_low", meanLow);
      write("mean_high", meanHigh);
      const [predictiveLow, predictiveHigh] = selectQuantiles(targets, ends);
      write("predictive_low", predictiveLow);
      write("predictive_high", predictiveHigh);
      if (!isKnown) return;
      isScored = true;
      scoring.add(target, mean, rankOf(target), row.logMeanDensity(predictors, target));
    },
    scores: () => (isScored ? { ...scoring.result(), checks: checks.results() } : undefined),
  };
}
