import { areaY, line, type PlotOptions, ruleY } from "@observablehq/plot";
import { Gradient } from "../kernels/layout.ts";
import { runNutsChain } from "../src/baselines/nuts-chain.ts";
import { runChainsTogether } from "../src/estimation/full-gradients.ts";
import type { Problem } from "../src/estimation/problem.ts";
import { diagonal, identity, type Matrix, matrix } from "../src/linalg/matrix.ts";
import { createRandom } from "../src/rng/xoshiro.ts";
import { runChains } from "../src/samplers/run-chains.ts";
import { averagedCovariance } from "../src/theory/averaging.ts";
import { stateDependentCovariance } from "../src/theory/stability.ts";
import { problemOf, syntheticDataSet } from "./data-sets.ts";
import { figure, inks } from "./drawing.ts";
import { type PartContext, type PartResult, scaled } from "./part.ts";

/** Where the chains start: at the mode, or N(θ*, I), about a hundred posterior sds away from it. */
export type Start = "mode" | "random";

const numRows = 10_000;
const dimension = 10;
const batchSize = 10;
const stepsPerPass = numRows / batchSize;

/** Draws of one method that starts at `start`, and where each stands in passes over the data. */
interface Trace {
  readonly method: string;
  readonly settings: unknown;
  /** Draws of every chain, D a draw, row-major. */
  readonly chains: readonly Float64Array[];
  /** Passes after each draw, and the weight of it, of every chain. */
  passes(chain: number, draw: number): number;
  weight(draw: number): number;
  /** The draws come after a warm-up of the method's own, whose passes are counted. */
  readonly isWarmedUp: boolean;
  /** Where the mean ratio of the variances tends to, as predicted. */
  readonly limit: number;
}

/** Ratio of the estimated to the posterior's marginal variances after so many passes: over coordinates, and over chains. */
interface Point {
  readonly method: string;
  readonly passes: number;
  readonly statistic: "smallest" | "mean" | "largest";
  readonly ratio: number;
  /** Standard deviation over the chains. */
  readonly sd: number;
}

/**
 * Marginal variances, estimated from the draws so far, against passes over the data: a linear model with N = 10,000,
 * D = 10, unit normal features (section 7.2). From the mode all draws count, from random starts those of the second half
 * of the passes, or after a warm-up.
 */
export async function convergence(start: Start, title: string, context: PartContext): Promise<PartResult> {
  const data = syntheticDataSet("gaussian", numRows, dimension, context.seed);
  const problem = await problemOf(data, "none", context);
  const numChains = scaled(100, context, 4);
  const traces = [
    await iterateAverages(problem, start, numChains, context),
    await noUTurn(problem, start, numChains, context),
  ];
  const points = traces.flatMap((trace) => pointsOf(trace, start, problem.laplaceCovariance));
  return {
    data: {
      title,
      start,
      numRows,
      dimension,
      chains: numChains,
      methods: traces.map(({ method, settings, limit }) => ({ method, settings, limit })),
      points,
    },
    plots: { "": plot(traces, points, title, start, numChains, context) },
  };
}

const factorOf = (start: Start) => (start === "mode" ? matrix(dimension, dimension) : identity(dimension));

const averagedPasses = 500;

/** Algorithm 1: ε = 0.003, S = 10, windows of one pass. */
async function iterateAverages(problem: Problem, start: Start, chains: number, context: PartContext): Promise<Trace> {
  context.enter("IASG");
  const learningRate = 0.003;
  const step = { ...problem, preconditioner: identity(dimension, learningRate), batchSize };
  const { covariance } = await stateDependentCovariance(step, problem.noise);
  const output = await runChains(problem, {
    model: problem.model,
    gradient: Gradient.minibatch,
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
    limit: meanRatio(averagedCovariance(step, covariance, stepsPerPass), problem.laplaceCovariance),
  };
}

function meanRatio(covariance: Matrix, target: Matrix): number {
  const expected = diagonal(target);
  return summary.mean(Array.from(diagonal(covariance), (value, j) => value / expected[j]));
}

/** Every gradient is a pass; unit mass matrix at first, diagonal once learned. */
async function noUTurn(problem: Problem, start: Start, chains: number, context: PartContext): Promise<Trace> {
  context.enter("NUTS");
  const { workspace, model, mode } = problem;
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

/** Passes at which the variances are looked at: from 3, each 1.2 times the one before. */
function checkpoints(most: number): number[] {
  const result: number[] = [];
  for (let passes = 3; passes <= most; passes = Math.max(passes + 1, Math.round(1.2 * passes))) result.push(passes);
  return result;
}

function pointsOf(trace: Trace, start: Start, target: Matrix): Point[] {
  const longest = Math.min(...trace.chains.map((values, chain) => trace.passes(chain, values.length / dimension - 1)));
  return checkpoints(longest).flatMap((passes): Point[] => {
    const ratios = trace.chains.map((_, chain) => varianceRatios(trace, chain, passes, start, target));
    const usable = ratios.filter((ratio) => ratio !== null);
    if (usable.length < ratios.length) return [];
    return (["smallest", "mean", "largest"] as const).map((statistic) => {
      const values = usable.map((ratio) => summary[statistic](ratio));
      const ratio = summary.mean(values);
      const sd = Math.sqrt(summary.mean(values.map((value) => (value - ratio) ** 2)));
      return { method: trace.method, passes, statistic, ratio, sd };
    });
  });
}

const summary = {
  smallest: (values: readonly number[]) => Math.min(...values),
  mean: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length,
  largest: (values: readonly number[]) => Math.max(...values),
};

/** Weighted variance of each coordinate over a chain's draws up to `passes`, over the posterior's; null for fewer than two. */
function varianceRatios(trace: Trace, chain: number, passes: number, start: Start, target: Matrix): number[] | null {
  const values = trace.chains[chain];
  const draws: number[] = [];
  for (let draw = 0; draw * dimension < values.length; draw++) {
    const at = trace.passes(chain, draw);
    if (at <= passes && (start === "mode" || trace.isWarmedUp || at > passes / 2)) draws.push(draw);
  }
  if (draws.length < 2) return null;
  const total = draws.reduce((sum, draw) => sum + trace.weight(draw), 0);
  const squares = draws.reduce((sum, draw) => sum + trace.weight(draw) ** 2, 0);
  return Array.from({ length: dimension }, (_, j) => {
    const mean = draws.reduce((sum, draw) => sum + trace.weight(draw) * values[draw * dimension + j], 0) / total;
    const spread = draws.reduce(
      (sum, draw) => sum + trace.weight(draw) * (values[draw * dimension + j] - mean) ** 2,
      0,
    );
    return spread / (total - squares / total) / target.data[j * dimension + j];
  });
}

/** Bands that leave it are cut. */
const ratioDomain = [0.01, 150];

const statisticInks = { smallest: inks.measured, mean: inks.posterior, largest: inks.predicted };

function plot(
  traces: readonly Trace[],
  points: readonly Point[],
  title: string,
  start: Start,
  chains: number,
  { seed }: PartContext,
): PlotOptions {
  const methods = [...new Set(points.map(({ method }) => method))];
  const half = start === "random" ? " IASG leaves the first half of its passes out of every estimate." : "";
  const ink = (point: Point) => statisticInks[point.statistic];
  return figure(
    {
      title,
      caption: `Linear model, N = 10,000, D = 10, unit normal features; ${chains} chains. IASG: ε = 0.003, S = 10, windows of 1,000 steps. NUTS: every gradient is a pass, those of its warm-up of 50 iterations too. Bands: one sd over the chains.${half} Seed ${seed}.`,
      x: "passes over the data",
      y: "estimated over posterior marginal variance",
      legend: [
        { label: "smallest of the coordinates", ink: statisticInks.smallest, symbol: "line" },
        { label: "their mean", ink: statisticInks.mean, symbol: "line" },
        { label: "largest", ink: statisticInks.largest, symbol: "line" },
        { label: "predicted limit of the mean", ink: inks.posterior, symbol: "dashes" },
      ],
    },
    {
      height: 90 + 190 * methods.length,
      marginLeft: 65,
      marginRight: 75,
      x: { type: "log", ticks: [3, 10, 30, 100, 300, 1000], tickFormat: ",", grid: true },
      y: {
        type: "log",
        domain: ratioDomain,
        ticks: [0.01, 0.1, 1, 10, 100],
        tickFormat: "~g",
        grid: true,
        clamp: true,
      },
      fy: { domain: methods, label: null },
      marks: [
        ruleY([1], { stroke: inks.faint }),
        ruleY(traces, { y: "limit", fy: "method", stroke: inks.posterior, strokeDasharray: "5,4" }),
        areaY(points, {
          x: "passes",
          y1: (d: Point) => Math.max(ratioDomain[0], d.ratio - d.sd),
          y2: (d: Point) => d.ratio + d.sd,
          z: "statistic",
          fy: "method",
          fill: ink,
          fillOpacity: 0.2,
        }),
        line(points, { x: "passes", y: "ratio", z: "statistic", fy: "method", stroke: ink, strokeWidth: 1.8 }),
      ],
    },
  );
}
