import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { diagonal, diagonalMatrix, scale } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { prepareGradients } from "../../rows/full-gradients.ts";
import { largestSdError } from "../../theory/divergence.ts";
import { twoDigits } from "../../wording.ts";
import { drawsOutput } from "../chains/chain-output.ts";
import { tracedDraws } from "../chains/traced-chains.ts";
import { type ChainOutput, independentDraws, type Plan, type SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { type MeanField, meanFieldOptimum, pairsPerIteration } from "../tuning/mean-field-optimum.ts";

/**
 * Mean-field variational inference (BBVI): independent draws from the q = N(m, diag(s²)) that is closest to the posterior
 * in KL(q‖posterior), found by reparameterisation gradients over all rows (mean-field-optimum.ts).
 *
 * Law for a quadratic loss: m = θ*, s_k² = 1/(N A_kk). The posterior's own variance is (N A)⁻¹_kk ≥ 1/(N A_kk), so the sds
 * are too small wherever columns are correlated: by √(1 − R²), R² of column k on the others, for a linear model.
 * Cost: some hundred passes over all rows for the optimum; a draw D.
 * Source: Kucukelbir, Ranganath, Gelman & Blei (2015); Kingma & Welling (2014); Mandt, Hoffman & Blei (2017), section 7.
 */
export const meanField: DenseSampler = {
  name: "mean-field",
  summary: "independent draws from the closest normal law without correlations (variational inference)",
  assumes: ["A4"],
  expandsAroundMode: true,
  tuning: [],
  preconditioners: [],
  remedy: () => ({
    accuracy: "a law without correlations is too narrow where columns are correlated, so use --sampler auto",
  }),
  plan,
};

/** Multiply-adds that the optimisation may take: some ten seconds of one core. */
const maxOptimumWork = 1e10;
const mostIterations = 20_000;

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { numRows, hessian, laplaceCovariance } = local;
  const covariance = diagonalMatrix(diagonal(hessian).map((curvature) => 1 / (numRows * curvature)));
  const optimum = await findOptimum(local, options);
  const because = "mean-field variational inference: for a quadratic loss s_k² = 1/(N A_kk)";
  const { settings, prediction } = independentDraws(meanField.name, because, options);
  return {
    settings,
    prediction: { ...prediction, law: "normal", covariance, maxSdError: largestSdError(covariance, laplaceCovariance) },
    notes: optimum.converged
      ? []
      : [
          `The variational optimum is known only to about ${twoDigits(optimum.error)} sd after ${optimum.iterations.toLocaleString("en")} iterations; use --sampler auto, or raise --tolerance.`,
        ],
    sample: async () => draws(optimum, options),
  };
}

async function findOptimum(local: DenseApproximation, { tolerance, seed }: SamplerOptions) {
  const { workspace, model, mode, hessian, numRows } = local;
  const mark = model.memory.mark();
  try {
    const evaluate = prepareGradients(workspace, model, 2 * pairsPerIteration);
    const workPerIteration = 2 * pairsPerIteration * numRows * (2 * model.dimension + 20);
    const maxIterations = Math.min(mostIterations, Math.max(100, Math.floor(maxOptimumWork / workPerIteration)));
    const onIteration = (fraction: number) => workspace.onProgress?.("optimising", fraction);
    const expansion = { mode, precision: scale(hessian, numRows) };
    const options = { goal: tolerance / 2, maxIterations, onIteration };
    return await meanFieldOptimum(evaluate, expansion, createRandom(seed, 0, 5), options);
  } finally {
    model.memory.release(mark);
  }
}

function draws({ mean, sd }: MeanField, { chains, draws, seed }: SamplerOptions): ChainOutput {
  const dimension = mean.length;
  const { positions, trace } = tracedDraws({ chains, draws, dimension }, (chain, count) => {
    const random = createRandom(seed, chain, 1);
    return Float64Array.from({ length: count * dimension }, (_, i) => {
      const k = i % dimension;
      return mean[k] + sd[k] * random.normal();
    });
  });
  return {
    ...drawsOutput(positions, dimension),
    trace,
    mean,
    covariance: diagonalMatrix(sd.map((value) => value ** 2)),
    isIntegrated: true,
  };
}
