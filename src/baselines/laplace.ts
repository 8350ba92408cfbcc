import type { Problem } from "../estimation/problem.ts";
import { type Matrix, matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { meanOfRows } from "../samplers/run-chains.ts";
import type { ChainOutput, Plan, Sampler, SamplerOptions } from "../samplers/sampler.ts";

/**
 * The Laplace approximation: independent draws from N(θ*, P), P = (N A)⁻¹. The reference that the samplers are measured
 * against, right where the loss is quadratic over the posterior (assumption A4). Cost of a draw: D².
 */
export const laplace: Sampler = {
  name: "laplace",
  summary: "independent draws from the normal approximation at the mode",
  assumes: ["A4"],
  preconditioners: [],
  plan,
};

async function plan(problem: Problem, options: SamplerOptions): Promise<Plan> {
  const { chains, draws, seed } = options;
  return {
    settings: {
      sampler: laplace.name,
      preconditioner: null,
      batchSize: null,
      learningRate: null,
      damping: null,
      burnInSteps: 0,
      stepsPerDraw: 1,
      chains,
      draws,
      seed,
      because: "Laplace approximation: normal at the mode, covariance (N A)⁻¹",
    },
    prediction: {
      covariance: problem.laplaceCovariance,
      maxSdError: 0,
      meanSquareStable: true,
      largestStableScale: null,
      largestContraction: null,
      autocorrelationTime: 1,
    },
    notes: [],
    sample: async () => independentDraws(problem, options),
  };
}

function independentDraws({ mode, laplaceFactor }: Problem, { chains, draws, seed }: SamplerOptions): ChainOutput {
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
