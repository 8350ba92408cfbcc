import { Gradient } from "../../kernels/layout.ts";
import type { Workspace } from "../estimation/problem.ts";
import type { Model } from "../models/model.ts";
import { autocorrelationTime } from "../theory/control-variate.ts";
import { diagonalsAt, injectedVariances, largestContractionOf } from "./custom-wide-step.ts";
import { defaultBatchSize } from "./plan-sgd.ts";
import { runChains } from "./run-chains.ts";
import { noTuning, type SamplerOptions } from "./sampler.ts";
import type { WideRun } from "./wide-chains.ts";

/** Single rows whose gradients are looked at. */
const rowsLookedAt = 1000;
/** ρ(HA) that steps are held to: well inside assumption A3. */
const largestContraction = 0.5;
const burnInTimes = 5;
/** Steps that all chains may make together: each takes a call of the user's function. */
const mostSteps = 8000;

/**
 * Constant-rate SGD with a diagonal step for custom models of so many parameters that no M×M matrix is held: Corollary 3 of
 * Mandt, Hoffman & Blei (2017) made exact at finite steps, H_kk = 2S/(N C_kk + S A_kk), shortened where ρ(HA) would exceed one
 * half, the noise injected that is then missing. A is known by its diagonal, the empirical Fisher information; the law is the
 * posterior's where parameters do not depend on one another.
 * Cost of a step: one gradient of S rows, and O(M).
 */
export async function runCustomWide(
  workspace: Workspace,
  model: Model,
  mode: Float64Array,
  options: SamplerOptions,
): Promise<{ readonly run: WideRun; readonly curvatures: Float64Array; readonly contraction: number }> {
  const { chains, draws, seed, learningRate } = options;
  const { numRows } = model.rows;
  const batchSize = options.batchSize ?? defaultBatchSize(numRows);
  const rows = spread(numRows, rowsLookedAt);
  workspace.onProgress?.("measuring the noise", 0);
  const diagonals = await diagonalsAt(workspace, model, mode, rows);
  const bestRate = (2 * batchSize) / numRows;
  const wanted = diagonals.noise.map(
    (noise, j) =>
      ((learningRate ?? bestRate) / bestRate) *
      ((2 * batchSize) / (numRows * noise + batchSize * diagonals.curvature[j])),
  );
  const rho = await largestContractionOf(workspace, model, mode, wanted, rows);
  const shortening = Math.min(1, largestContraction / rho);
  const notes: string[] = [];
  if (shortening < 1) {
    notes.push(
      `Steps are ${(1 / shortening).toPrecision(2)} times shorter than those that suit each parameter by itself, which would overshoot along some directions; injected noise makes up for the gradient noise that is then missing.`,
    );
  }
  const step = wanted.map((value) => shortening * value);
  const injected = injectedVariances(diagonals, step, { numRows, batchSize });
  const rates = step.map((h, j) => h * diagonals.curvature[j]).sort();
  const time = Math.ceil(autocorrelationTime(rates[Math.floor(rates.length / 2)]));
  const stepsPerDraw = Math.max(1, Math.min(time, Math.floor(mostSteps / (chains * draws))));
  if (stepsPerDraw < time) {
    notes.push(
      `A parameter takes about ${time.toLocaleString("en")} steps to forget where it was, and this run makes ${stepsPerDraw.toLocaleString("en")} a draw from the mode on: the draws depend on one another and may be narrower than their law; ask for fewer draws.`,
    );
  }
  const burnInSteps = Math.ceil(Math.min(burnInTimes * time, 0.25 * draws * stepsPerDraw));
  const output = await runChains(
    { mode, workspace },
    {
      ...{ model, gradient: Gradient.minibatch, batchSize, pull: 0 },
      step: { kind: "diagonal", values: step },
      noise: { kind: "diagonal", values: injected.map(Math.sqrt) },
      from: Array.from({ length: chains }, () => mode),
      ...{ burnInSteps, stepsPerDraw, momentEvery: 1, chains, draws, seed, keepMoments: false },
    },
  );
  return {
    curvatures: diagonals.curvature.map((value) => numRows * value),
    contraction: shortening * rho,
    run: {
      settings: {
        ...{ ...noTuning, sampler: "constant-sgd", preconditioner: "diagonal", batchSize },
        learningRate: shortening * (learningRate ?? bestRate),
        ...{ burnInSteps, stepsPerDraw, chains, draws, seed },
        because: "Corollary 3, exact at finite step for each parameter: H_kk = 2S/(N C_kk + S A_kk)",
      },
      positions: output.positions.map((chain) => Float32Array.from(chain)),
      notes,
    },
  };
}

/** So many rows, evenly spread; all, where there are no more. */
function spread(numRows: number, count: number): Uint32Array {
  const used = Math.min(numRows, count);
  return Uint32Array.from({ length: used }, (_, k) => Math.floor((k * numRows) / used));
}
