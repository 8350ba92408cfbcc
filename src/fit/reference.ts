import { type MeasuredLaw, measuredLaw } from "../diagnostics/certificate/accuracy.ts";
import { estimate } from "../estimation/estimate.ts";
import type { DenseApproximation } from "../estimation/local-approximation.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { subsampleModel } from "../rows/row-subset.ts";
import { conjugate } from "../sampling/algorithms/conjugate.ts";
import { nuts } from "../sampling/algorithms/nuts.ts";
import type { SamplerOptions } from "../sampling/plan.ts";
import { sampleDensely } from "../sampling/run.ts";
import type { Sampler } from "../sampling/sampler.ts";

/** The independent posterior, against which the samplers' accuracy is measured. */
export interface Reference {
  readonly sampler: Sampler;
  /** The rows on which accuracy is measured: all of them, or a random subsample where they are too many for the reference. */
  readonly local: DenseApproximation;
  readonly law: MeasuredLaw;
  readonly seconds: number;
}

/**
 * How many draws the independent run makes for each draw of a sampler, so that its Monte Carlo error is the smaller
 * part of the difference.
 */
const drawsPerDraw = 4;
/** About how many passes over the rows each of its draws takes, warm-up included. */
const passesPerDraw = 12;
/** Multiply-adds that the reference may take for each second of the samplers' time limit: a minute or two of one core in all. */
const maxReferenceWork = { perSecond: 1e11 / 60, atMost: 1e11 };
/** No fewer rows than this for each parameter, whatever the limit. */
const minRowsPerParameter = 10;

/**
 * The exact posterior if it is known, otherwise a long run with a seed of its own. The number of rows in that run follows
 * from its work, not from a clock, so that it is the same on every machine; a short time limit makes it a short run.
 * @param timeLimit seconds that each sampler may take
 */
export async function findReference(
  local: DenseApproximation,
  options: Pick<SamplerOptions, "chains" | "draws" | "seed" | "tolerance">,
  timeLimit: number,
): Promise<Reference> {
  const started = performance.now();
  const chains = Math.max(4, options.chains);
  const draws = Math.ceil(drawsPerDraw * options.draws);
  const isKnown = conjugate.unsupportedReason?.(local.model) === null;
  const sampler = isKnown ? conjugate : nuts;
  const rows = isKnown ? local.numRows : affordableRows(local, chains * draws, timeLimit);
  const sample = subsampleModel(local.model, rows, createRandom(options.seed, 0, 12));
  const onRows = sample === local.model ? local : await estimate(local.workspace, sample, options.seed);
  const { output } = await sampleDensely(onRows, sampler, {
    tolerance: Math.min(options.tolerance, 0.005),
    chains,
    draws,
    seed: options.seed + 1,
  });
  return {
    sampler,
    local: onRows,
    law: measuredLaw(output),
    seconds: (performance.now() - started) / 1000,
  };
}

function affordableRows({ model, numRows }: DenseApproximation, totalDraws: number, timeLimit: number): number {
  const perPass =
    Math.min(maxReferenceWork.atMost, timeLimit * maxReferenceWork.perSecond) / (totalDraws * passesPerDraw);
  const affordable = Math.floor(perPass / (2 * model.rows.paddedColumns + 20));
  return Math.min(numRows, Math.max(affordable, minRowsPerParameter * model.dimension));
}
