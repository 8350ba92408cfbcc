import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { diagonal, identity, type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { runChainsTogether } from "../../src/rows/full-gradients.ts";
import { runChains } from "../../src/sampling/chains/run-chains.ts";
import { runNutsChain } from "../../src/sampling/nuts/chain.ts";
import { averagedCovariance } from "../../src/theory/averaging.ts";
import { stateDependentCovariance } from "../../src/theory/stability.ts";
import type { PartContext } from "../part.ts";

/** Where the chains start: at the mode, or N(θ*, I), about a hundred posterior sds away from it. */
export type Start = "mode" | "random";

export const numRows = 10_000;
export const dimension = 10;
const batchSize = 10;
const stepsPerPass = numRows / batchSize;

/** Draws of one method that starts at `start`, and the passes over the data after each. */
export interface Trace {
  readonly method: string;
  readonly settings: unknown;
  /** Draws of every chain, D numbers per draw, row-major. */
  readonly chains: readonly Float64Array[];
  /** For every chain, the passes after each draw and the draw's weight. */
  passes(chain: number, draw: number): number;
  weight(draw: number): number;
  /** Whether the draws come after a warm-up of the method's own, whose passes are counted. */
  readonly isWarmedUp: boolean;
  /** The predicted limit of the mean ratio of the variances. */
  readonly limit: number | null;
}

const factorOf = (start: Start) => (start === "mode" ? matrix(dimension, dimension) : identity(dimension));

const averagedPasses = 500;

/** Algorithm 1: ε = 0.003, S = 10, windows of one pass. */
export async function iterateAverages(
  local: DenseApproximation,
  start: Start,
  chains: number,
  context: PartContext,
): Promise<Trace> {
  context.enter("IASG");
  const learningRate = 0.003;
  const step = { ...local, preconditioner: identity(dimension, learningRate), batchSize };
  const { covariance } = await stateDependentCovariance(step, local.noise);
  const output = await runChains(local, {
    model: local.model,
    gradient: "minibatch",
    batchSize,
    pull: 0,
    step: { kind: "scalar", value: learningRate },
    noise: { kind: "none" },
    start: factorOf(start),
    burnInSteps: 0,
    stepsPerDraw: stepsPerPass,
    momentEvery: 1,
    chains,
    draws: averagedPasses,
    seed: context.seed,
  });
  return {
    method: "IASG",
    settings: { learningRate, batchSize, window: stepsPerPass },
    chains: output.intervalMeans,
    passes: (_chain, draw) => draw + 1,
    weight: () => 1,
    isWarmedUp: false,
    limit: meanRatio(averagedCovariance(step, covariance, stepsPerPass), local.laplaceCovariance),
  };
}

function meanRatio(covariance: Matrix, target: Matrix): number {
  const expected = diagonal(target);
  return diagonal(covariance).reduce((sum, value, j) => sum + value / expected[j], 0) / dimension;
}

const langevinPasses = 500;
const drawsPerPass = 10;

/**
 * θ ← θ − (ε_t/2) N ĝ + √ε_t z with ε_t = 10⁻³/√(1000 + t) (Welling & Teh 2011), S = 10: a draw every 100 steps, weighted
 * by its ε_t. There is no limit to predict, because the minibatch's part of the noise keeps falling with ε_t.
 */
export async function sgld(
  local: DenseApproximation,
  start: Start,
  chains: number,
  context: PartContext,
): Promise<Trace> {
  context.enter("SGLD");
  const offset = 1000;
  const first = 1e-3 / Math.sqrt(offset);
  const stepsPerDraw = stepsPerPass / drawsPerPass;
  const output = await runChains(local, {
    model: local.model,
    gradient: "minibatch",
    batchSize,
    pull: 0,
    step: { kind: "scalar", value: (first * numRows) / 2 },
    noise: { kind: "scalar", value: Math.sqrt(first) },
    start: factorOf(start),
    rate: { offset, exponent: 0.5 },
    burnInSteps: 0,
    stepsPerDraw,
    momentEvery: stepsPerDraw,
    chains,
    draws: langevinPasses * drawsPerPass,
    seed: context.seed,
  });
  return {
    method: "SGLD",
    settings: { learningRate: "1e-3/sqrt(1000 + t)", batchSize, drawsPerPass },
    chains: output.positions,
    passes: (_chain, draw) => (draw + 1) / drawsPerPass,
    weight: (draw) => ((offset + (draw + 1) * stepsPerDraw) / offset) ** -0.5,
    isWarmedUp: false,
    limit: null,
  };
}

/** Every gradient is a pass; unit mass matrix at first, diagonal once learned. */
export async function noUTurn(
  local: DenseApproximation,
  start: Start,
  chains: number,
  context: PartContext,
): Promise<Trace> {
  context.enter("NUTS");
  const { workspace, model, mode } = local;
  const warmUp = 50;
  const spent: number[][] = [];
  const runs = await runChainsTogether(workspace, model, chains, (evaluate, chain) => {
    const scatter = createRandom(context.seed, chain, 4);
    const position = start === "mode" ? mode.slice() : mode.map((value) => value + scatter.normal());
    let gradients = 0;
    let iteration = 0;
    spent[chain] = [];
    const potential = {
      dimension,
      evaluate: (at: Float64Array) => {
        gradients++;
        return evaluate(at);
      },
    };
    const onIteration = () => {
      if (iteration++ >= warmUp) spent[chain].push(gradients);
    };
    const settings = { warmUp, draws: 150, metric: "diagonal", guess: identity(dimension), onIteration } as const;
    return runNutsChain(potential, position, settings, createRandom(context.seed, chain, 1));
  });
  return {
    method: "NUTS",
    settings: { warmUp, targetAcceptance: 0.8, metric: "diagonal" },
    chains: runs.map(({ positions }) => positions),
    passes: (chain, draw) => spent[chain][draw],
    weight: () => 1,
    isWarmedUp: true,
    limit: 1,
  };
}
