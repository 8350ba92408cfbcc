import { type OriginalScale, originalScale, type ScaledDesign } from "../design/standardise.ts";
import type { Convergence } from "../diagnostics/certificate/certificate.ts";
import { mcseOfMean } from "../diagnostics/statistics/effective-sample-size.ts";
import { intervalEnds } from "../diagnostics/statistics/interval-ends.ts";
import { orderDraws } from "../diagnostics/statistics/ordered-draws.ts";
import { mapDraws } from "../diagnostics/statistics/rank-normalize.ts";
import { mcseOfSdOverSteps } from "../diagnostics/statistics/sd-over-steps.ts";
import { statisticsOf } from "../diagnostics/statistics/summary-statistics.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { congruence, diagonal, type Matrix, matrix, multiplyVector } from "../linalg/matrix.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import type { ChainOutput, Plan } from "../sampling/sampler.ts";
import type { Gaussian } from "../theory/divergence.ts";

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
    /** How far the mode would move under priors ten times as wide, in posterior sds; absent if unknown. */
    readonly priorShift?: number;
  };
}

/** What the certificate needs to know about a coefficient. */
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
  design: ScaledDesign,
  names: readonly string[],
  local: LocalApproximation,
  plan: Plan,
  output: ChainOutput,
): PosteriorTable {
  const { onProgress } = local.workspace;
  const transform = originalScale(design);
  const { outputs, auxiliaries } = local.model;
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
  const original = marginals(output, outputs, { matrix: transform.matrix, apply: transform.toOriginal });
  const standardise = (law: Gaussian) => marginals(law, outputs, design.basis && linearMap(design.basis.matrix));
  const standardized = standardise(output);
  const laplace = standardise({ mean: local.mode, covariance: local.laplaceCovariance });
  const predicted = standardise({ mean: local.mode, covariance: plan.prediction.covariance });
  const numCoefficients = transform.shift.length * outputs;
  const coefficients: Coefficient[] = [];
  names.forEach((name, j) => {
    onProgress?.("summarising", j / names.length, { done: j, total: names.length, unit: "coefficients" });
    const kept = draws.get(name)!;
    const trace = traces.get(name) ?? kept;
    const ordered = orderDraws(kept);
    const statistics = statisticsOf(kept, ordered);
    const mcseMean = mcseOfMean(means.get(name)!);
    const auxiliary = auxiliaries[j - numCoefficients];
    const moments = auxiliary ? auxiliaryMoments(output, j, units[j - numCoefficients], trace) : null;
    const mean = moments?.mean ?? original.mean[j];
    const sd = moments?.sd ?? original.sd[j];
    const onScale = auxiliary ? Math.exp(local.mode[j]) : 1;
    const unit = auxiliary?.isScale ? design.target.scale : 1;
    const ends = intervalEnds(trace, trace === kept ? ordered : orderDraws(trace));
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
        mean: auxiliary ? mean / unit : standardized.mean[j],
        sd: auxiliary ? sd / unit : standardized.sd[j],
        predictedSd: onScale * predicted.sd[j],
        laplaceMean: auxiliary ? onScale : laplace.mean[j],
        laplaceSd: onScale * laplace.sd[j],
      },
    });
  });
  return { coefficients, draws };
}

/** A map of a linear predictor's D coefficients to another scale, and its matrix. */
interface CoefficientMap {
  readonly matrix: Matrix;
  apply(coefficients: ArrayLike<number>): Float64Array;
}

const linearMap = (matrix: Matrix): CoefficientMap => ({ matrix, apply: (values) => multiplyVector(matrix, values) });

/**
 * M: mean and sd of each parameter of a law. If there is a map, those of coefficients are on its scale; the map is the
 * same for all classes.
 */
function marginals(
  { mean, covariance }: Gaussian,
  outputs: number,
  map: CoefficientMap | undefined,
): { mean: Float64Array; sd: Float64Array } {
  const result = { mean: Float64Array.from(mean), sd: diagonal(covariance).map(Math.sqrt) };
  if (!map) return result;
  const size = map.matrix.rows;
  for (let first = 0; first < size * outputs; first += size) {
    const block = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        block.data[i * size + j] = covariance.data[(first + i) * covariance.columns + first + j];
    result.mean.set(map.apply(result.mean.slice(first, first + size)), first);
    result.sd.set(diagonal(congruence(map.matrix, block)).map(Math.sqrt), first);
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
 * Mean and sd of e^τ times its unit, over every step if all steps are kept. Otherwise, because e^τ is not linear in τ,
 * over the trace, corrected by the moments of τ, which are known over all steps.
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
