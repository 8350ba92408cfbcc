// How far an answer is from a reference posterior.

/** What a posterior counts as reached by: every mean within so many sds, every sd within that share. */
export const tolerance = { mean: 0.1, sd: 0.05 };

/**
 * @param {{ mean: number[], sd: number[] }} estimate
 * @param {{ mean: number[], sd: number[] }} reference the same parameters in the same order
 * @returns the largest error of a mean in posterior sds, the largest relative error of an sd, and whether both are within the tolerance.
 * A number that is not finite is an infinite error: a chain that diverged has not reached anything.
 */
export function errorsAgainst(estimate, reference) {
  const count = reference.mean.length;
  if (estimate.mean.length !== count || estimate.sd.length !== count)
    throw new Error(`The answer has ${estimate.mean.length} parameters, the reference ${count}.`);
  const largest = (errors) =>
    Math.max(...errors.map((error) => (Number.isFinite(error) ? error : Number.POSITIVE_INFINITY)));
  const mean = largest(reference.mean.map((value, k) => Math.abs(estimate.mean[k] - value) / reference.sd[k]));
  const sd = largest(reference.sd.map((value, k) => Math.abs(estimate.sd[k] / value - 1)));
  return { mean, sd, reached: mean <= tolerance.mean && sd <= tolerance.sd };
}
