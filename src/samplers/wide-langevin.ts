import { Chain, Gradient } from "../../kernels/layout.ts";
import type { WideProblem } from "../estimation/wide-problem.ts";
import { isQuadratic } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { mostWork } from "./draw-schedule.ts";
import { noTuning, type SamplerOptions, type SamplerSettings } from "./sampler.ts";
import { writeChain } from "./write-chain.ts";

/** What came of a run over very many parameters; every array is M long. */
export interface WideRun {
  readonly settings: SamplerSettings;
  /** One array a chain, draws × M row-major. */
  readonly positions: readonly Float32Array[];
  /**
   * What halving the step changes of an sd, relatively; null where the loss is quadratic and nothing is left to change, and
   * left out where it was not tried.
   */
  readonly sdChange?: number | null;
  readonly notes: readonly string[];
}

/** h times the largest eigenvalue of (D⁻¹ + V Vᵀ) N A, at most. */
const largestContraction = 0.5;
const fewestContraction = largestContraction / 16;
/** Entries that the draws of all chains may have together: 4 bytes each. */
const mostEntries = 1e8;
/** Autocorrelation times of the slowest known direction between draws, and before the first. */
const timesPerDraw = 1;
const burnInTimes = 10;
const pilotDraws = 40;
/** Draws of all chains that leave every coefficient 400 effective ones, as they stand an autocorrelation time apart. */
const enoughDraws = 1000;

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
export async function runWideLangevin(problem: WideProblem, options: SamplerOptions): Promise<WideRun> {
  const { model, eigenvalues } = problem;
  const { chains } = options;
  const notes: string[] = [];
  let contraction = largestContraction;
  let sdChange: number | null = null;
  if (!isQuadratic(model)) {
    const pilot = (at: number, run: number) =>
      variancesOf(problem, runChains(problem, { ...options, chains: 2, draws: pilotDraws }, at, 1000 + 2 * run));
    let coarse = await pilot(contraction, 0);
    for (let run = 1; ; run++) {
      const fine = await pilot(contraction / 2, run);
      sdChange = changeOf(problem, coarse, fine);
      if (sdChange <= options.tolerance || contraction <= fewestContraction) break;
      contraction /= 2;
      coarse = fine;
    }
  }
  const draws = drawsFor(problem, options, contraction);
  if (draws < options.draws) {
    notes.push(
      `With ${model.dimension.toLocaleString("en")} coefficients this run makes ${draws.toLocaleString("en")} draws a chain in place of ${options.draws.toLocaleString("en")}.`,
    );
  }
  const run = await runChains(problem, { ...options, draws }, contraction, 0);
  return {
    settings: {
      sampler: "wide-langevin",
      ...noTuning,
      batchSize: problem.numRows,
      learningRate: contraction / eigenvalues.largest,
      burnInSteps: run.burnInSteps,
      stepsPerDraw: run.stepsPerDraw,
      chains,
      draws,
      seed: options.seed,
      because: `Langevin dynamics over all rows, as ${model.dimension.toLocaleString("en")} coefficients are too many for matrices of all pairs: a diagonal step and ${problem.directions.length} slow directions`,
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
  const perStep = 2 * numRows * stride * model.outputs + model.dimension * (20 + 4 * directions.length);
  const { stepsPerDraw } = scheduleOf(eigenvalues, contraction);
  const room = Math.floor(mostEntries / (options.chains * model.dimension));
  const affordable = Math.floor(mostWork / (perStep * stepsPerDraw * options.chains));
  return Math.max(4, Math.min(options.draws, room, Math.max(affordable, Math.ceil(enoughDraws / options.chains))));
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
  problem: WideProblem,
  { chains, draws, seed }: SamplerOptions,
  contraction: number,
  firstChain: number,
): Promise<Run> {
  const { model, workspace, curvatures, directions, eigenvalues, numRows, mode } = problem;
  const { memory, dimension } = model;
  const { step, stepsPerDraw, burnInDraws } = scheduleOf(eigenvalues, contraction);
  const drawsAtOnce = Math.max(1, Math.min(draws, Math.floor(2 ** 21 / dimension)));
  const mark = memory.mark();
  try {
    const address = memory.allocateF64(dimension * Math.max(1, directions.length));
    directions.forEach((direction, k) => {
      memory.f64(address + 8 * k * dimension, dimension).set(direction);
    });
    const spec: ChainSpec = {
      model,
      gradient: Gradient.minibatch,
      batchSize: numRows,
      pull: 0,
      // ĝ is the mean over the rows.
      step: { kind: "diagonal", values: curvatures.map((value) => (step * numRows) / value) },
      noise: { kind: "diagonal", values: curvatures.map((value) => Math.sqrt((2 * step) / value)) },
      wide: {
        directions: address,
        rank: directions.length,
        step: step * numRows,
        noise: Math.sqrt(2 * step),
        drawsAtOnce,
      },
      from: Array.from({ length: chains }, (_, chain) => dispersed(problem, seed, firstChain + chain)),
      burnInSteps: burnInDraws * stepsPerDraw,
      stepsPerDraw,
      momentEvery: stepsPerDraw,
      chains,
      draws,
      seed,
      firstChain,
    };
    const records = Array.from({ length: chains }, (_, chain) => writeChain({ workspace, mode }, spec, chain));
    const windows = records.map((record) => memory.getU32(record, Chain.draws));
    const positions = records.map(() => new Float32Array(draws * dimension));
    const total = (burnInDraws + draws) * stepsPerDraw;
    const onProgress = () => {
      const done = records.reduce((sum, record) => sum + memory.getU32(record, Chain.stepsDone), 0);
      workspace.onProgress?.(firstChain > 0 ? "choosing the step" : "sampling", done / (chains * total));
    };
    for (let made = 0; made < draws; made += drawsAtOnce) {
      const count = Math.min(drawsAtOnce, draws - made);
      // A call makes the steps of one draw, so that each run ends with one. Addresses are u32 and wrap around: draw `made` is
      // written where the room for draws begins.
      records.forEach((record, chain) => {
        memory.setU32(record, Chain.draws, windows[chain] - 8 * made * dimension);
      });
      const times = count + (made === 0 ? burnInDraws : 0);
      const tasks = records.map((record) => ({
        kernel: "runChain" as const,
        address: record,
        argument: stepsPerDraw,
        times,
      }));
      await workspace.executor.run(tasks, { signal: workspace.signal, onProgress });
      positions.forEach((kept, chain) => {
        kept.set(memory.f64(windows[chain], count * dimension), made * dimension);
      });
    }
    workspace.counter.rowsVisited += total * chains * numRows;
    return { positions, stepsPerDraw, burnInSteps: spec.burnInSteps };
  } finally {
    memory.release(mark);
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

async function variancesOf({ mode }: WideProblem, run: Promise<Run>): Promise<Float64Array> {
  const { positions } = await run;
  const dimension = mode.length;
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  let count = 0;
  for (const values of positions) {
    count += values.length / dimension;
    for (let at = 0; at < values.length; at++) {
      const deviation = values[at] - mode[at % dimension];
      sums[at % dimension] += deviation;
      squares[at % dimension] += deviation * deviation;
    }
  }
  return squares.map((square, j) => (square - sums[j] ** 2 / count) / (count - 1));
}

const numGroups = 10;

/**
 * The largest relative change of the sds, averaged over a tenth of the coefficients each, taken in the order of how much the
 * data say of them: one coefficient's sd is known too roughly from short runs, hundreds together are known well.
 */
function changeOf({ priorCurvatures, curvatures }: WideProblem, coarse: Float64Array, fine: Float64Array): number {
  const order = [...curvatures.keys()].sort(
    (a, b) => priorCurvatures[a] / curvatures[a] - priorCurvatures[b] / curvatures[b],
  );
  let largest = 0;
  for (let group = 0; group < numGroups; group++) {
    const from = Math.floor((group * order.length) / numGroups);
    const members = order.slice(from, Math.floor(((group + 1) * order.length) / numGroups));
    const change = members.reduce((sum, j) => sum + 0.5 * Math.log(coarse[j] / fine[j]), 0) / members.length;
    largest = Math.max(largest, Number.isFinite(change) ? Math.abs(change) : Number.POSITIVE_INFINITY);
  }
  return largest;
}
