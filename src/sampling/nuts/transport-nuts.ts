import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { dot, identity } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type PrepareGradients, runTogether } from "../../rows/full-gradients.ts";
import { workPerGroup } from "../../rows/work.ts";
import { independentDraws, type Plan, type SamplerOptions } from "../plan.ts";
import { maxWork } from "../tuning/draw-schedule.ts";
import { runNutsChain } from "./chain.ts";
import { runNuts } from "./run.ts";
import type { TransportCoordinates } from "./transport.ts";

/** A posterior, in coordinates in which it is nearer to a normal law. */
interface TransportedTarget {
  readonly prepareLoss: PrepareGradients;
  readonly coordinates: TransportCoordinates;
}

interface Naming {
  /** The sampler. */
  readonly name: string;
  /** What the gradients are taken of, in words, and how many rows that is. */
  readonly gradients: string;
  readonly numRows: number;
}

/** The step size, the means and the variances are learned, which are known roughly before, and from gradients too: a few iterations do. */
export const warmUp = 100;

/**
 * δ. The precision for the same number of gradients hardly depends on it, but is a tenth better for 0.8 of many parameters. Of few, whose
 * skewed ones may have edges, 0.9 leaves no trajectory divergent where 0.8 did.
 */
const acceptanceFor = (dimension: number) => (dimension > manyParameters ? 0.8 : 0.9);
const manyParameters = 100;

/** Gradients that an iteration takes: 2 of few parameters, 4 of 200, 9 of 1,000. */
const gradientsPerIteration = 4;
/** What a row's own functions cost, and a gradient beside its rows, in multiply-adds. */
const workBeside = { predictor: 40, gradient: 20_000 };

/** Multiply-adds of an iteration over so many rows. */
export function workPerIteration(model: Model, numRows: number): number {
  const { rows, numPredictors, dimension, groups } = model;
  const width = rows.sparse ? rows.stride : rows.paddedColumns;
  const ofRow = groups ? workPerGroup(model) : numPredictors * (workBeside.predictor + 2 * width);
  return gradientsPerIteration * (workBeside.gradient + 4 * dimension ** 2 + numRows * ofRow);
}

/** Precision beyond that of the kept draws may take this share of the work. */
const fractionForPrecision = 0.75;
const maxIterationsPerDraw = 8;

/** What a few iterations tell of those to come. */
interface Pilot {
  /** That an iteration takes: many where a wall of the posterior lies across the coordinates. */
  readonly gradients: number;
  /** Share of a parameter's variance that its score does not explain, the largest: near to 0 near to a normal law. */
  readonly unexplained: number;
}

/** Means and sds come from all iterations: where they are cheap, several for each draw that is kept, unless scores make so many needless. */
export function iterationsPerDraw(
  model: Model,
  numRows: number,
  { chains, draws, tolerance }: Pick<SamplerOptions, "chains" | "draws" | "tolerance">,
  { gradients, unexplained }: Pilot = { gradients: gradientsPerIteration, unexplained: 1 },
): number {
  const work = (chains * draws * workPerIteration(model, numRows) * gradients) / gradientsPerIteration;
  const affordable = Math.floor((fractionForPrecision * maxWork) / work);
  // Two standard errors of an sd, 2 √(unexplained/(2 n)), for a quarter of the tolerance: what is reported may be a bent function of parameters.
  const wanted = Math.ceil((32 * unexplained) / (tolerance ** 2 * chains * draws));
  return Math.max(1, Math.min(maxIterationsPerDraw, affordable, wanted));
}

const pilot = { warmUp: 60, draws: 20 };

async function runPilot(
  { model, mode }: DenseApproximation,
  { prepareLoss, coordinates }: TransportedTarget,
  targetAcceptance: number,
): Promise<Pilot> {
  const prepare = coordinates.prepare(prepareLoss);
  const { length: dimension } = mode;
  const settings = { ...pilot, metric: "normal", guess: identity(dimension), targetAcceptance } as const;
  const [chain] = await runTogether(model.memory, prepare, 1, (evaluate) =>
    runNutsChain({ dimension, evaluate }, new Float64Array(dimension), settings, createRandom(1, 0, 22)),
  );
  const column = (rows: Float64Array, j: number) =>
    Float64Array.from({ length: pilot.draws }, (_, k) => rows[k * dimension + j]);
  const shares = Array.from(
    mode,
    (_, j) => 1 - squaredCorrelation(column(chain.positions, j), column(chain.slopes, j)),
  );
  // Of a parameter that was skewed before it was mapped, the score explains the map's argument; of sds and correlations of several effects it
  // explains the parameters that they are functions of; and a share that is no number explains nothing.
  const { groups } = model;
  const isOfSeveral = groups !== undefined && groups.numParameters > (groups.outer ? 2 : 1);
  const isExplained = coordinates.skewed.length === 0 && !isOfSeveral && shares.every((share) => share <= 1);
  const unexplained = isExplained ? Math.max(...shares) : 1;
  return { gradients: chain.statistics.gradients / pilot.draws, unexplained };
}

function squaredCorrelation(a: Float64Array, b: Float64Array): number {
  const centered = (values: Float64Array) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [x, y] = [centered(a), centered(b)];
  return dot(x, y) ** 2 / (dot(x, x) * dot(y, y));
}

/**
 * Hamiltonian dynamics in transported coordinates: near to a normal law, whose flow the integrator follows exactly, the step is long, a
 * quarter of a turn is what a draw takes, and three gradients may do for it.
 */
export async function planTransported(
  local: DenseApproximation,
  target: TransportedTarget,
  options: SamplerOptions,
  { name, gradients, numRows }: Naming,
): Promise<Plan> {
  const { skewed } = target.coordinates;
  const targetAcceptance = acceptanceFor(local.model.dimension);
  const iterations = (pilot?: Pilot) => iterationsPerDraw(local.model, numRows, options, pilot);
  // One is what there is at least: where as many gradients as usual would leave no more, no pilot asks.
  const stepsPerDraw = iterations() > 1 ? iterations(await runPilot(local, target, targetAcceptance)) : 1;
  const mapped = skewed.length > 0 ? `, ${skewed.length} skewed parameters mapped to normal ones` : "";
  const because = `Hamiltonian dynamics by quarters of a turn: ${gradients}, parameters whitened by the normal approximation${mapped}, means, sds and step size learned for a mean acceptance of ${targetAcceptance}`;
  const { settings, prediction } = independentDraws(name, because, options);
  return {
    settings: { ...settings, preconditioner: "full", burnInSteps: warmUp, stepsPerDraw },
    prediction: { ...prediction, law: "posterior", isKnown: false, covariance: local.laplaceCovariance },
    notes: [],
    sample: () => runNuts(local, target, options, { metric: "normal", warmUp, targetAcceptance, stepsPerDraw }),
  };
}
