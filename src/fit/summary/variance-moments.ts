import { cholesky, choleskySolve, NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { sdsAndCorrelations } from "../../priors/effects-law.ts";
import { covarianceOfRows, meanOfRows } from "../../sampling/chains/run-chains.ts";
import type { ChainOutput } from "../../sampling/plan.ts";
import type { Coefficient, SummarisedRun } from "./coefficients.ts";
import { type MeanAndSd, momentsOf } from "./draw-moments.ts";
import { type VarianceBlock, varianceDraws } from "./variance-blocks.ts";

interface VarianceMoments {
  /** On the scale of the data. */
  readonly moments: MeanAndSd;
  readonly predicted: Coefficient["standardized"];
}

/** Means and sds of groups' sds and correlations, by their place in θ. */
export function varianceMoments(
  blocks: readonly VarianceBlock[],
  { local, plan, output }: Omit<SummarisedRun, "curvature">,
): (index: number) => VarianceMoments {
  const positions = output.steps ?? output.trace ?? output.positions;
  const known = new Map<number, VarianceMoments>();
  for (const block of blocks) {
    const original = momentsOver(block, positions, output, "original");
    const standardized = momentsOver(block, positions, output, "standardized");
    const atMode = sdsAndCorrelations(local.mode, block);
    const slopes = slopesAt(block, local.mode);
    original.forEach((moments, k) => {
      known.set(block.first + k, {
        moments,
        predicted: {
          ...standardized[k],
          predictedSd: sdAlong(slopes[k], plan.prediction.covariance),
          laplaceMean: atMode[k],
          laplaceSd: sdAlong(slopes[k], local.laplaceCovariance),
        },
      });
    });
  }
  return (index) => known.get(index)!;
}

/**
 * Over the positions, corrected by what is known of φ over all steps: with f ≈ a + bᵀφ by least squares, E f = mean f + bᵀ (E φ − mean φ),
 * and Var f likewise.
 */
function momentsOver(
  block: VarianceBlock,
  positions: readonly Float64Array[],
  output: ChainOutput,
  scale: "original" | "standardized",
): MeanAndSd[] {
  const { dimension } = output;
  const { first, size } = block;
  const count = (size * (size + 1)) / 2;
  const values = positions.map((chain) => varianceDraws(block, chain, dimension, scale));
  const own = positions.map((chain) => columnsOf(chain, dimension, first, count));
  const mean = meanOfRows(own, count);
  const covariance = covarianceOfRows(own, mean);
  return Array.from({ length: count }, (_, k) => {
    const plain = momentsOf(values.map((chain) => chain[k]));
    if (output.steps) return plain;
    const slopes = regress(
      own,
      mean,
      covariance,
      values.map((chain) => chain[k]),
      plain.mean,
    );
    if (!slopes) return plain;
    let shift = 0;
    let change = 0;
    for (let i = 0; i < count; i++) {
      shift += slopes[i] * (output.mean[first + i] - mean[i]);
      for (let j = 0; j < count; j++) {
        const all = output.covariance.data[(first + i) * dimension + first + j];
        change += slopes[i] * slopes[j] * (all - covariance.data[i * count + j]);
      }
    }
    const variance = plain.sd ** 2 + change;
    return { mean: plain.mean + shift, sd: variance > 0 ? Math.sqrt(variance) : plain.sd };
  });
}

function columnsOf(chain: Float64Array, dimension: number, first: number, count: number): Float64Array {
  const draws = chain.length / dimension;
  const columns = new Float64Array(draws * count);
  for (let draw = 0; draw < draws; draw++)
    for (let k = 0; k < count; k++) columns[draw * count + k] = chain[draw * dimension + first + k];
  return columns;
}

/** b = Cov(φ)⁻¹ Cov(φ, f); null where the φ do not tell. */
function regress(
  own: readonly Float64Array[],
  mean: Float64Array,
  covariance: Matrix,
  values: readonly Float64Array[],
  meanOfValues: number,
): Float64Array | null {
  const size = mean.length;
  const cross = new Float64Array(size);
  let total = 0;
  own.forEach((columns, chain) => {
    total += values[chain].length;
    values[chain].forEach((value, draw) => {
      for (let k = 0; k < size; k++) cross[k] += (columns[draw * size + k] - mean[k]) * (value - meanOfValues);
    });
  });
  try {
    return choleskySolve(
      cholesky(covariance),
      cross.map((sum) => sum / (total - 1)),
    );
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return null;
    throw error;
  }
}

const step = 1e-5;

/** ∂f_k/∂θ on the standardised scale, by central differences. */
function slopesAt(block: VarianceBlock, mode: Float64Array): Float64Array[] {
  const count = (block.size * (block.size + 1)) / 2;
  const slopes = Array.from({ length: count }, () => new Float64Array(mode.length));
  for (let j = block.first; j < block.first + count; j++) {
    const moved = (by: number) =>
      sdsAndCorrelations(
        mode.map((value, i) => (i === j ? value + by : value)),
        block,
      );
    const [up, down] = [moved(step), moved(-step)];
    for (let k = 0; k < count; k++) slopes[k][j] = (up[k] - down[k]) / (2 * step);
  }
  return slopes;
}

function sdAlong(slopes: Float64Array, covariance: Matrix): number {
  let sum = 0;
  for (let i = 0; i < slopes.length; i++) {
    if (slopes[i] === 0) continue;
    for (let j = 0; j < slopes.length; j++) sum += slopes[i] * slopes[j] * covariance.data[i * slopes.length + j];
  }
  return Math.sqrt(sum);
}
