import { mostProbable } from "../diagnostics/certificate/calibration.ts";
import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import { type FamilyName, families } from "../families/families.ts";
import { DrawsOfRow } from "./draws-of-row.ts";
import { evenly, meanAndSd } from "./moments-of-draws.ts";
import { PredictiveChecks } from "./predictive-checks.ts";
import type { Predictors } from "./predictors.ts";
import { type PredictionColumns, type RowOptions, type RowPredictor, setCell } from "./row-predictor.ts";
import { ClassScoring } from "./scores.ts";

/** What predictions of bernoulli and categorical rows have in common; each writes a row's probabilities in its own way. */
function classRows(
  family: FamilyName,
  levels: readonly string[],
  posterior: Predictors,
  { draws, random }: RowOptions,
  own: {
    readonly numbers: readonly string[];
    /** Writes the row's columns, and to `probabilities` those of the K classes, from those at each draw. */
    summarise(columns: PredictionColumns, index: number, means: Float64Array, probabilities: Float64Array): void;
  },
): RowPredictor {
  const { numDraws, numPredictors } = posterior;
  const row = new DrawsOfRow(families[family], posterior);
  const means = new Float64Array(numDraws * numPredictors);
  const probabilities = new Float64Array(levels.length);
  const given = evenly(draws, numDraws);
  const scoring = new ClassScoring();
  const checks = new PredictiveChecks(numDraws, { classes: levels, isCount: false });
  let isScored = false;
  return {
    createColumns: (numRows) =>
      Object.fromEntries([
        ["prediction", new Array<string | null>(numRows).fill(null)],
        ...own.numbers.map((name) => [name, new Float64Array(numRows).fill(Number.NaN)] as const),
        ...given.map((_, d) => [`draw_${d + 1}`, new Array<string | null>(numRows).fill(null)] as const),
      ]),
    writeRow(columns, index, predictors, label) {
      row.meansInto(means, predictors);
      const isKnown = !Number.isNaN(label);
      if (given.length > 0 || isKnown) row.drawClasses(means, random);
      own.summarise(columns, index, means, probabilities);
      setCell(columns, "prediction", index, levels[mostProbable(probabilities, 0, levels.length)]);
      given.forEach((s, d) => {
        setCell(columns, `draw_${d + 1}`, index, levels[row.targets[s]]);
      });
      if (!isKnown) return;
      isScored = true;
      checks.add(label, row.targets);
      const probability = probabilities[label];
      // One minus a mean would round away a small remainder, and exponentials may have underflowed to 0.
      const isExact = probability > 1e-6;
      scoring.add(label, probabilities, isExact ? Math.log(probability) : row.logMeanDensity(predictors, label));
    },
    scores: () => (isScored ? { ...scoring.result(), checks: checks.results() } : undefined),
  };
}

/** Predicts whether an event comes true: its probability with its sd and interval, and the more probable of both. */
export function eventRows(
  family: FamilyName,
  levels: readonly string[],
  posterior: Predictors,
  options: RowOptions,
): RowPredictor {
  const ends = [(1 - options.interval) / 2, (1 + options.interval) / 2];
  const numbers = ["probability", "sd", "probability_low", "probability_high"];
  return classRows(family, levels, posterior, options, {
    numbers,
    summarise(columns, index, means, probabilities) {
      const { mean, sd } = meanAndSd(means);
      probabilities[0] = 1 - mean;
      probabilities[1] = mean;
      const values = [mean, sd, ...selectQuantiles(means, ends)];
      numbers.forEach((name, k) => {
        setCell(columns, name, index, values[k]);
      });
    },
  });
}

/** Predicts classes: the probability of each, and the most probable one. */
export function categoricalRows(
  family: FamilyName,
  levels: readonly string[],
  posterior: Predictors,
  options: RowOptions,
): RowPredictor {
  const names = levels.map((level) => `probability[${level}]`);
  return classRows(family, levels, posterior, options, {
    numbers: names,
    summarise(columns, index, means, probabilities) {
      const numClasses = probabilities.length;
      probabilities.fill(0);
      for (let at = 0; at < means.length; at += numClasses)
        for (let k = 0; k < numClasses; k++) probabilities[k] += means[at + k];
      for (let k = 0; k < numClasses; k++) {
        probabilities[k] /= posterior.numDraws;
        setCell(columns, names[k], index, probabilities[k]);
      }
    },
  });
}
