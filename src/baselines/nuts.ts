import { runChainsTogether } from "../estimation/full-gradients.ts";
import type { Problem } from "../estimation/problem.ts";
import { multiplyVector } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import {
  type ChainOutput,
  independentDraws,
  type Plan,
  type Sampler,
  type SamplerOptions,
} from "../samplers/sampler.ts";
import { drawsOutput } from "./draws-output.ts";
import { runNutsChain } from "./nuts-chain.ts";
import type { MetricKind } from "./nuts-mass-matrix.ts";

/**
 * The No-U-Turn sampler: Hamiltonian dynamics with gradients over all rows, trajectories that stop by themselves
 * (nuts-tree.ts), step size and mass matrix learned in a warm-up (nuts-step-size.ts, nuts-mass-matrix.ts). The draws come
 * from the posterior itself, whatever its shape, so nothing is predicted: the Laplace sds stand beside them for comparison.
 *
 * Settings: mean acceptance 0.8, depth at most 10, Stan's warm-up schedule; a dense mass matrix (`full`) up to 100
 * parameters, else a diagonal one. The first mass matrix is that of the Laplace covariance P, and the chains start from
 * N(θ*, 4 P), twice as dispersed as the posterior, so that R̂ would show chains that have not met.
 * Cost of a draw: 2^depth − 1 passes over all rows, mostly 3 or 7.
 * Source: Hoffman & Gelman (2014); Betancourt (2017); the Stan reference manual, chapter "MCMC sampling".
 */
export const nuts: Sampler = {
  name: "nuts",
  summary: "No-U-Turn sampler: exact for any shape of the posterior, several passes over the data a draw",
  assumes: [],
  tuning: ["preconditioner"],
  preconditioners: ["diagonal", "full"],
  plan,
};

const largestDense = 100;
/** The start's sds over the posterior's. */
const startDispersion = 2;

async function plan(problem: Problem, options: SamplerOptions): Promise<Plan> {
  const preconditioner = options.preconditioner ?? (problem.model.dimension <= largestDense ? "full" : "diagonal");
  const metric = preconditioner === "full" ? "dense" : "diagonal";
  // As many iterations as draws, but enough for the step size, and no more than Stan's schedule needs.
  const warmUp = Math.min(Math.max(options.draws, 50), 1000);
  const because = `NUTS: gradients over all rows, ${metric} mass matrix, step size and mass matrix learned in the warm-up`;
  const { settings, prediction } = independentDraws(nuts.name, because, options);
  return {
    settings: { ...settings, preconditioner, burnInSteps: warmUp },
    prediction: { ...prediction, covariance: problem.laplaceCovariance, isExact: true, isComparison: true },
    notes: [],
    sample: () => runAllChains(problem, options, metric, warmUp),
  };
}

async function runAllChains(
  { workspace, model, mode, laplaceCovariance, laplaceFactor }: Problem,
  { chains: count, draws, seed }: SamplerOptions,
  metric: MetricKind,
  warmUp: number,
): Promise<ChainOutput> {
  const onIteration = progressOf(count * (warmUp + draws), workspace.onProgress);
  const chains = await runChainsTogether(workspace, model, count, (evaluate, chain) => {
    const scatter = createRandom(seed, chain, 4);
    const offset = multiplyVector(
      laplaceFactor,
      Float64Array.from(mode, () => startDispersion * scatter.normal()),
    );
    const start = mode.map((value, j) => value + offset[j]);
    const settings = { warmUp, draws, metric, guess: laplaceCovariance, onIteration };
    return runNutsChain({ dimension: mode.length, evaluate }, start, settings, createRandom(seed, chain, 1));
  });
  const positions = chains.map((chain) => chain.positions);
  return { ...drawsOutput(positions, mode.length), hamiltonian: chains.map(({ statistics }) => statistics) };
}

const progressMilliseconds = 200;

/** Counts iterations of all chains and tells of them a few times a second. */
function progressOf(total: number, onProgress?: (stage: string, fraction: number) => void): () => void {
  let done = 0;
  let last = performance.now();
  return () => {
    done++;
    if (!onProgress || performance.now() - last < progressMilliseconds) return;
    last = performance.now();
    onProgress("sampling", done / total);
  };
}
