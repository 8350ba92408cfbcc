import { type DenseApproximation, drawsAroundMode } from "../../estimation/local-approximation.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { drawsOutput } from "../chains/chain-output.ts";
import { tracedDraws } from "../chains/traced-chains.ts";
import { type ChainOutput, independentDraws, type Plan, type SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";

/**
 * The Laplace approximation: independent draws from N(θ*, P), P = (N A)⁻¹. The reference that the samplers are measured
 * against, right where the loss is quadratic over the posterior (assumption A4). Cost of a draw: D².
 */
export const laplace: DenseSampler = {
  name: "laplace",
  summary: "independent draws from the normal approximation at the mode",
  assumes: ["A4"],
  readsBlocks: true,
  expandsAroundMode: true,
  takesCarried: true,
  readsCells: true,
  tuning: [],
  preconditioners: [],
  plan,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const because = "Laplace approximation: normal at the mode, covariance (N A)⁻¹";
  const { settings, prediction } = independentDraws(laplace.name, because, options);
  return {
    settings,
    prediction: { ...prediction, law: "laplace", covariance: local.laplaceCovariance },
    notes: [],
    sample: async () => normalDraws(local, options),
  };
}

/** Mean and covariance are the law's own; the draws have them up to Monte Carlo error. */
function normalDraws(local: DenseApproximation, { chains, draws, seed }: SamplerOptions): ChainOutput {
  const { mode, laplaceCovariance } = local;
  const dimension = mode.length;
  const { positions, trace } = tracedDraws({ chains, draws, dimension }, (chain, count) => {
    const random = createRandom(seed, chain, 1);
    return drawsAroundMode(local, count, () => random.normal());
  });
  const integrals = { mean: mode, covariance: laplaceCovariance, isIntegrated: true };
  return { ...drawsOutput(positions, dimension), trace, ...integrals };
}
