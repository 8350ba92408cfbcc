import { conjugatePosterior } from "../../estimation/conjugate.ts";
import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { conjugate } from "../../sampling/algorithms/conjugate.ts";
import type { ChainOutput, Plan } from "../../sampling/sampler.ts";
import { effectiveDrawsOf } from "./accuracy.ts";
import { percent, sdsAway } from "./wording.ts";

/** Above so many parameters the exact moments, D² at each of thousands of points of τ, take longer than they are worth. */
const maxParameters = 500;
/** Standard errors that chance is allowed, of the largest of many parameters. */
const byChance = 4;
/** Errors that a reader would not see, whatever the tolerance: of a mean in sds, of an sd as a share of it. */
const unseen = { mean: 0.05, sd: 0.02 };

/** Draws of a linear model with normal priors, against the posterior that is known there. */
export interface ExactComparison {
  readonly passed: boolean;
  readonly message: string;
}

/**
 * Means and sds of all parameters (log sigma among them) against the exact ones (estimation/conjugate.ts), with what chance
 * explains; null where the posterior is not known, or not what the draws are meant to come from.
 */
export async function compareWithExact(
  local: LocalApproximation,
  plan: Plan,
  output: ChainOutput,
  tolerance: number,
): Promise<ExactComparison | null> {
  const { model, workspace } = local;
  if (output.isIntegrated || plan.prediction.target) return null;
  if (model.dimension > maxParameters || conjugate.unsupportedReason?.(model) !== null) return null;
  const exact = await conjugatePosterior(workspace, model);
  const worst = { mean: 0, sd: 0 };
  let isWithin = true;
  for (let j = 0; j < model.dimension; j++) {
    const entry = j * (model.dimension + 1);
    const sd = Math.sqrt(exact.covariance.data[entry]);
    const ofMean = Math.abs(output.mean[j] - exact.mean[j]) / sd;
    const ofSd = Math.abs(Math.sqrt(output.covariance.data[entry]) / sd - 1);
    const draws = effectiveDrawsOf(output, j);
    // Not ">": values that are no numbers are not within.
    isWithin &&= ofMean <= Math.max(tolerance, unseen.mean) + byChance / Math.sqrt(draws.mean);
    isWithin &&= ofSd <= Math.max(tolerance, unseen.sd) + byChance / Math.sqrt(2 * draws.covariance);
    worst.mean = Math.max(worst.mean, ofMean);
    worst.sd = Math.max(worst.sd, ofSd);
  }
  const differences = `means by up to ${sdsAway(worst.mean)}, sds by up to ${percent(worst.sd)}`;
  return isWithin
    ? { passed: true, message: `The posterior of this model is known; the draws differ from it in ${differences}.` }
    : {
        passed: false,
        message: `The posterior of this model is known, and the draws differ from it by more than chance explains: ${differences}; use --sampler conjugate.`,
      };
}
