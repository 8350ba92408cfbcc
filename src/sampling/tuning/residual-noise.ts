import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { congruence, diagonal, type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { overRowsInMemory } from "../../models/create-model.ts";
import { hasQuadraticLikelihood, type Model } from "../../models/model.ts";
import { poolSizes } from "../../rows/block-pools.ts";
import { minibatchFraction } from "../../theory/control-variate.ts";
import type { SamplerOptions } from "../plan.ts";
import { NoStableStepError } from "../sampler.ts";
import { controlVariateNoise, drawRowsByInfluence } from "./row-influence.ts";
import { tailNoise } from "./tail-noise.ts";

/** What minibatches of control-variate residuals leave of noise, and the batches that keep it small. */
export interface ResidualNoise {
  /** The model with its rows drawn by influence; the model itself where the likelihood leaves no residuals. */
  readonly weighted: Model;
  /** The pool of rows that the chains draw from, where the rows are not in memory and the likelihood leaves residuals. */
  readonly pool?: Pool;
  /** Kᵀ (N² C̄_cv) K, P = K Kᵀ, of one row: M×M. */
  readonly whitened: Matrix;
  batchFor(damping: number): Batch;
  /** Whether a damping leaves noise to inject, the batch chosen for it. */
  isFeasible(damping: number): boolean;
}

interface Batch {
  readonly size: number;
  /** The fraction of the injected variance that the batch makes; 0 where it is all rows. */
  readonly noise: number;
}

/**
 * The minibatch may make this share of the injected variance on average, and this of any coefficient's: of rare levels, which a
 * few rows drive, the noise is known roughly, and injected too much or too little by as much.
 */
const fractionWanted = 0.005;
const largestFractionWanted = 0.02;
const minBatch = 8;
const largestBatch = 4096;

/** @throws NoStableStepError where losses overflow within reach of the normal approximation */
export async function residualNoise(local: DenseApproximation, options: SamplerOptions): Promise<ResidualNoise> {
  const { batchSize, seed } = options;
  const { model, laplaceCovariance, mode, numRows } = local;
  const needsRows = !hasQuadraticLikelihood(model);
  const { weighted, totalCovariance, whitened, ofWorst, pool } = needsRows
    ? await drawnRows(local, options)
    : withoutRows(local);
  const tails = needsRows ? await tailNoise(local, weighted, whitened, seed) : 0;
  const fraction = (damping: number, size: number) =>
    minibatchFraction({ totalCovariance, laplaceCovariance }, damping, size);
  const batchFor = (damping: number): Batch => {
    if (!needsRows) return { size: 0, noise: 0 };
    if (batchSize !== undefined) return { size: batchSize, noise: fraction(damping, batchSize) };
    const size = smallestBatch(
      Math.max(
        fraction(damping, 1) / fractionWanted,
        ((damping / (2 - damping)) * ofWorst) / largestFractionWanted,
        damping * tails,
      ),
    );
    if (!pool && size > 0.5 * numRows) return { size: numRows, noise: 0 };
    return { size: Math.min(size, largestBatch), noise: fraction(damping, Math.min(size, largestBatch)) };
  };
  const largestNoise = symmetricEigen(whitened).values[mode.length - 1];
  const isFeasible = feasibleDamping({ largestNoise, tails }, batchFor);
  return { weighted, ...(pool && { pool }), whitened, batchFor, isFeasible };
}

/** @param wanted rows */
function smallestBatch(wanted: number): number {
  return Math.max(minBatch, 4 * Math.ceil(wanted / 4));
}

/** max_j (P N² C̄_cv P)_jj / P_jj, from W = Kᵀ (N² C̄_cv) K, P = K Kᵀ. */
function largestNoiseRatio({ laplaceFactor, laplaceCovariance }: DenseApproximation, whitened: Matrix): number {
  const noise = diagonal(congruence(laplaceFactor, whitened));
  return diagonal(laplaceCovariance).reduce((worst, variance, j) => Math.max(worst, noise[j] / variance), 0);
}

/** Batches that are not the program's choice may be so many times smaller than the posterior's tails want them. */
const tailsLeft = 5;

/**
 * Whether a damping's minibatch noise stays below 3/4 of what the posterior allows in every direction, so that
 * noise is left to inject: h λ / (S (2 − h)) ≤ 3/4, λ the largest eigenvalue of Kᵀ (N² C̄_cv) K, P = K Kᵀ; and below half of the
 * pull back to the mode in the posterior's tails (tail-noise.ts).
 */
function feasibleDamping(
  { largestNoise, tails }: { readonly largestNoise: number; readonly tails: number },
  batchFor: (damping: number) => Batch,
): (damping: number) => boolean {
  return (damping) => {
    const { size, noise } = batchFor(damping);
    if (noise === 0) return true;
    return damping * largestNoise <= 0.75 * size * (2 - damping) && damping * tails <= tailsLeft * size;
  };
}

/** Rows that stand for all of those that are not in memory. */
interface Pool {
  readonly size: number;
  /** Sd of what having these rows and no others changes in the mean of any parameter, in posterior sds. */
  readonly error: number;
}

interface DrawnRows extends Pick<ResidualNoise, "weighted" | "whitened" | "pool"> {
  /** N² C̄_cv */
  readonly totalCovariance: Matrix;
  /** The largest ratio of the noise of one row to a parameter's variance (`largestNoiseRatio`). */
  readonly ofWorst: number;
}

/** A likelihood that leaves no residuals: no step reads a row, and any rows in memory will do. */
function withoutRows({ model, sample, mode }: DenseApproximation): DrawnRows {
  const nothing = matrix(mode.length, mode.length);
  const wholeRows = model.rows.numRows;
  const weighted = model.blocks ? overRowsInMemory(model, { ...sample.rows, wholeRows }) : model;
  return { weighted, totalCovariance: nothing, whitened: nothing, ofWorst: 0 };
}

/**
 * A pool's mean residual is off by its rows' noise over the root of their number: √(λ/R) sds of a parameter of noise ratio λ, and its
 * sd by less. This share of the tolerance it may be; three times as much happens once in hundreds of parameters.
 */
export const poolShare = 0.2;

/** Rows drawn by influence and their noise; of a pool, one that is large enough for that noise, where memory allows. */
async function drawnRows(local: DenseApproximation, { seed, tolerance }: SamplerOptions): Promise<DrawnRows> {
  const { model, laplaceFactor } = local;
  const { first, most } = model.blocks ? poolSizes(model) : { first: 0, most: 0 };
  for (let size = first; ; ) {
    const mark = model.memory.mark();
    const weighted = await drawRowsByInfluence(local, { size, seed });
    const totalCovariance = await controlVariateNoise(local, weighted, seed);
    const whitened = congruence(transpose(laplaceFactor), totalCovariance);
    if (!whitened.data.every(Number.isFinite)) throw new NoStableStepError();
    const ofWorst = largestNoiseRatio(local, whitened);
    const found = { weighted, totalCovariance, whitened, ofWorst };
    if (!model.blocks) return found;
    const error = Math.sqrt(ofWorst / weighted.rows.numRows);
    if (error <= poolShare * tolerance || size === most)
      return { ...found, pool: { size: weighted.rows.numRows, error } };
    size = Math.min(most, Math.max(2 * size, Math.ceil((1.2 * ofWorst) / (poolShare * tolerance) ** 2)));
    model.memory.release(mark);
  }
}
