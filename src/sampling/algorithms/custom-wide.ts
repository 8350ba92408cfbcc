import type { Model } from "../../models/model.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { twoDigits } from "../../wording.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { maxHalvings, RunAwayError } from "../chains/run-away.ts";
import { runChains } from "../chains/run-chains.ts";
import type { WideRun } from "../chains/wide-chains.ts";
import { noTuning, type SamplerOptions } from "../sampler.ts";
import { chooseWideStep, type WideStep } from "../tuning/custom-wide-step.ts";
import { defaultBatchSize } from "../tuning/plan-sgd.ts";

const burnInTimes = 5;
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
export async function runCustomWide(
  workspace: Workspace,
  model: Model,
  mode: Float64Array,
  options: SamplerOptions,
): Promise<CustomWideRun> {
  const { learningRate } = options;
  let tried = options;
  for (let halvings = 0; ; halvings++) {
    const found = await runWithRate(workspace, model, mode, tried);
    const { positions, settings } = found.run;
    // The curvature at the mode may say little of where the draws are, so distances are not held against it.
    if (positions.every((chain) => chain.every(Number.isFinite))) return found;
    if (learningRate !== undefined)
      throw new RunAwayError("constant-sgd", `the learning rate ${learningRate}`, "lower it, or leave it out");
    if (halvings === maxHalvings)
      throw new RunAwayError(
        "constant-sgd",
        null,
        "give the model a tighter prior, or its parameters scales nearer to 1",
      );
    tried = { ...options, learningRate: settings.learningRate! / 2 };
  }
}

interface CustomWideRun {
  readonly run: WideRun;
  readonly curvatures: Float64Array;
  readonly contraction: number;
}

async function runWithRate(
  workspace: Workspace,
  model: Model,
  mode: Float64Array,
  options: SamplerOptions,
): Promise<CustomWideRun> {
  const { chains, draws, seed, learningRate } = options;
  const { numRows } = model.rows;
  const batchSize = options.batchSize ?? defaultBatchSize(numRows);
  const choose = { batchSize, learningRate };
  workspace.onProgress?.("measuring the noise", 0);
  const pilot = await chooseWideStep(workspace, model, mode, choose);
  const chainsWith = ({ step, injected }: WideStep, from: Float64Array, schedule: Schedule, stage?: string) =>
    runChains(
      { mode, workspace },
      {
        ...{ model, gradient: "minibatch", batchSize, pull: 0 },
        step: { kind: "diagonal", values: step },
        noise: { kind: "diagonal", values: injected.map(Math.sqrt) },
        from: Array.from({ length: schedule.chains }, () => from),
        ...{ ...schedule, momentEvery: 1, keepMoments: false },
      },
      stage,
    );
  const stepsAhead = Math.min(maxStepsAhead, burnInTimes * pilot.time);
  const shortly = { burnInSteps: 0, stepsPerDraw: stepsAhead, chains: 1, draws: 1, seed: seed + 1 };
  const ahead = await chainsWith(pilot, mode, shortly, "choosing the step");
  const reached = Float64Array.from(ahead.positions[0]);
  const chosen = await chooseWideStep(workspace, model, reached, choose);
  const { time, shortening } = chosen;
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
  const burnInSteps = Math.ceil(Math.min(burnInTimes * time, 0.25 * draws * stepsPerDraw));
  const output = await chainsWith(chosen, reached, { burnInSteps, stepsPerDraw, chains, draws, seed });
  return {
    curvatures: pilot.diagonals.curvature.map((value) => numRows * value),
    contraction: chosen.contraction,
    run: {
      settings: {
        ...{ ...noTuning, sampler: "constant-sgd", preconditioner: "diagonal", batchSize },
        learningRate: chosen.learningRate,
        ...{ burnInSteps, stepsPerDraw, chains, draws, seed },
        because: "Corollary 3, exact at finite step for each parameter: H_kk = 2S/(N C_kk + S A_kk)",
      },
      positions: output.positions.map((chain) => Float32Array.from(chain)),
      notes,
    },
  };
}

/** How long chains run. */
type Schedule = Pick<ChainSpec, "burnInSteps" | "stepsPerDraw" | "chains" | "draws" | "seed">;
