import type { LowRankApproximation } from "../../estimation/local-approximation.ts";
import { noTuning } from "../../options/tuning.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { twoDigits } from "../../wording.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { runChains } from "../chains/run-chains.ts";
import type { LowRankPlan, SamplerOptions } from "../plan.ts";
import type { LowRankVariant } from "../sampler.ts";
import { chooseDiagonalStep, type DiagonalStep } from "../tuning/diagonal-step.ts";
import { defaultBatchSize } from "../tuning/plan-sgd.ts";

const diagonalBurnInTimes = 5;
/** Steps that all chains may make together: each takes a call of the user's function. */
const maxSteps = 16_000;
/** Steps that one chain may make ahead of the others. */
const maxStepsAhead = 1000;

/**
 * Constant-rate SGD with a diagonal step for custom models of so many parameters that no M×M matrix is held: Corollary 3 of
 * Mandt, Hoffman & Blei (2017) made exact at finite steps, H_kk = 2S/(N C_kk + S A_kk), shortened where ρ(HA) would exceed one
 * half, the noise injected that is then missing. A is known by its diagonal, the empirical Fisher information; the law is the
 * posterior's where parameters do not depend on one another. Steps are chosen at the mode, and again where one chain has come by
 * them: a network that fits its rows has hardly any curvature at its mode, and far more where its draws are.
 * Cost of a step: one gradient of S rows, and O(M).
 */
export const diagonalSgd: LowRankVariant = {
  tuning: ["preconditioner", "batchSize", "learningRate"],
  preconditioners: ["diagonal"],
  unsupportedReason: (model) =>
    traitsOf(model).areInMemory
      ? "constant-sgd with diagonal steps is for custom models, which give gradients alone"
      : null,
  // The curvature at the mode may say little of where the draws are, so distances are not held against it.
  staysNearMode: false,
  runAwayRemedy: "give the model a tighter prior, or its parameters scales nearer to 1",
  plan,
};

async function plan(local: LowRankApproximation, options: SamplerOptions): Promise<LowRankPlan> {
  const { workspace, model, mode, numRows } = local;
  const { chains, draws, seed, learningRate, batchSize = defaultBatchSize(numRows) } = options;
  const choose = { batchSize, learningRate };
  const chosenAhead = await chooseDiagonalStep(workspace, model, mode, choose, local.rowDiagonals);
  const stepsAhead = Math.min(maxStepsAhead, diagonalBurnInTimes * chosenAhead.time);
  const shortly = { burnInSteps: 0, stepsPerDraw: stepsAhead, chains: 1, draws: 1, seed: seed + 1 };
  const ahead = await runFrom(local, chosenAhead, mode, { ...shortly, batchSize }, "choosing the step");
  const reached = Float64Array.from(ahead.positions[0]);
  const chosen = await chooseDiagonalStep(workspace, model, reached, choose);
  const { time, shortening, contraction } = chosen;
  const notes: string[] = [];
  if (shortening < 1) {
    notes.push(
      `Steps are ${twoDigits(1 / shortening)} times shorter than those that suit each parameter by itself, which would overshoot along some directions; injected noise makes up for the gradient noise that is then missing.`,
    );
  }
  const stepsPerDraw = Math.max(1, Math.min(time, Math.floor(maxSteps / (chains * draws))));
  if (stepsPerDraw < time) {
    notes.push(
      `A parameter takes about ${time.toLocaleString("en")} steps to forget where it was, and this run makes ${stepsPerDraw.toLocaleString("en")} a draw: the draws depend on one another and may be narrower than their law; ask for fewer draws.`,
    );
  }
  const burnInSteps = Math.ceil(Math.min(diagonalBurnInTimes * time, 0.25 * draws * stepsPerDraw));
  const schedule = { burnInSteps, stepsPerDraw, chains, draws, seed };
  return {
    settings: {
      ...noTuning,
      sampler: "constant-sgd",
      preconditioner: "diagonal",
      batchSize,
      learningRate: chosen.learningRate,
      ...schedule,
      because: "Corollary 3, exact at finite step for each parameter: H_kk = 2S/(N C_kk + S A_kk)",
    },
    prediction: { law: "unknown", largestStableScale: 2 / contraction },
    notes,
    sample: async () => {
      const output = await runFrom(local, chosen, reached, { ...schedule, batchSize });
      return { positions: output.positions.map((chain) => Float32Array.from(chain)) };
    },
  };
}

/** How long chains run. */
type Schedule = Pick<ChainSpec, "batchSize" | "burnInSteps" | "stepsPerDraw" | "chains" | "draws" | "seed">;

function runFrom(
  { workspace, model, mode }: LowRankApproximation,
  { step, injected }: DiagonalStep,
  from: Float64Array,
  schedule: Schedule,
  stage?: string,
) {
  return runChains(
    { mode, workspace },
    {
      ...schedule,
      model,
      gradient: "minibatch",
      pull: 0,
      momentEvery: 1,
      keepMoments: false,
      step: { kind: "diagonal", values: step },
      noise: { kind: "diagonal", values: injected.map(Math.sqrt) },
      from: Array.from({ length: schedule.chains }, () => from),
    },
    stage,
  );
}
