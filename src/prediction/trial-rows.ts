import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import { type FamilyName, families } from "../families/families.ts";
import { DrawsOfRow } from "./draws-of-row.ts";
import { evenly, meanAndSd } from "./moments-of-draws.ts";
import { rankAmong } from "./number-rows.ts";
import { PredictiveChecks } from "./predictive-checks.ts";
import type { Predictors } from "./predictors.ts";
import { type RowOptions, type RowPredictor, setCell } from "./row-predictor.ts";
import { NumberScoring } from "./scores.ts";

/**
 * Predicts trials: the probability that one succeeds with its sd and interval, and where the number of a row's trials is
 * known, the interval of how many of them succeed. Scores are those of these counts.
 */
export function trialRows(
  family: FamilyName,
  posterior: Predictors,
  { hasTrials, ...options }: RowOptions & { readonly hasTrials: boolean },
): RowPredictor {
  const { interval, random, tieRandom } = options;
  const ends = [(1 - interval) / 2, (1 + interval) / 2];
  const { numDraws } = posterior;
  const row = new DrawsOfRow(families[family], posterior);
  const { targets } = row;
  const means = new Float64Array(numDraws);
  const given = evenly(options.draws, numDraws);
  const scoring = new NumberScoring();
  const checks = new PredictiveChecks(numDraws, { isCount: true });
  let isScored = false;
  const ofProbability = ["probability", "sd", "probability_low", "probability_high"];
  const ofCount = hasTrials ? ["predictive_low", "predictive_high", ...given.map((_, d) => `draw_${d + 1}`)] : [];

  return {
    createColumns: (numRows) =>
      Object.fromEntries(
        [...ofProbability, ...ofCount].map((name) => [name, new Float64Array(numRows).fill(Number.NaN)]),
      ),
    writeRow(columns, index, predictors, target, trials) {
      const write = (names: readonly string[], values: readonly number[]) =>
        names.forEach((name, k) => {
          setCell(columns, name, index, values[k]);
        });
      row.meansInto(means, predictors);
      const { mean, sd } = meanAndSd(means);
      write(ofProbability, [mean, sd, ...selectQuantiles(means, ends)]);
      if (Number.isNaN(trials)) return;
      row.drawTargets(predictors, random, trials);
      // Before quantiles are selected, which moves the draws.
      const drawn = given.map((s) => targets[s]);
      // Of no trials nothing is told.
      const isKnown = !Number.isNaN(target) && trials > 0;
      if (isKnown) checks.add(target, targets);
      write(ofCount, [...selectQuantiles(targets, ends), ...drawn]);
      if (!isKnown) return;
      isScored = true;
      const rank = rankAmong(targets, target, tieRandom);
      scoring.add(target, trials * mean, rank, row.logMeanDensity(predictors, target, trials));
    },
    scores: () => (isScored ? { ...scoring.result(), checks: checks.results() } : undefined),
  };
}
