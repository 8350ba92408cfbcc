import { meanCount } from "../families/poisson.ts";
import type { CrossedFamily, CrossedModel } from "./model.ts";

/**
 * Sums over rows of the loss f(η; y) of src/families, for families without parameters of their own. They are written out, for
 * they are where the time goes.
 */
export interface RowLikelihood {
  /** Σ w f */
  loss(eta: Float64Array): number;
  /** w ∂f/∂η of each row. */
  slopesInto(out: Float64Array, eta: Float64Array): void;
  /** w ∂²f/∂η² of each row. */
  curvaturesInto(out: Float64Array, eta: Float64Array): void;
}

export function rowLikelihood({ family, y, weights }: CrossedModel): RowLikelihood {
  const weight = weights ?? new Float64Array(y.length).fill(1);
  return likelihoods[family](y, weight);
}

const logistic = (eta: number) => 1 / (1 + Math.exp(-eta));

const likelihoods: Record<CrossedFamily, (y: Float64Array, weight: Float64Array) => RowLikelihood> = {
  bernoulli: (y, weight) => ({
    loss(eta) {
      let sum = 0;
      // log(1 + e^|η|) is summed as the logarithm of products of factors between 1 and 2.
      let product = 1;
      for (let row = 0; row < y.length; row++) {
        const value = eta[row];
        const excess = 1 + Math.exp(-Math.abs(value));
        if (weight[row] === 1) {
          product *= excess;
          if (product > 1e290) {
            sum += Math.log(product);
            product = 1;
          }
          sum += Math.max(value, 0) - y[row] * value;
        } else sum += weight[row] * (Math.log(excess) + Math.max(value, 0) - y[row] * value);
      }
      return sum + Math.log(product);
    },
    slopesInto(out, eta) {
      for (let row = 0; row < y.length; row++) out[row] = weight[row] * (logistic(eta[row]) - y[row]);
    },
    curvaturesInto(out, eta) {
      for (let row = 0; row < y.length; row++) {
        const mean = logistic(eta[row]);
        out[row] = weight[row] * mean * (1 - mean);
      }
    },
  }),
  poisson: (y, weight) => ({
    loss(eta) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) sum += weight[row] * (meanCount(eta[row]) - y[row] * eta[row]);
      return sum;
    },
    slopesInto(out, eta) {
      for (let row = 0; row < y.length; row++) out[row] = weight[row] * (meanCount(eta[row]) - y[row]);
    },
    curvaturesInto(out, eta) {
      for (let row = 0; row < y.length; row++) out[row] = weight[row] * meanCount(eta[row]);
    },
  }),
  /** σ = 1 */
  gaussian: (y, weight) => ({
    loss(eta) {
      let sum = 0;
      for (let row = 0; row < y.length; row++) sum += 0.5 * weight[row] * (eta[row] - y[row]) ** 2;
      return sum;
    },
    slopesInto(out, eta) {
      for (let row = 0; row < y.length; row++) out[row] = weight[row] * (eta[row] - y[row]);
    },
    curvaturesInto(out) {
      out.set(weight);
    },
  }),
};
