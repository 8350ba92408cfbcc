import { type Matrix, matrix, scale } from "../linalg/matrix.ts";
import { meanOfRows } from "../samplers/run-chains.ts";
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

/** Covariance of the rows of all arrays around `mean`. */
function covarianceOfRows(arrays: readonly Float64Array[], mean: Float64Array): Matrix {
  const dimension = mean.length;
  const sum = matrix(dimension, dimension);
  let count = 0;
  for (const values of arrays) {
    for (let start = 0; start < values.length; start += dimension, count++)
      for (let i = 0; i < dimension; i++)
        for (let j = 0; j < dimension; j++)
          sum.data[i * dimension + j] += (values[start + i] - mean[i]) * (values[start + j] - mean[j]);
  }
  return scale(sum, 1 / count);
}
