import { oneOfSeveral } from "../../engine/progress.ts";
import {
  drawAroundMode,
  type Eigenvalues,
  eigenvaluesOf,
  type LowRankApproximation,
} from "../../estimation/local-approximation.ts";
import { isQuadratic } from "../../models/model.ts";
import { noTuning } from "../../options/tuning.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { lowRankStep, maxStreamedDraws, streamChains } from "../chains/streamed-chains.ts";
import type { LowRankPlan, SamplerOptions, StreamedOutput } from "../plan.ts";
import type { Sampler } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";
import { sdChangeOf, variancesOf } from "../tuning/halved-step.ts";

/** h times the largest eigenvalue of (D⁻¹ + V Vᵀ) N A, at most. */
const largestContraction = 0.5;
const minContraction = largestContraction / 16;
/** Autocorrelation times of the slowest known direction between draws, and before the first. */
const timesPerDraw = 1;
const langevinBurnInTimes = 10;
const pilotDraws = 40;
/** Pilot chains are numbered from here on, so that their random streams are their own. */
const firstPilot = 1000;
/**
 * Draws of all chains that leave every coefficient 400 effective ones: they stand an autocorrelation time apart, and the
 * least of 100,000 estimates of that number is far below their mean.
 */
const drawsForEffectiveSize = 1300;

/**
 * Langevin dynamics over all rows with the preconditioner H = D⁻¹ + V Vᵀ, a diagonal and a few slow directions:
 *
 *   θ_{t+1} = θ_t − h H ∇U(θ_t) + √(h/2) (ξ_t + ξ_{t+1}),  ξ ~ N(0, H), U = −log posterior.
 *
 * With noise averaged over two steps the law is exactly the posterior where that is normal, at any step that is stable, and
 * its error is of second order in h elsewhere (Leimkuhler & Matthews, Rational construction of stochastic numerical methods
 * for molecular sampling, 2013). A coefficient that no row bears on moves by its prior alone, so that it gets the prior's sd:
 * injected noise, not that of minibatches, makes the spread. The gradient is that of all rows: with as many parameters as rows
 * a minibatch with little noise beside the injected one would be larger than the data.
 * Cost of a step: the entries of all rows, and M (rank + 1) of a few multiply-adds.
 */
export const wideLangevin: Sampler = {
  name: "wide-langevin",
  summary: "Langevin dynamics over all rows, for thousands of coefficients",
  assumes: [],
  expandsAroundMode: true,
  tuning: [],
  preconditioners: [],
  lowRank: {
    unsupportedReason: (model) =>
      traitsOf(model).areInMemory ? null : "it needs sparse rows, which a custom model does not give",
    tuning: [],
    preconditioners: [],
    staysNearMode: true,
    runAwayRemedy: "use a tighter --prior, or group rare levels with --sql",
    plan,
  },
};

async function plan(local: LowRankApproximation, options: SamplerOptions): Promise<LowRankPlan> {
  const { model, directions, numRows } = local;
  const { chains, seed } = options;
  const eigenvalues = eigenvaluesOf(local);
  const { step, sdChange } = await chooseStep(local, eigenvalues, options);
  const schedule = scheduleOf(eigenvalues, step);
  const draws = drawsFor(local, schedule, options);
  const coefficients = `${model.dimension.toLocaleString("en")} coefficients`;
  return {
    settings: {
      ...noTuning,
      sampler: wideLangevin.name,
      batchSize: numRows,
      learningRate: step,
      burnInSteps: schedule.burnInSteps,
      stepsPerDraw: schedule.stepsPerDraw,
      chains,
      draws,
      seed,
      because: `Langevin dynamics over all rows, as ${coefficients} are too many for matrices of all pairs: a diagonal step and ${directions.length} slow directions`,
    },
    prediction: { law: "halved step", sdChange, largestStableScale: 2 / (step * eigenvalues.largest) },
    notes:
      draws < options.draws
        ? [
            `With ${coefficients} this run makes ${draws.toLocaleString("en")} draws a chain in place of ${options.draws.toLocaleString("en")}.`,
          ]
        : [],
    sample: () => runChains(local, schedule, { chains, draws, seed }),
  };
}

/**
 * h: halved until halving it further leaves the sds as they are, or it is a sixteenth of the longest.
 * @param options with a learning rate, where chains have run away with twice that
 */
async function chooseStep(
  local: LowRankApproximation,
  eigenvalues: Eigenvalues,
  { learningRate, tolerance, seed }: SamplerOptions,
): Promise<{ step: number; sdChange: number | null }> {
  const longest = largestContraction / eigenvalues.largest;
  if (isQuadratic(local.model)) return { step: learningRate ?? longest, sdChange: null };
  const quiet = { ...local, workspace: { ...local.workspace, onProgress: oneOfSeveral(local.workspace.onProgress) } };
  const pilot = async (step: number, run: number) => {
    const pilots = { chains: 2, draws: pilotDraws, seed };
    const { positions } = await runChains(quiet, scheduleOf(eigenvalues, step), pilots, firstPilot + 2 * run);
    return variancesOf(local, positions);
  };
  let step = learningRate ?? longest;
  let coarse = await pilot(step, 0);
  for (let run = 1; ; run++) {
    const fine = await pilot(step / 2, run);
    const sdChange = sdChangeOf(local, coarse, fine);
    if (sdChange <= tolerance || step * eigenvalues.largest <= minContraction) return { step, sdChange };
    step /= 2;
    coarse = fine;
  }
}

/** As many draws as are asked for, have room in memory, and, beyond what 400 effective ones take, cost no more than a run may. */
function drawsFor(
  { model, directions }: LowRankApproximation,
  { stepsPerDraw }: Schedule,
  options: SamplerOptions,
): number {
  const { numRows, stride } = model.rows;
  const perStep = 2 * numRows * stride * model.numPredictors + model.dimension * (20 + 4 * directions.length);
  const capacity = maxStreamedDraws(model.dimension, options.chains);
  const affordable = Math.floor(maxWork / (perStep * stepsPerDraw * options.chains));
  return Math.max(
    4,
    Math.min(options.draws, capacity, Math.max(affordable, Math.ceil(drawsForEffectiveSize / options.chains))),
  );
}

interface Schedule {
  /** h */
  readonly step: number;
  readonly stepsPerDraw: number;
  readonly burnInSteps: number;
}

/** How far apart draws stand, by the slowest direction's autocorrelation time, and how many steps are left out at the start. */
function scheduleOf({ least }: Eigenvalues, step: number): Schedule {
  const time = (2 - step * least) / (step * least);
  const stepsPerDraw = Math.ceil(timesPerDraw * time);
  return { step, stepsPerDraw, burnInSteps: Math.ceil((langevinBurnInTimes * time) / stepsPerDraw) * stepsPerDraw };
}

async function runChains(
  local: LowRankApproximation,
  { step, stepsPerDraw, burnInSteps }: Schedule,
  { chains, draws, seed }: Pick<SamplerOptions, "chains" | "draws" | "seed">,
  firstChain = 0,
): Promise<StreamedOutput> {
  const { model, curvatures, numRows } = local;
  const mark = model.memory.mark();
  try {
    const from = Array.from({ length: chains }, (_, chain) => {
      const random = createRandom(seed, firstChain + chain, 4);
      return drawAroundMode(local, () => random.normal());
    });
    const positions = await streamChains(
      local,
      {
        model,
        gradient: "minibatch",
        batchSize: numRows,
        isSequential: true,
        pull: 0,
        // ĝ is the mean over the rows.
        step: { kind: "diagonal", values: curvatures.map((value) => (step * numRows) / value) },
        noise: { kind: "diagonal", values: curvatures.map((value) => Math.sqrt((2 * step) / value)) },
        averagesNoise: true,
        lowRank: lowRankStep(local, step * numRows, Math.sqrt(2 * step)),
        from,
        burnInSteps,
        stepsPerDraw,
        momentEvery: stepsPerDraw,
        chains,
        draws,
        seed,
        firstChain,
      },
      { keeps: "draws", stage: firstChain > 0 ? "choosing the step" : "sampling" },
    );
    return { positions };
  } finally {
    model.memory.release(mark);
  }
}
