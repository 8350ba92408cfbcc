import { cholesky, invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { type Matrix, matrix, scale as times } from "../../src/linalg/matrix.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";

/** log p(θ | y) up to a constant. */
export type LogDensity = (theta: Float64Array) => number;

/** Weighted draws of a distribution. */
export interface ImportanceSample {
  readonly draws: readonly Float64Array[];
  /** Sum to 1. */
  readonly weights: Float64Array;
  /** 1/Σw² */
  readonly effective: number;
  readonly largestWeight: number;
  /** Shape of the generalised Pareto law of the largest weights; below 0.5 they have a variance (Vehtari et al. 2024). */
  readonly paretoShape: number;
}

/** Mean and sd of a function of θ, with their Monte Carlo standard errors. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
  readonly meanError: number;
  readonly sdError: number;
}

const freedom = 5;

interface Proposal {
  readonly center: Float64Array;
  readonly covariance: Matrix;
}

/** How much wider than the weighted draws the proposal is made until its largest weights are harmless. */
const inflations = [1, 1.5, 2.25, 4];

/**
 * Importance sampling from a multivariate Student-t law of five degrees of freedom. It starts at the mode with the inverse
 * Hessian, found by Newton steps with numerical derivatives from `start`, and takes the mean and covariance of the weighted
 * draws over in each of six rounds. While few draws count, their weights are flattened to a power below 1 first.
 * @param scale roughly a posterior sd of each parameter, for the steps of the derivatives
 */
export function importanceSample(
  logDensity: LogDensity,
  start: Float64Array,
  scale: Float64Array,
  { draws = 40_000, seed = 1 } = {},
): ImportanceSample {
  let proposal = modeOf(logDensity, start, scale);
  for (let round = 1; round <= 6; round++) {
    const sample = drawWeighted(logDensity, proposal, 4000, createRandom(seed, round, 12));
    proposal = momentsOf(flattened(sample, 50 * start.length));
  }
  let sample: ImportanceSample | undefined;
  for (const inflation of inflations) {
    const wider = { ...proposal, covariance: times(proposal.covariance, inflation) };
    sample = drawWeighted(logDensity, wider, draws * inflation, createRandom(seed, 0, 12));
    if (sample.paretoShape < 0.5) break;
  }
  return sample!;
}

/** Weights to the largest power of 1, ½, ¼, … of which at least so many count. */
function flattened(sample: ImportanceSample, least: number): Pick<ImportanceSample, "draws" | "weights"> {
  let { weights } = sample;
  while (1 / weights.reduce((sum, w) => sum + w * w, 0) < least) {
    const roots = weights.map(Math.sqrt);
    const total = roots.reduce((a, b) => a + b);
    weights = roots.map((w) => w / total);
  }
  return { draws: sample.draws, weights };
}

export function moments({ draws, weights }: ImportanceSample, of: (theta: Float64Array) => number): Moments {
  const values = Float64Array.from(draws, of);
  let mean = 0;
  for (let k = 0; k < values.length; k++) mean += weights[k] * values[k];
  let variance = 0;
  let meanSquare = 0;
  for (let k = 0; k < values.length; k++) {
    variance += weights[k] * (values[k] - mean) ** 2;
    meanSquare += (weights[k] * (values[k] - mean)) ** 2;
  }
  let square = 0;
  for (let k = 0; k < values.length; k++) square += (weights[k] * ((values[k] - mean) ** 2 - variance)) ** 2;
  const sd = Math.sqrt(variance);
  return { mean, sd, meanError: Math.sqrt(meanSquare), sdError: Math.sqrt(square) / (2 * sd) };
}

function drawWeighted(
  logDensity: LogDensity,
  { center, covariance }: Proposal,
  count: number,
  random: ReturnType<typeof createRandom>,
): ImportanceSample {
  const size = center.length;
  const factor = cholesky(covariance).data;
  const z = new Float64Array(size);
  const draws: Float64Array[] = [];
  const logs = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    let chiSquare = 0;
    for (let i = 0; i < freedom; i++) chiSquare += random.normal() ** 2;
    const stretch = 1 / Math.sqrt(chiSquare / freedom);
    let squares = 0;
    const theta = Float64Array.from(center);
    for (let i = 0; i < size; i++) {
      z[i] = stretch * random.normal();
      squares += z[i] ** 2;
      for (let j = 0; j <= i; j++) theta[i] += factor[i * size + j] * z[j];
    }
    draws.push(theta);
    const log = logDensity(theta) + 0.5 * (freedom + size) * Math.log1p(squares / freedom);
    logs[k] = Number.isFinite(log) ? log : -Infinity;
  }
  const top = logs.reduce((a, b) => Math.max(a, b));
  const weights = logs.map((log) => Math.exp(log - top));
  const total = weights.reduce((a, b) => a + b);
  for (let k = 0; k < count; k++) weights[k] /= total;
  return {
    draws,
    weights,
    effective: 1 / weights.reduce((sum, w) => sum + w * w, 0),
    largestWeight: 1 / total,
    paretoShape: paretoShape(weights),
  };
}

function momentsOf({ draws, weights }: Pick<ImportanceSample, "draws" | "weights">): Proposal {
  const size = draws[0].length;
  const center = new Float64Array(size);
  draws.forEach((theta, k) => {
    for (let j = 0; j < size; j++) center[j] += weights[k] * theta[j];
  });
  const covariance = matrix(size, size);
  draws.forEach((theta, k) => {
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        covariance.data[i * size + j] += weights[k] * (theta[i] - center[i]) * (theta[j] - center[j]);
  });
  return { center, covariance };
}

/**
 * Newton steps, as far as the numerical Hessian is that of a maximum. Its differences are half an sd long, so that kinks of
 * priors are averaged out.
 */
function modeOf(logDensity: LogDensity, start: Float64Array, scale: Float64Array): Proposal {
  const size = start.length;
  const center = Float64Array.from(start);
  let covariance = matrix(size, size);
  scale.forEach((sd, j) => {
    covariance.data[j * (size + 1)] = sd ** 2;
  });
  for (let iteration = 0; iteration < 3; iteration++) {
    const at = (moves: readonly (readonly [number, number])[]) => {
      const theta = Float64Array.from(center);
      for (const [j, move] of moves) theta[j] += move * 0.5 * scale[j];
      return logDensity(theta);
    };
    const precision = matrix(size, size);
    const step = (j: number) => 0.5 * scale[j];
    const gradient = center.map((_, j) => (at([[j, 1]]) - at([[j, -1]])) / (2 * step(j)));
    for (let i = 0; i < size; i++) {
      precision.data[i * (size + 1)] = -(at([[i, 1]]) - 2 * at([]) + at([[i, -1]])) / step(i) ** 2;
      for (let j = 0; j < i; j++) {
        const cross = [1, -1].flatMap((a) => [1, -1].map((b) => a * b * at([[i, a], [j, b]]))); // biome-ignore format: one line
        const value = -cross.reduce((a, b) => a + b) / (4 * step(i) * step(j));
        precision.data[i * size + j] = value;
        precision.data[j * size + i] = value;
      }
    }
    try {
      covariance = invertPositiveDefinite(precision);
    } catch {
      break;
    }
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) center[i] += covariance.data[i * size + j] * gradient[j];
  }
  return { center, covariance };
}

/** k̂ of Zhang & Stephens (2009) for the largest 3 √K of K weights. */
function paretoShape(weights: Float64Array): number {
  const sorted = Float64Array.from(weights).sort();
  const count = Math.ceil(3 * Math.sqrt(sorted.length));
  const threshold = sorted[sorted.length - count - 1];
  const excess = sorted.subarray(sorted.length - count).map((w) => w - threshold);
  const quartile = excess[Math.floor(count / 4 + 0.5) - 1];
  const points = 30 + Math.floor(Math.sqrt(count));
  const rates = Array.from(
    { length: points },
    (_, i) => 1 / excess[count - 1] + (1 - Math.sqrt(points / (i + 0.5))) / (3 * quartile),
  );
  const shapeAt = (rate: number) => excess.reduce((sum, x) => sum + Math.log1p(-rate * x), 0) / count;
  const profile = rates.map((rate) => count * (Math.log(-rate / shapeAt(rate)) - shapeAt(rate) - 1));
  const top = Math.max(...profile);
  const likelihood = profile.map((value) => Math.exp(value - top));
  const total = likelihood.reduce((a, b) => a + b);
  const rate = rates.reduce((sum, value, i) => sum + (value * likelihood[i]) / total, 0);
  return shapeAt(rate);
}
