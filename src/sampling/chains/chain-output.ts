import type { ChainOutput } from "../plan.ts";
import { covarianceOfRows, meanOfRows } from "./run-chains.ts";

/**
 * The output of chains of which every step is known; the last of each `stepsPerDraw` of them is a draw.
 * @param steps one array a chain, steps × M row-major
 */
export function drawsOutput(steps: readonly Float64Array[], dimension: number, stepsPerDraw = 1): ChainOutput {
  const mean = meanOfRows(steps, dimension);
  const draws = steps[0].length / (dimension * stepsPerDraw);
  return {
    chains: steps.length,
    draws,
    dimension,
    positions: stepsPerDraw === 1 ? steps : steps.map((chain) => lastOfEach(chain, dimension, stepsPerDraw)),
    intervalMeans: stepsPerDraw === 1 ? steps : steps.map((chain) => meansOfEach(chain, dimension, stepsPerDraw)),
    ...(stepsPerDraw > 1 && { steps }),
    mean,
    covariance: covarianceOfRows(steps, mean),
  };
}

/** The last of each `stepsPerDraw` steps, steps × M row-major; of steps that do not fill one more draw none. */
export function lastOfEach(steps: Float64Array, dimension: number, stepsPerDraw: number): Float64Array {
  const last = (stepsPerDraw - 1) * dimension;
  const draws = Math.floor(steps.length / (dimension * stepsPerDraw));
  return Float64Array.from({ length: draws * dimension }, (_, k) => {
    const draw = Math.floor(k / dimension);
    return steps[draw * stepsPerDraw * dimension + last + (k % dimension)];
  });
}

/** The same steps, mapped many at once. */
export function mapSteps(
  steps: Float64Array,
  dimension: number,
  map: (vectors: readonly Float64Array[]) => readonly Float64Array[],
): Float64Array {
  const vectors = Array.from({ length: steps.length / dimension }, (_, k) =>
    steps.subarray(k * dimension, (k + 1) * dimension),
  );
  const mapped = new Float64Array(steps.length);
  map(vectors).forEach((vector, k) => {
    mapped.set(vector, k * dimension);
  });
  return mapped;
}

function meansOfEach(steps: Float64Array, dimension: number, stepsPerDraw: number): Float64Array {
  const means = new Float64Array(steps.length / stepsPerDraw);
  for (let k = 0; k < steps.length; k++) {
    const draw = Math.floor(k / (dimension * stepsPerDraw));
    means[draw * dimension + (k % dimension)] += steps[k] / stepsPerDraw;
  }
  return means;
}
