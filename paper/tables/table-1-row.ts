import { checkAssumptions } from "../../src/diagnostics/certificate/assumptions.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import type { Matrix } from "../../src/linalg/matrix.ts";
import type { Tuning } from "../../src/options/tuning.ts";
import type { Plan, SamplerOptions } from "../../src/sampling/plan.ts";
import type { DenseSampler } from "../../src/sampling/sampler.ts";
import { gaussianKl } from "../../src/theory/divergence.ts";
import { UnstableError } from "../../src/theory/stability.ts";
import { continuousCovariance } from "../continuous.ts";
import type { DataSet, Preprocessing, RealDataSet } from "../data/data-sets.ts";
import { count } from "../markdown.ts";
import { lawOf, sdsOf, worstSdDeviation } from "../measure.ts";
import type { Method } from "../methods.ts";
import { type PartContext, scaled } from "../part.ts";

/** One cell of the table: a method on a data set. */
export interface Row {
  readonly data: string;
  readonly preprocessing: Preprocessing | "none";
  readonly method: string;
  readonly paper: number | null;
  /** Predicted KL: in continuous time (if the sampler's law has such a limit), and exactly. */
  readonly continuous: number | null;
  readonly predicted: number | null;
  /** Predicted divergence of the posterior from the sampler's law: KL the other way around. */
  readonly reverse: number | null;
  readonly measured: number | null;
  readonly standardError: number | null;
  readonly floor: number | null;
  readonly ess: number | null;
  /** max |measured sd / predicted sd − 1| in standard errors, and the largest relative difference. */
  readonly worstSdInStandardErrors: number | null;
  readonly largestSdDifference: number | null;
  readonly failedAssumptions: readonly string[];
  /** The reason if nothing was measured. */
  readonly note: string | null;
  readonly settings: unknown;
}

/** A method with its sampler and settings on one data set. */
export interface Cell {
  readonly data: DataSet;
  readonly preprocessing: Row["preprocessing"];
  readonly method: Method;
  readonly sampler: DenseSampler;
  readonly tuning: Tuning;
}

const chains = 4;
/** The number of draws is such that, if they were independent, the divergence's floor M(M + 3)/(4n) would be this small. */
const wantedFloor = 0.002;
/** If an independent draw takes more passes than this, only a twentieth of the draws are made. */
const slowPasses = 5;
/** The largest number of passes for an independent draw at full effort; beyond it nothing is run. */
const maxPasses = 20_000;
/** The independent draws that repeated runs should reach, and the most runs. */
const wantedSamples = 200;
const maxRepeats = 3;
/** With fewer effective samples of a square than this, an sd is not known well enough to be compared. */
const minSamples = 100;

/** Plans and runs a method on a data set: what was predicted, what was measured, how precisely. */
export async function rowOf(cell: Cell, local: DenseApproximation, context: PartContext): Promise<Row> {
  const planned = await planOf(cell, local, context);
  if ("note" in planned) return planned;
  const { row, plan, again } = planned;
  const { prediction, settings } = plan;
  const least = minSamples * Math.min(1, context.effort);
  const independent = chains * settings.draws * Math.min(1, settings.stepsPerDraw / prediction.autocorrelationTime);
  const repeats = Math.max(1, Math.min(maxRepeats, Math.ceil((wantedSamples * context.effort) / independent)));
  if (independent * repeats < least || passesOf(plan, local) > maxPasses * context.effort) {
    return {
      ...row,
      note: `Not measured: an independent draw takes ${count(passesOf(plan, local))} passes over the data.`,
    };
  }
  const outputs = [await plan.sample()];
  for (let repeat = 1; repeat < repeats; repeat++) {
    outputs.push(await (await again(context.seed + 1000 * repeat)).sample());
  }
  const law = lawOf({ chains: outputs.flatMap((output) => output.positions), dimension: local.mode.length }, local);
  const predictedSd = prediction.law === "extrapolated" ? prediction.extrapolation.sd : sdsOf(prediction.covariance);
  const differences = Array.from(sdsOf(law.covariance), (sd, j) => Math.abs(sd / predictedSd[j] - 1));
  const known = law.essOfSquares >= least;
  return {
    ...row,
    measured: law.kl,
    standardError: law.klError,
    floor: law.klFloor,
    ess: Math.min(law.ess, law.essOfSquares),
    worstSdInStandardErrors: known ? worstSdDeviation(law, predictedSd) : null,
    largestSdDifference: Math.max(...differences),
    note: known ? null : `Too few effective draws (${count(law.essOfSquares)}) to compare sds.`,
  };
}

interface Planned {
  /** What is known before the chains run. */
  readonly row: Row;
  readonly plan: Plan;
  /** The same plan with another seed. */
  again(seed: number): Promise<Plan>;
}

/** The plan, or the finished row of a step that is not stable. */
async function planOf(
  cell: Cell,
  local: DenseApproximation,
  context: PartContext,
): Promise<Planned | (Row & { note: string })> {
  const { data, preprocessing, method, sampler, tuning } = cell;
  const row: Row = {
    data: data.name,
    preprocessing,
    method: method.label,
    paper: method.paper?.[data.name as RealDataSet] ?? null,
    continuous: null,
    predicted: null,
    reverse: null,
    measured: null,
    standardError: null,
    floor: null,
    ess: null,
    worstSdInStandardErrors: null,
    largestSdDifference: null,
    failedAssumptions: [],
    note: null,
    settings: tuning,
  };
  const options = optionsOf(cell, local, context);
  try {
    let plan = await sampler.plan(local, options);
    if (passesOf(plan, local) > slowPasses) plan = await sampler.plan(local, fewer(options));
    const { settings, prediction } = plan;
    const normal = (covariance: Matrix) => ({ mean: local.mode, covariance });
    const [posterior, law] = [normal(local.laplaceCovariance), normal(prediction.covariance)];
    const continuous = continuousCovariance(local, settings);
    const checks = await checkAssumptions(local, plan);
    return {
      row: {
        ...row,
        continuous: continuous && gaussianKl(normal(continuous), posterior),
        predicted: gaussianKl(law, posterior),
        reverse: gaussianKl(posterior, law),
        failedAssumptions: checks.filter((check) => !check.passed).map(({ id }) => id),
        settings,
      },
      plan,
      again: (seed) => sampler.plan(local, { ...options, draws: settings.draws, seed }),
    };
  } catch (error) {
    if (!(error instanceof UnstableError || error instanceof RangeError)) throw error;
    return { ...row, note: error.message };
  }
}

function optionsOf(
  { data, sampler, tuning }: Cell,
  { mode }: DenseApproximation,
  context: PartContext,
): SamplerOptions {
  // These two choose their batches themselves; the paper's S applies to the samplers whose spread it determines.
  const choosesBatch = sampler.name === "control-variate" || sampler.name === "iasg";
  const choosesRate = sampler.name === "sgld" && tuning.learningRate === undefined;
  const dimension = mode.length;
  return {
    ...tuning,
    batchSize: sampler.tuning.includes("batchSize") && !choosesBatch ? data.batchSize : undefined,
    // If the tolerance does not determine the step, 0.5 asks for draws one autocorrelation time apart and no more.
    tolerance: choosesBatch || choosesRate ? Math.min(0.5, 0.02 / Math.sqrt(context.effort)) : 0.5,
    chains,
    // What is predicted of steps that are too short to be run is told all the same.
    plansShortSteps: true,
    draws: scaled(Math.ceil((dimension * (dimension + 3)) / (4 * wantedFloor * chains)), context, 50),
    seed: context.seed,
  };
}

function fewer(options: SamplerOptions): SamplerOptions {
  return { ...options, draws: Math.max(Math.min(options.draws, 100), Math.ceil(options.draws / 20)) };
}

/** Passes over the data that an independent draw takes; for windows of iterates, what a draw takes. */
function passesOf({ settings, prediction }: Plan, { numRows }: DenseApproximation): number {
  const steps = prediction.law === "averages" ? settings.stepsPerDraw : prediction.autocorrelationTime;
  return (steps * (settings.batchSize ?? 0)) / numRows;
}
