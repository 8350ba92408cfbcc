import { expect } from "vitest";
import { effectiveSampleSize } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import type { ChainOutput, Plan } from "../../src/sampling/plan.ts";

/** Values of parameter j, one array a chain: all of them where they are known, else those of the kept draws. */
function chainsOf({ steps, positions, dimension }: ChainOutput, j: number): Float64Array[] {
  return (steps ?? positions).map((values) => values.filter((_, k) => k % dimension === j));
}

/** Effective samples of parameter j; of kept draws alone they are fewer than of all steps, and the tolerances on the safe side. */
function samplesOf(output: ChainOutput, j: number): { mean: number; square: number } {
  const chains = chainsOf(output, j);
  const squares = chains.map((chain) => chain.map((value) => (value - output.mean[j]) ** 2));
  return { mean: effectiveSampleSize(chains), square: effectiveSampleSize(squares) };
}

/** Means and sds are the predicted ones, but for 4.5 standard errors. */
export function expectLaw(local: DenseApproximation, plan: Plan, output: ChainOutput, seed: number): void {
  for (let j = 0; j < output.dimension; j++) {
    const sd = Math.sqrt(plan.prediction.covariance.data[j * output.dimension + j]);
    const measured = Math.sqrt(output.covariance.data[j * output.dimension + j]);
    const { mean, square } = samplesOf(output, j);
    expect(Math.abs(output.mean[j] - local.mode[j]) / sd, `mean of parameter ${j}, seed ${seed}`).toBeLessThan(
      4.5 / Math.sqrt(mean),
    );
    // The sd of n independent normal draws has relative standard error √(2/n)/2.
    expect(Math.abs(measured / sd - 1), `sd of parameter ${j}, seed ${seed}`).toBeLessThan(
      (4.5 * Math.SQRT1_2) / Math.sqrt(square),
    );
  }
}
