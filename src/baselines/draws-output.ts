import { covarianceOfRows, meanOfRows } from "../samplers/run-chains.ts";
import type { ChainOutput } from "../samplers/sampler.ts";

/** The output of chains of which every step is a draw. @param positions one array a chain, draws × M row-major */
export function drawsOutput(positions: readonly Float64Array[], dimension: number): ChainOutput {
  const mean = meanOfRows(positions, dimension);
  return {
    chains: positions.length,
    draws: positions[0].length / dimension,
    dimension,
    positions,
    intervalMeans: positions,
    mean,
    covariance: covarianceOfRows(positions, mean),
  };
}
