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
