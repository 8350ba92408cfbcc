import type { Design } from "../data/design.ts";
import { type OriginalScale, originalScale } from "../data/standardise.ts";
import type { Convergence } from "../diagnostics/certificate.ts";
import { mcseOfMean } from "../diagnostics/effective-sample-size.ts";
import { intervalEnds } from "../diagnostics/interval-ends.ts";
import { mapDraws } from "../diagnostics/rank-normalize.ts";
import { mcseOfSdOverSteps } from "../diagnostics/sd-over-steps.ts";
import { summaryStatistics } from "../diagnostics/summary-statistics.ts";
import type { Problem } from "../estimation/problem.ts";
import { congruence, diagonal, type Matrix, matrix } from "../linalg/matrix.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import type { ChainOutput, Plan } from "../samplers/sampler.ts";

/** One coefficient of the posterior; all but `standardized` on the original scale of the data. */
export interface Coefficient {
  readonly name: string;
  /** Mean and sd over every step of the chains that was counted, not only over the draws that were kept. */
  readonly mean: number;
  readonly sd: number;
  readonly "hdi_3%": number;
  readonly "hdi_97%": number;
  /** Monte Carlo standard errors of `mean`, `sd` and the interval's ends. */
  readonly mcse_mean: number | null;
  readonly mcse_sd: number | null;
  readonly "mcse_hdi_3%": number | null;
  readonly "mcse_hdi_97%": number | null;
  readonly ess_bulk: number | null;
  readonly ess_tail: number | null;
  readonly r_hat: number | null;
  /** The scale on which the sampler and the priors live; the intercept is that of the centred design. */
  readonly standardized: {
    readonly mean: number;
    readonly sd: number;
    readonly predictedSd: number;
    readonly laplaceMean: number;
    readonly laplaceSd: number;
  };
}

/** What the certificate needs to know of a coefficient. */
export function convergenceOf(coefficient: Coefficient): Convergence {
  const { name, sd, mcse_sd, ess_bulk, r_hat } = coefficient;
  const ends = [coefficient["mcse_hdi_3%"], coefficient["mcse_hdi_97%"]];
  const isKnown = (error: number | null): error is number => error !== null && sd > 0;
  return {
    name,
    essBulk: ess_bulk ?? 0,
    rHat: r_hat ?? 1,
    ...(isKnown(mcse_sd) && { sdError: mcse_sd / sd }),
    ...(ends.every(isKnown) && { endError: Math.max(...ends.map(Number)) / sd }),
  };
}

export interface PosteriorTable {
  readonly coefficients: readonly Coefficient[];
  readonly draws: NamedDraws;
}

/** Puts the chains' output on the scale of the data and summarises it. */
export function summarise(
  design: Pick<Design, "columns" | "target">,
  names: readonly string[],
  problem: Problem,
  plan: Plan,
  output: ChainOutput,
): PosteriorTable {
  const { onProgress } = problem.workspace;
  const transform = originalScale(design);
  const { outputs, auxiliaries } = problem.model;
  const units = auxiliaries.map(({ isScale }) => (isScale ? transform.targetScale : 1));
  const draws = new Map<string, Float64Array[]>();
  const means = new Map<string, Float64Array[]>();
  const traces = new Map<string, Float64Array[]>();
  const traced = output.steps ?? output.trace;
  for (let chain = 0; chain < output.chains; chain++) {
    addChain(draws, names, transform, { outputs, units }, output.positions[chain]);
    addChain(means, names, transform, { outputs, units }, output.intervalMeans[chain]);
    if (traced) addChain(traces, names, transform, { outputs, units }, traced[chain]);
  }
  const { mean: betaMean, sd: betaSd } = onOriginalScale(transform, output, outputs);
  const coefficients: Coefficient[] = [];
  names.forEach((name, j) => {
    onProgress?.("summarising", j / names.length, { done: j, total: names.length, unit: "coefficients" });
    const kept = draws.get(name)!;
    const trace = traces.get(name) ?? kept;
    const statistics = summaryStatistics(kept);
    const mcseMean = mcseOfMean(means.get(name)!);
    const auxiliary = problem.model.auxiliaries[j - betaMean.length];
    const diagonalEntry = (a: Matrix) => Math.sqrt(a.data[j * a.columns + j]);
    const moments = auxiliary ? auxiliaryMoments(output, j, units[j - betaMean.length], trace) : null;
    const mean = moments?.mean ?? betaMean[j];
    const sd = moments?.sd ?? betaSd[j];
    const onScale = auxiliary ? Math.exp(problem.mode[j]) : 1;
    const unit = auxiliary?.isScale ? design.target.scale : 1;
    const ends = intervalEnds(trace);
    const relativeMcse = mcseOfSdOverSteps(trace, {
      mcseOfMean: mcseMean / statistics.sd,
      isExponential: auxiliary !== undefined && !output.steps,
      isIntegrated: output.isIntegrated,
    });
    coefficients.push({
      name,
      mean,
      sd,
      "hdi_3%": ends.low,
      "hdi_97%": ends.high,
      mcse_mean: finiteOrNull(mcseMean),
      mcse_sd: finiteOrNull(sd * relativeMcse),
      "mcse_hdi_3%": finiteOrNull(ends.lowError),
      "mcse_hdi_97%": finiteOrNull(ends.highError),
      ess_bulk: finiteOrNull(statistics.essBulk),
      ess_tail: finiteOrNull(statistics.essTail),
      r_hat: finiteOrNull(statistics.rHat),
      standardized: {
        mean: auxiliary ? mean / unit : output.mean[j],
        sd: auxiliary ? sd / unit : diagonalEntry(output.covariance),
        predictedSd: onScale * diagonalEntry(plan.prediction.covariance),
        laplaceMean: auxiliary ? onScale : problem.mode[j],
        laplaceSd: onScale * diagonalEntry(problem.laplaceCovariance),
      },
    });
  });
  return { coefficients, draws };
}

/** Mean and sd of the coefficients over every step that was counted. The scales of all classes are the same. */
function onOriginalScale(
  transform: OriginalScale,
  { mean, covariance, dimension }: ChainOutput,
  outputs: number,
): { mean: Float64Array; sd: Float64Array } {
  const size = transform.shift.length;
  const result = { mean: new Float64Array(size * outputs), sd: new Float64Array(size * outputs) };
  for (let first = 0; first < size * outputs; first += size) {
    const block = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) block.data[i * size + j] = covariance.data[(first + i) * dimension + first + j];
    result.mean.set(transform.toOriginal(mean.subarray(first, first + size)), first);
    result.sd.set(diagonal(congruence(transform.matrix, block)).map(Math.sqrt), first);
  }
  return result;
}

/** Appends a chain's positions, one array for each name. */
function addChain(
  target: Map<string, Float64Array[]>,
  names: readonly string[],
  transform: OriginalScale,
  { outputs, units }: { readonly outputs: number; readonly units: readonly number[] },
  positions: Float64Array,
): void {
  const size = transform.shift.length;
  const dimension = names.length;
  const numDraws = positions.length / dimension;
  const values = names.map(() => new Float64Array(numDraws));
  for (let draw = 0; draw < numDraws; draw++) {
    const position = positions.subarray(draw * dimension, (draw + 1) * dimension);
    let first = 0;
    for (; first < size * outputs; first += size) {
      const original = transform.toOriginal(position.subarray(first, first + size));
      for (let j = 0; j < size; j++) values[first + j][draw] = original[j];
    }
    units.forEach((unit, k) => {
      values[first + k][draw] = unit * Math.exp(position[first + k]);
    });
  }
  names.forEach((name, j) => {
    target.set(name, [...(target.get(name) ?? []), values[j]]);
  });
}

interface MeanAndSd {
  readonly mean: number;
  readonly sd: number;
}

/**
 * Of e^τ times its unit, over every step where these are kept. Else, as e^τ is not linear in τ, mean and sd over the trace,
 * corrected by those of τ, which are known over all steps.
 */
function auxiliaryMoments(output: ChainOutput, index: number, unit: number, trace: readonly Float64Array[]): MeanAndSd {
  const ofTrace = momentsOf(trace);
  if (output.steps) return ofTrace;
  const tau = momentsOf(mapDraws(trace, (value) => Math.log(value / unit) - output.mean[index]));
  const sd = Math.sqrt(output.covariance.data[index * (output.dimension + 1)]);
  return { mean: ofTrace.mean * (1 - tau.mean), sd: ofTrace.sd * (tau.sd > 0 ? sd / tau.sd : 1) };
}

function momentsOf(chains: readonly Float64Array[]): MeanAndSd {
  let mean = 0;
  let squares = 0;
  let count = 0;
  for (const chain of chains) {
    for (const value of chain) {
      // Welford's updates: a sum of squares would lose an sd that is small beside its mean.
      const distance = value - mean;
      mean += distance / ++count;
      squares += distance * (value - mean);
    }
  }
  return { mean, sd: Math.sqrt(squares / (count - 1)) };
}

export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
