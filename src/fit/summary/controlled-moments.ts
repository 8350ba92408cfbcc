import { mcseOfMean } from "../../diagnostics/statistics/effective-sample-size.ts";
import { influenceOnLogSd } from "../../diagnostics/statistics/sd-over-steps.ts";
import { ScoreControls } from "../../theory/score-controls.ts";
import type { Moments } from "./coefficients.ts";
import { type MeanAndSd, weightedMoments } from "./draw-moments.ts";
import type { ReportedScores } from "./reported-scores.ts";

/**
 * Mean and sd under the weights that the scores give the steps (theory/score-controls.ts), where these make them known better; those of the steps
 * as they are where they do not.
 * @param trace values at every step, on the scale of the data
 */
export function controlledMoments(
  plain: Moments,
  index: number,
  trace: readonly Float64Array[],
  scores: ReportedScores,
): Moments {
  const { parameters, itself } = scores.of(index, trace);
  const controls = ScoreControls.of(parameters);
  if (!controls) return plain;
  const own = weightedMoments(trace, controls.weights);
  const mcseMean = mcseOfMean(controls.residuals(trace));
  const mcseSd = own.sd * mcseOfMean(controls.residuals(influenceOnLogSd(trace)));
  // Not ">=": an error that is no number is no better.
  if (!(Math.hypot(mcseMean, mcseSd) < Math.hypot(plain.mcseMean, plain.mcseSd))) return plain;
  const moved = standardised(index, scores, plain, controls) ?? movedLike(plain, own);
  return { ...own, mcseMean, mcseSd, standardized: { ...plain.standardized, ...moved }, scored: itself };
}

/** Null for what is a multiple of itself on the scale of the data. */
function standardised(index: number, scores: ReportedScores, plain: Moments, onScale: ScoreControls): MeanAndSd | null {
  const found = scores.standardised(index);
  if (!found) return null;
  const controls = found.parameter ? ScoreControls.of([found.parameter]) : onScale;
  return controls ? weightedMoments(found.values, controls.weights) : plain.standardized;
}

/** What moves a number by some of its sds, moves its multiple by as many. */
function movedLike({ mean, sd, standardized }: Moments, own: MeanAndSd): MeanAndSd {
  return {
    mean: standardized.mean + ((own.mean - mean) / sd) * standardized.sd,
    sd: standardized.sd * (own.sd / sd),
  };
}
