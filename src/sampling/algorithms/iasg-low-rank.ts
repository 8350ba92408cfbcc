import { eigenvaluesOf, type LowRankApproximation } from "../../estimation/local-approximation.ts";
import { noTuning } from "../../options/tuning.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { workPerStep } from "../chains/run-chains.ts";
import { lowRankStep, maxStreamedDraws, streamChains } from "../chains/streamed-chains.ts";
import type { LowRankPlan, SamplerOptions, StreamedOutput } from "../plan.ts";
import { type LowRankVariant, SamplerOptionError } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";

/** h times the largest eigenvalue of (D⁻¹ + V Vᵀ) N A. */
const contraction = 0.25;
/** Draws a chain for which the windows are lengthened no further than the work allows. */
const drawsWorthWaiting = 125;
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
export const iasgLowRank: LowRankVariant = {
  tuning: ["preconditioner", "batchSize", "learningRate", "window", "covariance"],
  preconditioners: ["diagonal"],
  unsupportedReason: (model) =>
    traitsOf(model).areInMemory ? null : "it needs sparse rows, which a custom model does not give",
  requireTuning({ dimension }, { covariance }) {
    if (covariance !== "posterior") return;
    throw new SamplerOptionError(
      `iasg with ${dimension.toLocaleString("en")} coefficients has draws of the sandwich covariance only, as the map to the posterior's needs matrices of all pairs: leave --covariance out.`,
    );
  },
  staysNearMode: true,
  plan,
};

async function plan(local: LowRankApproximation, options: SamplerOptions): Promise<LowRankPlan> {
  const { model, numRows, directions } = local;
  const { chains, seed } = options;
  const eigenvalues = eigenvaluesOf(local);
  // Smaller batches take shorter steps, and longer windows make up for these.
  const longest = options.batchSize === undefined ? Number.POSITIVE_INFINITY : options.batchSize / (2 * numRows);
  const h = options.learningRate ?? Math.min(contraction / eigenvalues.largest, longest);
  const batchSize = options.batchSize ?? Math.max(1, Math.min(numRows, Math.ceil(2 * h * numRows)));
  const { passes, draws, stepsPerDraw } = windowsFor(local, h, batchSize, options);
  const burnInSteps = burnInWindows * stepsPerDraw;
  const notes = [
    "The spread is that of the estimate over other data sets (the sandwich A⁻¹CA⁻¹/N): where a coefficient rests on its prior or on few rows, the posterior's is larger.",
  ];
  if (draws < options.draws) {
    notes.push(
      `This run makes ${draws} draws a chain in place of ${options.draws}: each is a mean over ${passes} passes.`,
    );
  }
  return {
    settings: {
      ...noTuning,
      sampler: "iasg",
      preconditioner: "diagonal",
      batchSize,
      learningRate: h,
      window: passes,
      covariance: "sandwich",
      burnInSteps,
      stepsPerDraw,
      chains,
      draws,
      seed,
      because: `Algorithm 1: means over windows of ${stepsPerDraw.toLocaleString("en")} steps, of covariance A⁻¹CA⁻¹/N; a diagonal step and ${directions.length} slow directions`,
    },
    prediction: {
      law: "averages",
      windowError: 1 / (2 * stepsPerDraw * h * eigenvalues.least),
      largestStableScale: 2 / (h * eigenvalues.largest),
    },
    notes,
    sample: () => sampleWindows(local, { model, batchSize, h, passes, stepsPerDraw, burnInSteps, chains, draws, seed }),
  };
}

/** Windows long enough for the tolerance, or as long as the work allows, and how many of them a chain makes. */
function windowsFor(
  local: LowRankApproximation,
  h: number,
  batchSize: number,
  options: SamplerOptions,
): { passes: number; draws: number; stepsPerDraw: number } {
  const { model, numRows } = local;
  const { chains, tolerance } = options;
  const stepsPerPass = Math.max(1, Math.round(numRows / batchSize));
  const step = diagonalStep(local, h);
  const perStep = workPerStep({ model, batchSize, step, noise: step, momentEvery: 1, keepMoments: false });
  const wanted = Math.min(options.draws, drawsWorthWaiting);
  const affordablePasses = maxWork / (stepsPerPass * perStep * chains);
  const passesForTolerance = Math.ceil(1 / (2 * tolerance * h * eigenvaluesOf(local).least * stepsPerPass));
  const passes = options.window ?? Math.max(1, Math.min(passesForTolerance, Math.floor(affordablePasses / wanted)));
  const most = Math.min(options.draws, maxStreamedDraws(model.dimension, chains));
  const draws = Math.max(4, Math.min(most, Math.max(wanted, affordablePasses / passes)));
  return { passes, draws: Math.floor(draws), stepsPerDraw: passes * stepsPerPass };
}

const diagonalStep = ({ curvatures, numRows }: LowRankApproximation, h: number) =>
  ({ kind: "diagonal", values: curvatures.map((value) => (h * numRows) / value) }) as const;

type WindowRun = Pick<
  ChainSpec,
  "model" | "batchSize" | "burnInSteps" | "stepsPerDraw" | "chains" | "draws" | "seed"
> & {
  readonly h: number;
  readonly passes: number;
};

async function sampleWindows(local: LowRankApproximation, { h, passes, ...run }: WindowRun): Promise<StreamedOutput> {
  const { model, mode, numRows } = local;
  const mark = model.memory.mark();
  try {
    const positions = await streamChains(
      local,
      {
        ...run,
        gradient: "minibatch",
        pull: 0,
        step: diagonalStep(local, h),
        noise: { kind: "none" },
        lowRank: lowRankStep(local, h * numRows, 0),
        from: Array.from({ length: run.chains }, () => mode),
        momentEvery: 1,
      },
      { keeps: "means", callsPerInterval: passes },
    );
    stretch(positions, mode.length, Math.sqrt((run.stepsPerDraw * run.batchSize) / numRows));
    return { positions };
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
