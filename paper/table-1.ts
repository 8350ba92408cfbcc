import { dot, ruleX } from "@observablehq/plot";
import { checkAssumptions } from "../src/diagnostics/assumptions.ts";
import type { Problem } from "../src/estimation/problem.ts";
import { samplers } from "../src/samplers/registry.ts";
import type { Sampler, SamplerOptions, Tuning } from "../src/samplers/sampler.ts";
import { gaussianKl } from "../src/theory/divergence.ts";
import { UnstableError } from "../src/theory/stability.ts";
import { continuousCovariance } from "./continuous.ts";
import {
  type DataSet,
  type Preprocessing,
  preprocessings,
  problemOf,
  type RealDataSet,
  readDataSet,
  realDataSets,
  syntheticDataSet,
} from "./data-sets.ts";
import { figure, inks } from "./drawing.ts";
import { count, markdownTable, nats } from "./markdown.ts";
import { lawOf, sdsOf, worstSdDeviation } from "./measure.ts";
import { type Method, methods } from "./methods.ts";
import { type PaperPart, type PartContext, scaled } from "./part.ts";

/**
 * Table 1 of Mandt, Hoffman & Blei (2017): divergence of each sampler's law from the Laplace posterior, predicted and
 * measured from draws, and whether every measured sd is the predicted one to within its Monte Carlo error.
 */
export const table1: PaperPart = {
  name: "table-1",
  summary: "KL of every sampler to the posterior on wine, skin and protein, predicted and measured",
  run,
};

/** One cell of the table: a method on a data set. */
interface Row {
  readonly data: string;
  readonly preprocessing: Preprocessing | "none";
  readonly method: string;
  readonly paper: number | null;
  /** Predicted KL: in continuous time (where the sampler's law has such a limit), and exactly. */
  readonly continuous: number | null;
  readonly predicted: number | null;
  readonly measured: number | null;
  readonly standardError: number | null;
  readonly floor: number | null;
  readonly ess: number | null;
  /** max |measured sd / predicted sd − 1| in standard errors, and the largest relative difference. */
  readonly worstSdInStandardErrors: number | null;
  readonly largestSdDifference: number | null;
  readonly failedAssumptions: readonly string[];
  /** Why nothing was measured. */
  readonly note: string | null;
  readonly settings: unknown;
}

/** Chains, draws a chain, and the independent draws that repeated runs should reach. */
const chains = 4;
const draws = 5000;
const wantedSamples = 800;
const mostRepeats = 3;
/** Below this many effective samples of a square an sd is not known well enough to be compared. */
const fewestSamples = 100;

async function run(context: PartContext) {
  const rows: Row[] = [];
  for (const name of realDataSets) {
    const data = await readDataSet(name, table1.name, context);
    for (const preprocessing of preprocessings) rows.push(...(await rowsOf(data, preprocessing, context)));
  }
  const synthetic = { ...syntheticDataSet("gaussian", scaled(10_000, context, 1000), 10, context.seed), batchSize: 10 };
  rows.push(...(await rowsOf(synthetic, "none", context)));
  return {
    data: {
      title: "KL to the Laplace posterior, nats",
      chains,
      drawsPerChain: scaled(draws, context),
      rows,
    },
    plots: { "": plot(rows, context) },
    markdown: markdown(rows),
  };
}

async function rowsOf(data: DataSet, preprocessing: Row["preprocessing"], context: PartContext): Promise<Row[]> {
  const mark = context.engine.memory.mark();
  try {
    const problem = await problemOf(data, preprocessing, context);
    const rows: Row[] = [];
    for (const method of methods) {
      const sampler = samplers.find(({ name }) => name === method.sampler);
      const tuning = typeof method.tuning === "function" ? method.tuning(data.name) : (method.tuning ?? {});
      if (!sampler || tuning === null || sampler.unsuited?.(problem.model)) continue;
      context.enter(`${data.name}, ${preprocessing}, ${method.label}`);
      rows.push(await rowOf(data, preprocessing, problem, method, sampler, tuning, context));
    }
    return rows;
  } finally {
    context.engine.memory.release(mark);
  }
}

async function rowOf(
  data: DataSet,
  preprocessing: Row["preprocessing"],
  problem: Problem,
  method: Method,
  sampler: Sampler,
  tuning: Tuning,
  context: PartContext,
): Promise<Row> {
  const batchSize =
    sampler.tuning.includes("batchSize") && sampler.name !== "control-variate" ? data.batchSize : undefined;
  // The tolerance asks for draws about one autocorrelation time apart; longer runs are further seeds.
  const options: SamplerOptions = {
    ...tuning,
    batchSize,
    tolerance: sampler.name === "control-variate" ? Math.min(0.5, 0.02 / Math.sqrt(context.effort)) : 0.5,
    chains,
    draws: scaled(draws, context, 50),
    seed: context.seed,
  };
  const start = {
    data: data.name,
    preprocessing,
    method: method.label,
    paper: method.paper?.[data.name as RealDataSet] ?? null,
  };
  const nothing = {
    continuous: null,
    predicted: null,
    measured: null,
    standardError: null,
    floor: null,
    ess: null,
    worstSdInStandardErrors: null,
    largestSdDifference: null,
    failedAssumptions: [],
  };
  let plan: Awaited<ReturnType<Sampler["plan"]>>;
  try {
    plan = await sampler.plan(problem, options);
  } catch (error) {
    if (!(error instanceof UnstableError || error instanceof RangeError)) throw error;
    return { ...start, ...nothing, note: error.message, settings: tuning };
  }
  const { prediction, settings } = plan;
  const target = { mean: problem.mode, covariance: problem.laplaceCovariance };
  const kl = (covariance: typeof prediction.covariance) => gaussianKl({ mean: problem.mode, covariance }, target);
  const continuous = continuousCovariance(problem, settings);
  const failedAssumptions = (await checkAssumptions(problem, plan))
    .filter((check) => !check.passed)
    .map(({ id }) => id);
  const planned = {
    ...start,
    continuous: continuous && kl(continuous),
    predicted: kl(prediction.covariance),
    failedAssumptions,
    settings,
  };

  const independent = (chains * settings.draws * settings.stepsPerDraw) / prediction.autocorrelationTime;
  const repeats = Math.max(1, Math.min(mostRepeats, Math.ceil((wantedSamples * context.effort) / independent)));
  if (independent * repeats < fewestSamples * Math.min(1, context.effort)) {
    const passes = (prediction.autocorrelationTime * (settings.batchSize ?? 0)) / problem.numRows;
    const note = `Not measured: an independent draw takes ${count(passes)} passes over the data.`;
    return { ...nothing, ...planned, note };
  }
  const outputs = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const again = repeat === 0 ? plan : await sampler.plan(problem, { ...options, seed: context.seed + 1000 * repeat });
    outputs.push(await again.sample());
  }
  const law = lawOf({ chains: outputs.flatMap((output) => output.positions), dimension: problem.mode.length }, problem);
  const predictedSd = prediction.limit?.sd ?? sdsOf(prediction.covariance);
  const differences = Array.from(sdsOf(law.covariance), (sd, j) => Math.abs(sd / predictedSd[j] - 1));
  const knows = law.essOfSquares >= fewestSamples * Math.min(1, context.effort);
  return {
    ...planned,
    measured: law.kl,
    standardError: law.klError,
    floor: law.klFloor,
    ess: Math.min(law.ess, law.essOfSquares),
    worstSdInStandardErrors: knows ? worstSdDeviation(law, predictedSd) : null,
    largestSdDifference: Math.max(...differences),
    note: knows ? null : `Too few effective draws (${count(law.essOfSquares)}) to compare sds.`,
  };
}

const dataTitles: Readonly<Record<string, string>> = { wine: "wine", skin: "skin", protein: "protein" };

function plot(rows: readonly Row[], { seed }: PartContext) {
  const shown = rows.filter((row) => row.data in dataTitles);
  const least = 1e-4;
  const points = shown.flatMap((row) =>
    (["paper", "predicted", "measured"] as const)
      .filter((kind) => row[kind] !== null)
      .map((kind) => ({ ...row, kind, kl: Math.max(least, row[kind]!) })),
  );
  const order = methods.map((method) => method.label).filter((label) => shown.some((row) => row.method === label));
  return figure(
    {
      title: "Table 1: divergence from the Laplace posterior",
      caption: `Wine and protein S = 100, skin S = 10,000; prior precision 1, σ = 1. Divergences below ${least} are drawn there. Seed ${seed}.`,
      x: "KL to the posterior, nats",
      legend: [
        { label: "the paper", ink: inks.paper, symbol: "diamond" },
        { label: "predicted", ink: inks.predicted, symbol: "circle", hollow: true },
        { label: "measured", ink: inks.measured, symbol: "circle" },
      ],
    },
    {
      height: 180 + 2 * 20 * order.length,
      marginLeft: 140,
      marginRight: 30,
      fx: { domain: Object.keys(dataTitles), label: null },
      fy: { domain: [...preprocessings], label: null },
      x: { type: "log", domain: [least, 2000], ticks: [1e-4, 1e-2, 1, 100], tickFormat: "~g", grid: true },
      y: { domain: order },
      marks: [
        ruleX([0.01], { stroke: inks.faint, strokeDasharray: "3,3" }),
        dot(
          points.filter((p) => p.kind === "paper"),
          { x: "kl", y: "method", fx: "data", fy: "preprocessing", symbol: "diamond", fill: inks.paper, r: 3.5 },
        ),
        dot(
          points.filter((p) => p.kind === "measured"),
          { x: "kl", y: "method", fx: "data", fy: "preprocessing", fill: inks.measured, r: 3 },
        ),
        dot(
          points.filter((p) => p.kind === "predicted"),
          { x: "kl", y: "method", fx: "data", fy: "preprocessing", stroke: inks.predicted, strokeWidth: 1.5, r: 4.5 },
        ),
      ],
    },
  );
}

function markdown(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.data}, ${row.preprocessing === "none" ? "as it is" : row.preprocessing}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups]
    .map(([title, group]) => {
      const head = [
        "method",
        "paper",
        "continuous time",
        "predicted",
        "measured",
        "± s.e.",
        "floor",
        "ESS",
        "worst sd, s.e.",
        "checks failed",
      ];
      const body = group.map((row) => [
        row.method,
        nats(row.paper),
        nats(row.continuous),
        nats(row.predicted),
        nats(row.measured),
        nats(row.standardError),
        nats(row.floor),
        row.ess === null ? "–" : count(row.ess),
        row.worstSdInStandardErrors === null ? "–" : row.worstSdInStandardErrors.toFixed(1),
        row.failedAssumptions.join(", ") || "–",
      ]);
      const notes = group.filter((row) => row.note).map((row) => `${row.method}: ${row.note}`);
      return [`### ${title}`, markdownTable(head, body), ...notes].join("\n\n");
    })
    .join("\n\n");
}
