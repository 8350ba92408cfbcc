import { dot, line, type PlotOptions, ruleY } from "@observablehq/plot";
import { mcseOfMean } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import type { ChainOutput } from "../../src/sampling/plan.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { problemOf, syntheticDataSet } from "../data/data-sets.ts";
import { count, markdownTable } from "../markdown.ts";
import { byCoordinate, sdsOf } from "../measure.ts";
import { inOwnMemory, type PaperPart, type PartContext, scaled } from "../part.ts";
import { figure, inks } from "./drawing.ts";

/**
 * Beyond the paper: effective samples per pass over the data. Section 6.2 shows that samplers that see only minibatch
 * gradients make at most one, whatever their settings; control variates, which use the gradient at the mode, exceed that
 * bound.
 */
export const informationBound: PaperPart = {
  name: "information-bound",
  summary: "effective samples a pass over the data: at most one, and past it by control variates",
  run,
};

const dimension = 10;
const sizes = [10_000, 100_000, 1_000_000];
const columns = [
  { label: "constant SGD-f, exact", sampler: "constant-sgd", ink: inks.posterior },
  { label: "IASG", sampler: "iasg", ink: inks.third },
  { label: "control variates", sampler: "control-variate", ink: inks.predicted },
];

/** All in passes over the data: rows read / N. */
interface Row {
  readonly numRows: number;
  readonly method: string;
  /** Finding the mode, and A, C and their averages there; the same for every method. */
  readonly estimationPasses: number;
  /** Choosing the settings: state-dependent noise, rows' influence, pilot runs. */
  readonly planningPasses: number;
  readonly samplingPasses: number;
  readonly effectiveSamples: number;
  /** Steps per pass, divided by the predicted autocorrelation time in steps. */
  readonly perPassPredicted: number | null;
  /** Effective samples over the sampling passes, and over all passes. */
  readonly perPass: number;
  readonly perPassInAll: number;
  readonly settings: unknown;
}

async function run(context: PartContext) {
  const rows: Row[] = [];
  for (const size of sizes) rows.push(...(await rowsOf(scaled(size, context, 2000), context)));
  return {
    data: { title: "Effective samples a pass, logistic regression", dimension, rows },
    plots: { "": plot(rows, context) },
    markdown: markdown(rows),
  };
}

async function rowsOf(numRows: number, context: PartContext): Promise<Row[]> {
  const { workspace, seed } = context;
  const { counter } = workspace;
  return inOwnMemory(context, async () => {
    context.enter(`N = ${numRows.toLocaleString("en")}, finding the mode`);
    const before = counter.rowsVisited;
    const local = await problemOf(syntheticDataSet("bernoulli", numRows, dimension, seed), "none", context);
    const estimationPasses = (counter.rowsVisited - before) / numRows;
    const rows: Row[] = [];
    for (const { label, sampler: name } of columns) {
      const sampler = denseSamplers.find((candidate) => candidate.name === name);
      if (!sampler) continue;
      context.enter(`N = ${numRows.toLocaleString("en")}, ${label}`);
      const options = {
        tolerance: name === "control-variate" ? Math.min(0.5, 0.02 / Math.sqrt(context.effort)) : 0.5,
        chains: 4,
        draws: scaled(250, context, 50),
        seed,
      };
      const start = counter.rowsVisited;
      const plan = await sampler.plan(local, options);
      const planned = counter.rowsVisited;
      const output = await plan.sample();
      const samplingPasses = (counter.rowsVisited - planned) / numRows;
      const effectiveSamples = effectiveSamplesOf(output);
      const planningPasses = (planned - start) / numRows;
      rows.push({
        numRows,
        method: label,
        estimationPasses,
        planningPasses,
        samplingPasses,
        effectiveSamples,
        perPassPredicted:
          name === "iasg" ? null : numRows / plan.settings.batchSize! / plan.prediction.autocorrelationTime,
        perPass: effectiveSamples / samplingPasses,
        perPassInAll: effectiveSamples / (estimationPasses + planningPasses + samplingPasses),
        settings: plan.settings,
      });
    }
    return rows;
  });
}

/**
 * Effective samples of the averages over all steps: the squared sd of a parameter over the squared standard error of its
 * mean,
 * the latter from the means over the intervals between draws; harmonic mean over the parameters.
 */
function effectiveSamplesOf({ intervalMeans, covariance, dimension }: ChainOutput): number {
  const sds = sdsOf(covariance);
  const errors = byCoordinate({ chains: intervalMeans, dimension }).map(mcseOfMean);
  return dimension / errors.reduce((sum, error, j) => sum + (error / sds[j]) ** 2, 0);
}

function plot(rows: readonly Row[], { seed }: PartContext): PlotOptions {
  const ink = (row: Row) => columns.find(({ label }) => label === row.method)!.ink;
  const shown = columns.filter(({ label }) => rows.some((row) => row.method === label));
  return figure(
    {
      title: "Effective samples a pass over the data",
      caption: `Logistic regression, D = ${dimension}, unit normal features. Filled: over the passes of sampling; hollow: over all passes, those of the mode, of A and C and of choosing the settings included. Seed ${seed}.`,
      x: "rows N",
      y: "effective samples a pass",
      legend: [
        ...shown.map(({ label, ink }) => ({ label, ink, symbol: "circle" as const })),
        { label: "the bound", ink: inks.faint, symbol: "dashes" },
      ],
    },
    {
      height: 430,
      marginLeft: 65,
      marginRight: 25,
      x: { type: "log", ticks: [...new Set(rows.map(({ numRows }) => numRows))], tickFormat: "," },
      y: { type: "log", tickFormat: ",", ticks: 5, grid: true, nice: true },
      marks: [
        ruleY([1], { stroke: inks.faint, strokeWidth: 2, strokeDasharray: "6,4" }),
        line(rows, { x: "numRows", y: "perPass", z: "method", stroke: ink, strokeWidth: 1.5 }),
        line(rows, {
          x: "numRows",
          y: "perPassInAll",
          z: "method",
          stroke: ink,
          strokeWidth: 1,
          strokeDasharray: "2,3",
        }),
        dot(rows, { x: "numRows", y: "perPass", fill: ink, r: 4.5 }),
        dot(rows, { x: "numRows", y: "perPassInAll", stroke: ink, fill: "white", strokeWidth: 1.5, r: 3.5 }),
      ],
    },
  );
}

function markdown(rows: readonly Row[]): string {
  const head = [
    "method",
    "N",
    "passes: mode, A, C",
    "passes: settings",
    "passes: sampling",
    "ESS",
    "ESS a sampling pass",
    "predicted",
    "ESS a pass in all",
  ];
  const body = rows.map((row) => [
    row.method,
    row.numRows.toLocaleString("en"),
    row.estimationPasses.toFixed(1),
    row.planningPasses.toPrecision(3),
    row.samplingPasses < 10 ? row.samplingPasses.toPrecision(3) : count(row.samplingPasses),
    count(row.effectiveSamples),
    row.perPass.toPrecision(3),
    row.perPassPredicted?.toPrecision(3) ?? "–",
    row.perPassInAll.toPrecision(3),
  ]);
  return markdownTable(head, body);
}
