import { covarianceOfRows, meanOfRows } from "../../sampling/chains/run-chains.ts";

export interface MeanAndSd {
  readonly mean: number;
  readonly sd: number;
}

/** Mean and sd of all draws of the chains. */
export function momentsOf(chains: readonly Float64Array[]): MeanAndSd {
  const mean = meanOfRows(chains, 1);
  return { mean: mean[0], sd: Math.sqrt(covarianceOfRows(chains, mean).data[0]) };
}

/** The same under weights with a mean of 1. */
export function weightedMoments(chains: readonly Float64Array[], weights: readonly Float64Array[]): MeanAndSd {
  const count = chains.length * chains[0].length;
  const over = (of: (value: number) => number) => {
    let sum = 0;
    chains.forEach((chain, k) => {
      for (let step = 0; step < chain.length; step++) sum += weights[k][step] * of(chain[step]);
    });
    return sum;
  };
  const first = over((value) => value) / count;
  // Once more from there: the sum of large numbers has lost digits.
  const mean = first + over((value) => value - first) / count;
  return { mean, sd: Math.sqrt(over((value) => (value - mean) ** 2) / (count - 1)) };
}
