import { conjugatePosterior } from "../../estimation/conjugate.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { conjugate } from "../../sampling/algorithms/conjugate.ts";
import type { ChainOutput, Plan } from "../../sampling/plan.ts";
import { effectiveDrawsOf } from "./accuracy.ts";
import { percent, sdsAway } from "./wording.ts";

/**
 * With more parameters than this, computing the exact moments (D² at each of thousands of points of τ) is not worth the
 * time.
 */
const maxParameters = 500;
/** The number of standard errors that chance may explain, for the largest of many parameters. */
const byChance = 4;
/** Errors too small to matter, whatever the tolerance: of a mean in sds, and of an sd relative to it. */
const unseen = { mean: 0.05, sd: 0.02 };

/** Compares draws of a linear model with normal priors with its exact posterior. */
export interface ExactComparison {
  readonly passed: boolean;
  readonly message: string;
}

/**
 * Means and sds of all parameters (log sigma among them) against the exact ones (estimation/conjugate.ts), with what
 * chance explains; null if the posterior is not known, or the draws are not meant to come from it.
 */
export async function compareWithExact(
  local: DenseApproximation,
  plan: Plan,
  output: ChainOutput,
  tolerance: number,
): Promise<ExactComparison | null> {
  const { model, workspace } = local;
  const { prediction } = plan;
  if (output.isIntegrated || (prediction.law === "averages" && prediction.target)) return null;
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
    // Not ">": NaN is not within the bounds.
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
