import { oneOfSeveral } from "../../engine/progress.ts";
import { approximateVariances, type WideProblem } from "../../estimation/wide-problem.ts";
import { isQuadratic } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { leftPosterior, maxHalvings, RunAwayError } from "../chains/run-away.ts";
import { lowRankStep, roomForDraws, runWideChains, type WideRun } from "../chains/wide-chains.ts";
import { noTuning, type SamplerOptions } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";
import { sdChangeOf, variancesOf } from "../tuning/wide-step-check.ts";

/** h times the largest eigenvalue of (D⁻¹ + V Vᵀ) N A, at most. */
const largestContraction = 0.5;
const minContraction = largestContraction / 16;
/** Autocorrelation times of the slowest known direction between draws, and before the first. */
const timesPerDraw = 1;
const burnInTimes = 10;
const pilotDraws = 40;
/** Pilot chains are numbered from here on, so that their random streams are their own. */
const firstPilot = 1000;
/**
 * Draws of all chains that leave every coefficient 400 effective ones: they stand an autocorrelation time apart, and the
 * least of 100,000 estimates of that number is far below their mean.
 */
const enoughDraws = 1300;

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
export async function runWideLangevin(local: WideProblem, options: SamplerOptions): Promise<WideRun> {
  const { workspace, model, eigenvalues } = local;
  const { chains } = options;
  const notes: string[] = [];
  let contraction = largestContraction;
  let sdChange: number | null = null;
  if (!isQuadratic(model)) {
    const pilot = async (at: number, run: number) => {
      const { positions } = await runChains(
        { ...local, workspace: { ...workspace, onProgress: oneOfSeveral(workspace.onProgress) } },
        { ...options, chains: 2, draws: pilotDraws },
        at,
        firstPilot + 2 * run,
      );
      return variancesOf(local, positions);
    };
    let coarse = await pilot(contraction, 0);
    for (let run = 1; ; run++) {
      const fine = await pilot(contraction / 2, run);
      sdChange = sdChangeOf(local, coarse, fine);
      if (sdChange <= options.tolerance || contraction <= minContraction) break;
      contraction /= 2;
      coarse = fine;
    }
  }
  const draws = drawsFor(local, options, contraction);
  if (draws < options.draws) {
    notes.push(
      `With ${model.dimension.toLocaleString("en")} coefficients this run makes ${draws.toLocaleString("en")} draws a chain in place of ${options.draws.toLocaleString("en")}.`,
    );
  }
  const sds = approximateVariances(local).map(Math.sqrt);
  let run = await runChains(local, { ...options, draws }, contraction, 0);
  for (let halvings = 0; leftPosterior(run.positions, local.mode, sds); halvings++) {
    if (halvings === maxHalvings)
      throw new RunAwayError("wide-langevin", null, "use a tighter --prior, or group rare levels with --sql");
    contraction /= 2;
    run = await runChains(local, { ...options, draws }, contraction, 0);
  }
  return {
    settings: {
      sampler: "wide-langevin",
      ...noTuning,
      batchSize: local.numRows,
      learningRate: contraction / eigenvalues.largest,
      burnInSteps: run.burnInSteps,
      stepsPerDraw: run.stepsPerDraw,
      chains,
      draws,
      seed: options.seed,
      because: `Langevin dynamics over all rows, as ${model.dimension.toLocaleString("en")} coefficients are too many for matrices of all pairs: a diagonal step and ${local.directions.length} slow directions`,
    },
    positions: run.positions,
    sdChange,
    notes,
  };
}

/** As many draws as are asked for, have room in memory, and, beyond what 400 effective ones take, cost no more than a run may. */
function drawsFor(
  { model, eigenvalues, directions }: WideProblem,
  options: SamplerOptions,
  contraction: number,
): number {
  const { numRows, stride } = model.rows;
  const perStep = 2 * numRows * stride * model.numPredictors + model.dimension * (20 + 4 * directions.length);
  const { stepsPerDraw } = scheduleOf(eigenvalues, contraction);
  const capacity = roomForDraws(model.dimension, options.chains);
  const affordable = Math.floor(maxWork / (perStep * stepsPerDraw * options.chains));
  return Math.max(4, Math.min(options.draws, capacity, Math.max(affordable, Math.ceil(enoughDraws / options.chains))));
}

/** How far apart draws stand, by the slowest direction's autocorrelation time, and how many are left out at the start. */
function scheduleOf({ least, largest }: WideProblem["eigenvalues"], contraction: number) {
  const step = contraction / largest;
  const time = (2 - step * least) / (step * least);
  const stepsPerDraw = Math.ceil(timesPerDraw * time);
  return { step, stepsPerDraw, burnInDraws: Math.ceil((burnInTimes * time) / stepsPerDraw) };
}

interface Run {
  readonly positions: readonly Float32Array[];
  readonly stepsPerDraw: number;
  readonly burnInSteps: number;
}

/** @param contraction h times the largest eigenvalue */
async function runChains(
  local: WideProblem,
  { chains, draws, seed }: SamplerOptions,
  contraction: number,
  firstChain: number,
): Promise<Run> {
  const { model, curvatures, eigenvalues, numRows } = local;
  const { step, stepsPerDraw, burnInDraws } = scheduleOf(eigenvalues, contraction);
  const mark = model.memory.mark();
  try {
    const burnInSteps = burnInDraws * stepsPerDraw;
    const positions = await runWideChains(
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
        from: Array.from({ length: chains }, (_, chain) => dispersed(local, seed, firstChain + chain)),
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
    return { positions, stepsPerDraw, burnInSteps };
  } finally {
    model.memory.release(mark);
  }
}

/** A draw of N(θ*, D⁻¹ + V Vᵀ): chains start about as dispersed as the posterior. */
function dispersed({ mode, curvatures, directions }: WideProblem, seed: number, chain: number): Float64Array {
  const random = createRandom(seed, chain, 4);
  const position = mode.map((value, j) => value + random.normal() / Math.sqrt(curvatures[j]));
  for (const direction of directions) {
    const size = random.normal();
    for (let j = 0; j < position.length; j++) position[j] += size * direction[j];
  }
  return position;
}
