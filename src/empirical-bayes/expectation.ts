import type { Hyperparameters } from "../models/create-model.ts";

/** How the chains of an E-step are run. */
export interface ExpectationStep {
  /** What the data tell of each parameter, N A_jj without the prior's part, at a first mode. */
  information(start: Hyperparameters): Promise<Float64Array>;
  /** Runs the chains on under these hyperparameters. */
  segment(hyperparameters: Hyperparameters, index: number): Promise<Segment>;
  /** Takes back the memory it used. */
  close(): void;
}

export interface Segment {
  /** θ at points of the chains, M each. */
  readonly draws: readonly Float64Array[];
  /** s_g of each group (`precisionSlope`). */
  readonly slopes: readonly number[];
  /** The share of a Newton step in log λ that may be taken after it; 1 where left out. */
  readonly damping?: number;
}

/** Chains of one segment have random streams of their own. */
export function segmentSeed(seed: number, segment: number): number {
  return (seed % 2 ** 40) + 2 ** 40 * segment;
}

/** One array a chain, draws × M, as one array a draw. */
export function drawByDraw(positions: readonly Float64Array[], dimension: number): Float64Array[] {
  return positions.flatMap((values) =>
    Array.from({ length: values.length / dimension }, (_, n) => values.subarray(n * dimension, (n + 1) * dimension)),
  );
}
