import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { identity } from "../../linalg/matrix.ts";
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

/** The step size, the means and the variances are learned, which are known roughly before: a few iterations do. */
export const warmUp = 200;

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

/** Means and sds come from all iterations: where they are cheap, several for each draw that is kept. */
export function iterationsPerDraw(
  model: Model,
  numRows: number,
  { chains, draws }: Pick<SamplerOptions, "chains" | "draws">,
  gradients = gradientsPerIteration,
): number {
  const work = (chains * draws * workPerIteration(model, numRows) * gradients) / gradientsPerIteration;
  return Math.max(1, Math.min(maxIterationsPerDraw, Math.floor((fractionForPrecision * maxWork) / work)));
}

const pilot = { warmUp: 60, draws: 20 };

/** Gradients that an iteration takes, by a short chain: many where a wall of the posterior lies across the coordinates. */
async function gradientsInPilot(
  { model, mode }: DenseApproximation,
  { prepareLoss, coordinates }: TransportedTarget,
  targetAcceptance: number,
): Promise<number> {
  const prepare = coordinates.prepare(prepareLoss);
  const { length: dimension } = mode;
  const settings = { ...pilot, metric: "normal", guess: identity(dimension), targetAcceptance } as const;
  const [{ statistics }] = await runTogether(model.memory, prepare, 1, (evaluate) =>
    runNutsChain({ dimension, evaluate }, new Float64Array(dimension), settings, createRandom(1, 0, 22)),
  );
  return statistics.gradients / pilot.draws;
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
  const affordable = (gradients?: number) => iterationsPerDraw(local.model, numRows, options, gradients);
  const usual = affordable();
  // One is what there is at least, and needs no pilot.
  const stepsPerDraw =
    usual > 1 ? Math.min(usual, affordable(await gradientsInPilot(local, target, targetAcceptance))) : usual;
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
