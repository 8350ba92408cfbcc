import type { Problem } from "../estimation/problem.ts";
import { type Matrix, matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { meanOfRows } from "../samplers/run-chains.ts";
import {
  type ChainOutput,
  independentDraws,
  type Plan,
  type Sampler,
  type SamplerOptions,
} from "../samplers/sampler.ts";

/**
 * The Laplace approximation: independent draws from N(θ*, P), P = (N A)⁻¹. The reference that the samplers are measured
 * against, right where the loss is quadratic over the posterior (assumption A4). Cost of a draw: D².
 */
export const laplace: Sampler = {
  name: "laplace",
  summary: "independent draws from the normal approximation at the mode",
  assumes: ["A4"],
  tuning: [],
  preconditioners: [],
  plan,
};

async function plan(problem: Problem, options: SamplerOptions): Promise<Plan> {
  const because = "Laplace approximation: normal at the mode, covariance (N A)⁻¹";
  const { settings, prediction } = independentDraws(laplace.name, because, options);
  return {
    settings,
    prediction: { ...prediction, covariance: problem.laplaceCovariance },
    notes: [],
    sample: async () => normalDraws(problem, options),
  };
}

function normalDraws({ mode, laplaceFactor }: Problem, { chains, draws, seed }: SamplerOptions): ChainOutput {
  const dimension = mode.length;
  const positions = Array.from({ length: chains }, (_, chain) => {
    const random = createRandom(seed, chain, 1);
    const values = new Float64Array(draws * dimension);
    for (let draw = 0; draw < draws; draw++) {
      const offset = multiplyVector(
        laplaceFactor,
        Float64Array.from(mode, () => random.normal()),
      );
      for (let j = 0; j < dimension; j++) values[draw * dimension + j] = mode[j] + offset[j];
    }
    return values;
  });
  const mean = meanOfRows(positions, dimension);
  return {
    chains,
    draws,
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
