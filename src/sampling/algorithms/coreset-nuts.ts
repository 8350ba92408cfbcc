import { type Coreset, type Coresets, prepareCoresets } from "../../estimation/coreset.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { createRandom, type Xoshiro } from "../../rng/xoshiro.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { inSinglePrecision } from "../nuts/single-precision.ts";
import { type TransportCoordinates, transportCoordinates } from "../nuts/transport.ts";
import { planTransported, warmUp, workPerIteration } from "../nuts/transport-nuts.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";

/**
 * Hamiltonian dynamics on a coreset (estimation/coreset.ts), in transported coordinates (nuts/transport.ts): for posteriors that are
 * far from normal, so that control variates find no step, with so many rows that passes over all of them take too long. The cost
 * of a draw does not grow with N.
 *
 * Error: with δ(θ) what the coreset's loss has wrong, up to a constant, and e² its variance over the posterior, the mean of a
 * parameter is wrong by Cov(θ_j, δ), at most e sds, and its sd by a share of at most e/√2, both to first order in δ. Two coresets
 * that know nothing of each other differ by δ − δ′, which has the variance 2 e². The coreset is made so large that e is below the
 * tolerance.
 */
export const coresetNuts: DenseSampler = {
  name: "coreset-nuts",
  summary: "Hamiltonian dynamics on few rows that stand for all: skewed posteriors of many rows",
  assumes: [],
  readsBlocks: true,
  takesCarried: true,
  readsCells: true,
  tuning: [],
  preconditioners: [],
  unsupportedReason: (model) =>
    traitsOf(model).areDrawnByInfluence ? null : "it needs the rows, which a custom model does not give",
  remedy: () => ({ accuracy: "use --sampler nuts, which takes all rows" }),
  plan,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { coreset, coordinates, error } = await chooseCoreset(local, options);
  const prepareLoss = await inSinglePrecision(local, coreset.prepareLoss);
  const planned = await planTransported(local, { prepareLoss, coordinates }, options, {
    name: coresetNuts.name,
    gradients: `gradients over ${coreset.numRows.toLocaleString("en")} rows that stand for all`,
    numRows: coreset.numRows,
  });
  return { ...planned, prediction: { ...planned.prediction, maxSdError: error / Math.SQRT2 } };
}

/** Rows that a coreset has, or a few times as many or as few. */
const usualSize = 16_000;

/** Whether a run needs no more than so many times the work that other samplers spend without asking. */
export function isCoresetAffordable(
  { model }: Pick<DenseApproximation, "model">,
  { chains, draws }: SamplerOptions,
  fraction: number,
): boolean {
  return (
    traitsOf(model).areDrawnByInfluence &&
    chains * (warmUp + draws) * workPerIteration(model, usualSize) <= fraction * maxWork
  );
}

const minSize = 4000;
/** Beyond this a coreset saves nothing worth its error. */
const maxShare = 0.5;

interface Choice {
  readonly coreset: Coreset;
  readonly coordinates: TransportCoordinates;
  /** e */
  readonly error: number;
}

/** Doubles the coreset until the error is below the tolerance. */
async function chooseCoreset(local: DenseApproximation, { seed, tolerance }: SamplerOptions): Promise<Choice> {
  const { model, numRows } = local;
  const random = createRandom(seed, 0, 13);
  const coresets = await prepareCoresets(local);
  const mark = model.memory.mark();
  const first = await coresets.draw(minSize, random);
  const coordinates = await transportCoordinates(local, first.prepareLoss);
  const points = coordinates.positions(
    Array.from({ length: numPoints }, () => Float64Array.from(local.mode, () => random.normal())),
  );
  for (let size = minSize; size <= maxShare * numRows; size *= 2) {
    model.memory.release(mark);
    const { coreset, error } = await drawWithError(local, coresets, size, points, random);
    if (error <= tolerance) return { coreset, coordinates, error };
  }
  model.memory.release(mark);
  return { coreset: await coresets.draw(numRows, random), coordinates, error: 0 };
}

/** Points of the transported normal law at which two coresets are compared: an sd from so many is known to a tenth. */
const numPoints = 64;

async function drawWithError(
  { model }: DenseApproximation,
  coresets: Coresets,
  size: number,
  points: readonly Float64Array[],
  random: Xoshiro,
): Promise<{ coreset: Coreset; error: number }> {
  const coreset = await coresets.draw(size, random);
  const mark = model.memory.mark();
  const other = await coresets.draw(size, random);
  const [ofOne, ofOther] = [await lossesAt(model, coreset, points), await lossesAt(model, other, points)];
  model.memory.release(mark);
  const differences = ofOne.map((loss, k) => loss - ofOther[k]);
  const mean = differences.reduce((sum, difference) => sum + difference, 0) / numPoints;
  const squares = differences.reduce((sum, difference) => sum + (difference - mean) ** 2, 0);
  return { coreset, error: Math.sqrt(squares / (2 * (numPoints - 1))) };
}

async function lossesAt(
  { memory }: DenseApproximation["model"],
  { prepareLoss }: Coreset,
  points: readonly Float64Array[],
): Promise<number[]> {
  const mark = memory.mark();
  try {
    const found = await prepareLoss(points.length)(points);
    return found.map(({ loss }) => loss);
  } finally {
    memory.release(mark);
  }
}
