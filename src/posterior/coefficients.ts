import type { Design } from "../data/design.ts";
import { originalScale } from "../data/standardise.ts";
import { summaryStatistics } from "../diagnostics/summary-statistics.ts";
import type { Problem } from "../estimation/problem.ts";
import { congruence, type Matrix, matrix } from "../linalg/matrix.ts";
import type { ChainOutput, Plan } from "../samplers/sampler.ts";

/** One coefficient of the posterior; all but `standardized` on the original scale of the data. */
export interface Coefficient {
  readonly name: string;
  /** Mean and sd over every step of the chains that was counted, not only over the draws that were kept. */
  readonly mean: number;
  readonly sd: number;
  readonly "hdi_3%": number;
  readonly "hdi_97%": number;
  /** Monte Carlo standard error of `mean`. */
  readonly mcse_mean: number | null;
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

/** Draws of one coefficient on the original scale, one array a chain. */
export type NamedDraws = ReadonlyMap<string, readonly Float64Array[]>;

export interface PosteriorTable {
  readonly coefficients: readonly Coefficient[];
  readonly draws: NamedDraws;
}

/** Puts the chains' output on the scale of the data and summarises it. */
export function summarise(design: Design, problem: Problem, plan: Plan, output: ChainOutput): PosteriorTable {
  const transform = originalScale(design);
  const size = design.columns.length;
  const draws = new Map<string, Float64Array[]>();
  const means = new Map<string, Float64Array[]>();
  for (let chain = 0; chain < output.chains; chain++) {
    addChain(draws, design, transform, output.positions[chain], output.dimension);
    addChain(means, design, transform, output.intervalMeans[chain], output.dimension);
  }
  const betaCovariance = congruence(transform.matrix, leadingBlock(output.covariance, size));
  const betaMean = transform.toOriginal(output.mean.subarray(0, size));
  const coefficients: Coefficient[] = [];
  [...draws.keys()].forEach((name, j) => {
    const statistics = summaryStatistics(draws.get(name)!);
    const isSigma = j === size;
    const diagonalEntry = (a: Matrix) => Math.sqrt(a.data[j * a.columns + j]);
    // σ = e^τ is not linear in τ: its mean and sd over the kept draws are corrected by those of τ, known over all steps.
    const ratio = isSigma ? sigmaCorrection(output, size) : null;
    const mean = ratio ? statistics.mean * (1 + ratio.meanShift) : betaMean[j];
    const sd = ratio ? statistics.sd * ratio.sdRatio : diagonalEntry(betaCovariance);
    const onScale = isSigma ? Math.exp(problem.mode[size]) : 1;
    const scaleY = design.target.scale;
    coefficients.push({
      name,
      mean,
      sd,
      "hdi_3%": statistics.hdiLow,
      "hdi_97%": statistics.hdiHigh,
      mcse_mean: finiteOrNull(summaryStatistics(means.get(name)!).mcseMean),
      ess_bulk: finiteOrNull(statistics.essBulk),
      ess_tail: finiteOrNull(statistics.essTail),
      r_hat: finiteOrNull(statistics.rHat),
      standardized: {
        mean: isSigma ? mean / scaleY : output.mean[j],
        sd: isSigma ? sd / scaleY : diagonalEntry(output.covariance),
        predictedSd: onScale * diagonalEntry(plan.prediction.covariance),
        laplaceMean: isSigma ? onScale : problem.mode[j],
        laplaceSd: onScale * diagonalEntry(problem.laplaceCovariance),
      },
    });
  });
  return { coefficients, draws };
}

function addChain(
  target: Map<string, Float64Array[]>,
  design: Design,
  transform: ReturnType<typeof originalScale>,
  positions: Float64Array,
  dimension: number,
): void {
  const size = design.columns.length;
  const numDraws = positions.length / dimension;
  const columns = design.columns.map(() => new Float64Array(numDraws));
  for (let draw = 0; draw < numDraws; draw++) {
    const original = transform.toOriginal(positions.subarray(draw * dimension, draw * dimension + size));
    for (let j = 0; j < size; j++) columns[j][draw] = original[j];
  }
  const append = (name: string, values: Float64Array) => target.set(name, [...(target.get(name) ?? []), values]);
  design.columns.forEach((column, j) => {
    append(column.name, columns[j]);
  });
  if (dimension > size) {
    const scale = design.target.scale;
    append(
      "sigma",
      Float64Array.from({ length: numDraws }, (_, draw) => scale * Math.exp(positions[draw * dimension + size])),
    );
  }
}

function sigmaCorrection(output: ChainOutput, index: number): { meanShift: number; sdRatio: number } {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const positions of output.positions) {
    for (let k = index; k < positions.length; k += output.dimension, count++) {
      const deviation = positions[k] - output.mean[index];
      sum += deviation;
      squares += deviation ** 2;
    }
  }
  const variance = (squares - sum ** 2 / count) / (count - 1);
  const sd = Math.sqrt(output.covariance.data[index * output.dimension + index]);
  return { meanShift: -sum / count, sdRatio: variance > 0 ? sd / Math.sqrt(variance) : 1 };
}

function leadingBlock(a: Matrix, size: number): Matrix {
  const block = matrix(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) block.data[i * size + j] = a.data[i * a.columns + j];
  return block;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
