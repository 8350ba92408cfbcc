import { type ConjugatePosterior, conditionalMean, conjugatePosterior } from "../../estimation/conjugate.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { matrix, multiply, transpose } from "../../linalg/matrix.ts";
import { hasNormalPriors } from "../../models/model.ts";
import { createRandom, type Xoshiro } from "../../rng/xoshiro.ts";
import { tracedDraws } from "../chains/traced-chains.ts";
import { type ChainOutput, independentDraws, type Plan, type SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";

/**
 * Exact independent draws of a linear model with normal priors (estimation/conjugate.ts): τ = log σ from its own law by
 * inversion, then the coefficients, normal given τ. One pass over the rows; a draw costs D². Means and covariances are
 * not averaged over draws but integrated over τ.
 */
export const conjugate: DenseSampler = {
  name: "conjugate",
  summary: "independent exact draws, for the gaussian family with normal priors",
  assumes: [],
  readsBlocks: true,
  readsCells: true,
  tuning: [],
  preconditioners: [],
  unsupportedReason: (model) =>
    model.family.name !== "gaussian" || model.groups
      ? "conjugate draws exist for the gaussian family without group terms only"
      : !hasNormalPriors(model)
        ? "conjugate draws need normal priors on all coefficients"
        : model.auxiliaries.length === 0 && model.fixedTau[0] !== 0
          ? "conjugate draws are worked out for sigma learned or fixed at 1"
          : null,
  plan,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const posterior = await conjugatePosterior(local.workspace, local.model);
  const because = "linear model with normal priors: the posterior is known, and the draws are exact and independent";
  const { settings, prediction } = independentDraws(conjugate.name, because, options);
  return {
    settings,
    prediction: { ...prediction, law: "posterior", isKnown: true, covariance: posterior.covariance },
    notes: [],
    sample: async () => exactDraws(local, posterior, options),
  };
}

function exactDraws(
  { model }: DenseApproximation,
  posterior: ConjugatePosterior,
  { chains, draws, seed }: SamplerOptions,
): ChainOutput {
  const { dimension } = model;
  const cumulative = Float64Array.from(posterior.probability);
  for (let k = 1; k < cumulative.length; k++) cumulative[k] += cumulative[k - 1];
  const made = tracedDraws({ chains, draws, dimension }, (chain, count) => {
    const random = createRandom(seed, chain, 1);
    return drawsOf(posterior, { cumulative, count, dimension }, random);
  });
  const { mean, covariance } = posterior;
  const { positions } = made;
  return { chains, draws, dimension, ...made, intervalMeans: positions, mean, covariance, isIntegrated: true };
}

/** count × M row-major. The coefficients of all draws are one product, γ times the basis. */
function drawsOf(
  posterior: ConjugatePosterior,
  { cumulative, count, dimension }: { cumulative: Float64Array; count: number; dimension: number },
  random: Xoshiro,
): Float64Array {
  const { tau, eigenvalues, center, basis } = posterior;
  const size = center.length;
  const values = new Float64Array(count * dimension);
  const gammas = matrix(count, size);
  for (let draw = 0; draw < count; draw++) {
    const drawn = drawTau(tau, cumulative, random);
    const precision = Math.exp(-2 * drawn);
    const gamma = conditionalMean(drawn, posterior).map(
      (mean, i) => mean + random.normal() / Math.sqrt(1 + eigenvalues[i] * precision),
    );
    gammas.data.set(gamma, draw * size);
    if (dimension > size) values[draw * dimension + size] = drawn;
  }
  const offsets = multiply(gammas, transpose(basis)).data;
  for (let draw = 0; draw < count; draw++)
    for (let j = 0; j < size; j++) values[draw * dimension + j] = center[j] + offsets[draw * size + j];
  return values;
}

/** Inversion on the grid, uniform within a cell. */
function drawTau(tau: Float64Array, cumulative: Float64Array, random: Xoshiro): number {
  if (tau.length === 1) return tau[0];
  const wanted = random.uniform();
  let low = 0;
  let high = tau.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return tau[low] + (random.uniform() - 0.5) * (tau[1] - tau[0]);
}
