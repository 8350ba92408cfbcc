import { approximateVariances, type WideProblem } from "../../estimation/wide-problem.ts";
import { leftPosterior, maxHalvings, RunAwayError } from "../chains/run-away.ts";
import { workPerStep } from "../chains/run-chains.ts";
import { lowRankStep, roomForDraws, runWideChains, type WideRun } from "../chains/wide-chains.ts";
import { noTuning, type SamplerOptions } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";

/** h times the largest eigenvalue of (D⁻¹ + V Vᵀ) N A. */
const contraction = 0.25;
/** Draws a chain for which the windows are lengthened no further than the work allows. */
const enoughDraws = 125;
const burnInWindows = 1;

/**
 * The iterate averaging stochastic gradient sampler for models of so many parameters that no M×M matrix is held:
 * θ ← θ − H ĝ(θ), H = h N (D⁻¹ + V Vᵀ), ĝ the gradient of S rows drawn with replacement; the mean of every window of
 * T = m N/S steps is one draw, its deviation from the mean of all windows scaled by √m.
 *
 * Law: as T h λ → ∞ the sandwich A⁻¹CA⁻¹/N whatever H is; with the slowest known direction's rate h λ the sds are too small by
 * 1/(2 T h λ), and T is chosen so that this is the tolerance. The linear map to the posterior's covariance, which narrow models
 * have, needs matrices of all pairs: the draws keep the sandwich covariance.
 * S = 2 h N, so that a step along a coefficient that one row alone bears on, which that row then drives by h N/S of the
 * distance, does not overshoot.
 * Source: Mandt, Hoffman & Blei (2017), section 6, Algorithm 1 (m = 1).
 */
export async function runWideAveraging(local: WideProblem, options: SamplerOptions): Promise<WideRun> {
  const sds = approximateVariances(local).map(Math.sqrt);
  const { learningRate } = options;
  for (let halvings = 0; ; halvings++) {
    const h = learningRate ?? contraction / local.eigenvalues.largest / 2 ** halvings;
    const run = await runWithRate(local, h, options);
    if (!leftPosterior(run.positions, local.mode, sds)) return run;
    if (learningRate !== undefined)
      throw new RunAwayError("iasg", `--learning-rate ${learningRate}`, "lower it, or leave it out");
    if (halvings === maxHalvings) throw new RunAwayError("iasg", null);
  }
}

async function runWithRate(local: WideProblem, h: number, options: SamplerOptions): Promise<WideRun> {
  const { model, mode, numRows, curvatures, eigenvalues } = local;
  const { chains, seed, tolerance } = options;
  const batchSize = options.batchSize ?? Math.max(1, Math.min(numRows, Math.ceil(2 * h * numRows)));
  const stepsPerPass = Math.max(1, Math.round(numRows / batchSize));
  const slowest = h * eigenvalues.least;
  const step = { kind: "diagonal", values: curvatures.map((value) => (h * numRows) / value) } as const;
  const perPass =
    stepsPerPass * workPerStep({ model, batchSize, step, noise: step, momentEvery: 1, keepMoments: false });
  const wanted = Math.min(options.draws, enoughDraws);
  const affordablePasses = maxWork / (perPass * chains);
  const passesForTolerance = Math.ceil(1 / (2 * tolerance * slowest * stepsPerPass));
  const passes = options.window ?? Math.max(1, Math.min(passesForTolerance, Math.floor(affordablePasses / wanted)));
  const stepsPerDraw = passes * stepsPerPass;
  const draws = Math.max(
    4,
    Math.min(options.draws, roomForDraws(model.dimension, chains), Math.max(wanted, affordablePasses / passes)),
  );
  const notes: string[] = [];
  if (draws < options.draws) {
    notes.push(
      `This run makes ${Math.floor(draws)} draws a chain in place of ${options.draws}: each is a mean over ${passes} passes.`,
    );
  }
  const sdError = 1 / (2 * stepsPerDraw * slowest);
  const burnInSteps = burnInWindows * stepsPerDraw;
  const mark = model.memory.mark();
  try {
    const positions = await runWideChains(
      local,
      {
        ...{ model, gradient: "minibatch", batchSize, pull: 0, step, noise: { kind: "none" } },
        lowRank: lowRankStep(local, h * numRows, 0),
        from: Array.from({ length: chains }, () => mode),
        ...{ burnInSteps, stepsPerDraw, momentEvery: 1, chains, draws: Math.floor(draws), seed },
      },
      { keeps: "means", callsPerInterval: passes },
    );
    stretch(positions, mode.length, Math.sqrt((stepsPerDraw * batchSize) / numRows));
    return {
      settings: {
        ...{ ...noTuning, sampler: "iasg", preconditioner: "diagonal", batchSize, learningRate: h, window: passes },
        ...{ covariance: "sandwich", burnInSteps, stepsPerDraw, chains, draws: Math.floor(draws), seed },
        because: `Algorithm 1: means over windows of ${stepsPerDraw.toLocaleString("en")} steps, of covariance A⁻¹CA⁻¹/N; a diagonal step and ${local.directions.length} slow directions`,
      },
      positions,
      windowError: sdError,
      notes: [
        "The spread is that of the estimate over other data sets (the sandwich A⁻¹CA⁻¹/N): where a coefficient rests on its prior or on few rows, the posterior's is larger.",
        ...notes,
      ],
    };
  } finally {
    model.memory.release(mark);
  }
}

/** Scales the deviations from the mean of all draws, in place. */
function stretch(positions: readonly Float32Array[], dimension: number, factor: number): void {
  const mean = new Float64Array(dimension);
  const count = positions.reduce((sum, { length }) => sum + length / dimension, 0);
  for (const values of positions) for (let at = 0; at < values.length; at++) mean[at % dimension] += values[at] / count;
  for (const values of positions)
    for (let at = 0; at < values.length; at++) {
      const centre = mean[at % dimension];
      values[at] = centre + factor * (values[at] - centre);
    }
}
