import type { DenseApproximation } from "../../../src/estimation/local-approximation.ts";
import { multiplyVector } from "../../../src/linalg/matrix.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { drawsOutput } from "../../../src/sampling/chains/chain-output.ts";
import { type ChainOutput, independentDraws, type Plan, type SamplerOptions } from "../../../src/sampling/plan.ts";
import { samplers } from "../../../src/sampling/registry.ts";
import type { DenseSampler, Sampler } from "../../../src/sampling/sampler.ts";

/**
 * The file of a sampler, as docs/architecture.md has it. Draws from N(θ*, P) in pairs θ* ± K z, P = K Kᵀ, z ~ N(0, I): the
 * mean of a pair is the mode. Cost of a draw: D²/2.
 */
export const antithetic: DenseSampler = {
  name: "antithetic",
  summary: "pairs of draws from the normal approximation, mirrored at the mode",
  assumes: ["A4"],
  expandsAroundMode: true,
  tuning: [],
  preconditioners: [],
  plan,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const because = "antithetic draws: normal at the mode, covariance (N A)⁻¹";
  const { settings, prediction } = independentDraws(antithetic.name, because, options);
  return {
    settings,
    prediction: { ...prediction, law: "laplace", covariance: local.laplaceCovariance },
    notes: [],
    sample: async () => pairs(local, options),
  };
}

function pairs({ mode, laplaceFactor }: DenseApproximation, { chains, draws, seed }: SamplerOptions): ChainOutput {
  const dimension = mode.length;
  const positions = Array.from({ length: chains }, (_, chain) => {
    const random = createRandom(seed, chain, 1);
    const values = new Float64Array(draws * dimension);
    let offset: Float64Array = new Float64Array(dimension);
    for (let draw = 0; draw < draws; draw++) {
      const isFirst = draw % 2 === 0;
      if (isFirst)
        offset = multiplyVector(
          laplaceFactor,
          offset.map(() => random.normal()),
        );
      const sign = isFirst ? 1 : -1;
      for (let j = 0; j < dimension; j++) values[draw * dimension + j] = mode[j] + sign * offset[j];
    }
    return values;
  });
  return drawsOutput(positions, dimension);
}

// The line of `registry.ts`.
(samplers as Sampler[]).push(antithetic);
