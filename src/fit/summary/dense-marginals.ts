import { type OriginalScale, originalScale, type ScaledDesign } from "../../design/columns/standardise.ts";
import { mcseOfMean } from "../../diagnostics/statistics/effective-sample-size.ts";
import { mapDraws } from "../../diagnostics/statistics/rank-normalize.ts";
import { mcseOfSdOverSteps } from "../../diagnostics/statistics/sd-over-steps.ts";
import { congruence, diagonal, type Matrix, matrix, multiplyVector } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import type { Gaussian } from "../../theory/divergence.ts";
import type { Marginals, SummarisedRun } from "./coefficients.ts";
import { controlledMoments } from "./controlled-moments.ts";
import { type MeanAndSd, momentsOf } from "./draw-moments.ts";
import { reportedScores } from "./reported-scores.ts";
import { type VarianceBlock, varianceBlocks, varianceDraws } from "./variance-blocks.ts";
import { varianceMoments } from "./variance-moments.ts";

/** Means and sds over every step of the chains that was counted, from the covariance matrix of all of them. */
export function denseMarginals(
  design: ScaledDesign,
  names: readonly string[],
  { local, plan, output }: SummarisedRun,
): Marginals {
  const transform = originalScale(design);
  const { numPredictors, auxiliaries } = local.model;
  const scale = dataScale(design, transform, local.model);
  const { units, blocks } = scale;
  const firstVariance = transform.shift.length * numPredictors + units.length;
  const draws = drawsByName(names, transform, scale, output.positions);
  const means = drawsByName(names, transform, scale, output.intervalMeans);
  const traced = output.steps ?? output.trace;
  const traces = traced && drawsByName(names, transform, scale, traced);
  const original = marginals(output, numPredictors, { matrix: transform.matrix, apply: transform.toOriginal });
  const standardise = (law: Gaussian) => marginals(law, numPredictors, design.basis && linearMap(design.basis.matrix));
  const standardized = standardise(output);
  const laplace = standardise({ mean: local.mode, covariance: local.laplaceCovariance });
  const predicted = standardise({ mean: local.mode, covariance: plan.prediction.covariance });
  const numCoefficients = transform.shift.length * numPredictors;
  const of = (all: ReadonlyMap<string, Float64Array[]>, index: number) => all.get(names[index])!;
  const variances = varianceMoments(blocks, { local, plan, output });
  const scores = reportedScores(design, { local, output });
  const overSteps: Marginals["momentsOf"] = (index, trace, statistics) => {
    if (index >= firstVariance) {
      const { moments, predicted: sds } = variances(index);
      const mcseMean = mcseOfMean(of(means, index));
      const mcseSd =
        moments.sd *
        mcseOfSdOverSteps(trace, {
          mcseOfMean: mcseMean / statistics.sd,
          isExponential: !output.steps,
          isIntegrated: output.isIntegrated,
        });
      return { ...moments, mcseMean, mcseSd, standardized: sds };
    }
    const auxiliary = auxiliaries[index - numCoefficients];
    const unit = units[index - numCoefficients];
    const { mean, sd } = auxiliary
      ? auxiliaryMoments(output, index, unit, trace)
      : { mean: original.mean[index], sd: original.sd[index] };
    const mcseMean = mcseOfMean(of(means, index));
    const relativeMcse = mcseOfSdOverSteps(trace, {
      mcseOfMean: mcseMean / statistics.sd,
      isExponential: auxiliary !== undefined && !output.steps,
      isIntegrated: output.isIntegrated,
    });
    const onScale = auxiliary ? Math.exp(local.mode[index]) : 1;
    return {
      mean,
      sd,
      mcseMean,
      mcseSd: sd * relativeMcse,
      standardized: {
        mean: auxiliary ? mean / unit : standardized.mean[index],
        sd: auxiliary ? sd / unit : standardized.sd[index],
        predictedSd: onScale * predicted.sd[index],
        laplaceMean: auxiliary ? onScale : laplace.mean[index],
        laplaceSd: onScale * laplace.sd[index],
      },
    };
  };
  return {
    draws,
    drawsOf: (index) => of(draws, index),
    ...(traces && { traceOf: (index: number) => of(traces, index) }),
    momentsOf(index, trace, statistics) {
      const plain = overSteps(index, trace, statistics);
      return scores ? controlledMoments(plain, index, trace, scores) : plain;
    },
  };
}

/** A map of a linear predictor's D coefficients to another scale, and its matrix. */
interface CoefficientMap {
  readonly matrix: Matrix;
  apply(coefficients: ArrayLike<number>): Float64Array;
}

const linearMap = (matrix: Matrix): CoefficientMap => ({ matrix, apply: (values) => multiplyVector(matrix, values) });

/** M: mean and sd of each parameter of a law, the coefficients' on another scale where there is a map, the same for all classes. */
function marginals(
  { mean, covariance }: Gaussian,
  numPredictors: number,
  map: CoefficientMap | undefined,
): { mean: Float64Array; sd: Float64Array } {
  const result = { mean: Float64Array.from(mean), sd: diagonal(covariance).map(Math.sqrt) };
  if (!map) return result;
  const size = map.matrix.rows;
  for (let first = 0; first < size * numPredictors; first += size) {
    const block = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        block.data[i * size + j] = covariance.data[(first + i) * covariance.columns + first + j];
    result.mean.set(map.apply(result.mean.slice(first, first + size)), first);
    result.sd.set(diagonal(congruence(map.matrix, block)).map(Math.sqrt), first);
  }
  return result;
}

/** What θ is multiplied by for the scale of the data, beside the coefficients. */
interface DataScale {
  readonly numPredictors: number;
  /** Of the auxiliary parameters. */
  readonly units: readonly number[];
  readonly blocks: readonly VarianceBlock[];
}

function dataScale(
  design: ScaledDesign,
  { shift, targetScale }: OriginalScale,
  { numPredictors, auxiliaries }: Pick<Model, "numPredictors" | "auxiliaries">,
): DataScale {
  const units = auxiliaries.map(({ isScale }) => (isScale ? targetScale : 1));
  const first = shift.length * numPredictors + units.length;
  return { numPredictors, units, blocks: design.groups ? varianceBlocks(design.groups, targetScale, first) : [] };
}

/** All chains' positions on the scale of the data, one array a chain of draws × M: by name one array a chain. */
export function drawsOnDataScale(
  design: ScaledDesign,
  names: readonly string[],
  model: Pick<Model, "numPredictors" | "auxiliaries">,
  positions: readonly Float64Array[],
): Map<string, Float64Array[]> {
  const transform = originalScale(design);
  return drawsByName(names, transform, dataScale(design, transform, model), positions);
}

function drawsByName(
  names: readonly string[],
  transform: OriginalScale,
  { numPredictors, units, blocks }: DataScale,
  chains: readonly Float64Array[],
): Map<string, Float64Array[]> {
  const draws = new Map<string, Float64Array[]>(names.map((name) => [name, []]));
  for (const positions of chains) {
    const size = transform.shift.length;
    const dimension = names.length;
    const numDraws = positions.length / dimension;
    const values = names.map(() => new Float64Array(numDraws));
    for (let draw = 0; draw < numDraws; draw++) {
      const position = positions.subarray(draw * dimension, (draw + 1) * dimension);
      let first = 0;
      for (; first < size * numPredictors; first += size) {
        const original = transform.toOriginal(position.subarray(first, first + size));
        for (let j = 0; j < size; j++) values[first + j][draw] = original[j];
      }
      units.forEach((unit, k) => {
        values[first + k][draw] = unit * Math.exp(position[first + k]);
      });
    }
    for (const block of blocks)
      for (const [k, own] of varianceDraws(block, positions, dimension, "original").entries())
        values[block.first + k].set(own);
    names.forEach((name, j) => {
      draws.get(name)!.push(values[j]);
    });
  }
  return draws;
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
