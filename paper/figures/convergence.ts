import { areaY, line, type PlotOptions, ruleY } from "@observablehq/plot";
import type { Matrix } from "../../src/linalg/matrix.ts";
import { problemOf, syntheticDataSet } from "../data/data-sets.ts";
import { type PartContext, type PartResult, scaled } from "../part.ts";
import { dimension, iterateAverages, noUTurn, numRows, type Start, sgld, type Trace } from "./convergence-traces.ts";
import { figure, inks } from "./drawing.ts";

/**
 * Ratio of the estimated to the posterior's marginal variances after a number of passes, over coordinates and over
 * chains.
 */
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
  const local = await problemOf(data, "none", context);
  const numChains = scaled(100, context, 4);
  const traces = [
    await iterateAverages(local, start, numChains, context),
    await sgld(local, start, numChains, context),
    await noUTurn(local, start, numChains, context),
  ];
  const points = traces.flatMap((trace) => pointsOf(trace, start, local.laplaceCovariance));
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

/** Numbers of passes after which the variances are computed: from 3 on, each 1.2 times the one before. */
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
  const half = start === "random" ? " IASG and SGLD leave the first half of their passes out of every estimate." : "";
  const ink = (point: Point) => statisticInks[point.statistic];
  return figure(
    {
      title,
      caption: `Linear model, N = 10,000, D = 10, unit normal features; ${chains} chains. IASG: ε = 0.003, S = 10, windows of 1,000 steps. SGLD: ε = 10⁻³/√(1000 + t), S = 10, draws weighed by ε. NUTS: every gradient is a pass, those of its warm-up of 50 iterations too. Bands: one sd over the chains.${half} Seed ${seed}.`,
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
        ruleY(
          traces.filter(({ limit }) => limit !== null),
          { y: "limit", fy: "method", stroke: inks.posterior, strokeDasharray: "5,4" },
        ),
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
