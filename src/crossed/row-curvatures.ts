import { meanCount } from "../families/poisson.ts";
import type { CrossedFamily, CrossedModel } from "./model.ts";

/** ∂²f/∂η², for a gaussian row with σ = 1. */
const curvatureOf: Record<CrossedFamily, (eta: number) => number> = {
  bernoulli: (eta) => 1 / ((1 + Math.exp(-eta)) * (1 + Math.exp(eta))),
  poisson: meanCount,
  gaussian: () => 1,
};

/** w ∂²f/∂η² of each row. */
export function rowCurvatures({ family, weights }: CrossedModel, eta: Float64Array): Float64Array {
  const of = curvatureOf[family];
  return eta.map((value, row) => of(value) * (weights ? weights[row] : 1));
}
