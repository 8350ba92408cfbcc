import { meanCount } from "../../families/poisson.ts";
import type { CrossedFamily, CrossedModel } from "../model.ts";

/**
 * ∂²f/∂η², for a gaussian row with σ = 1; of a student-t row, whose loss is not convex, its expectation (ν + 1)/((ν + 3) σ²); of
 * a negative binomial one its expectation too, μ/(1 + αμ), which a single large count does not move.
 */
const curvatureOf: Record<CrossedFamily, (eta: number, tau: readonly number[]) => number> = {
  gaussian: () => 1,
  bernoulli: (eta) => 1 / ((1 + Math.exp(-eta)) * (1 + Math.exp(eta))),
  poisson: meanCount,
  "negative-binomial": (eta, [logDispersion]) => 1 / (1 / meanCount(eta) + Math.exp(logDispersion)),
  "student-t"(_, [logSigma, logNu]) {
    const nu = Math.exp(logNu);
    return ((nu + 1) / (nu + 3)) * Math.exp(-2 * logSigma);
  },
};

/** The curvature of each row, w times. */
export function rowCurvatures(
  { family, weights }: CrossedModel,
  eta: Float64Array,
  tau: readonly number[],
): Float64Array {
  const of = curvatureOf[family];
  return eta.map((value, row) => of(value, tau) * (weights ? weights[row] : 1));
}
