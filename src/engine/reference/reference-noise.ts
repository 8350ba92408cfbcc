// Plain version of kernels/chains/chain-noise.ts: what one batch says of C, from the definition.
import { Chain, MatrixKind, NoiseEstimate } from "../../../kernels/layout/chain.ts";
import type { EngineMemory } from "../memory.ts";

/** Adds the estimate of the batch of step t, its rows' gradients given, where the chain wants one. */
export function addNoiseEstimate(
  memory: EngineMemory,
  address: number,
  t: number,
  batch: readonly Float64Array[],
): void {
  const kind = memory.getU32(address, Chain.noiseEstimate);
  const size = batch.length;
  if (kind === NoiseEstimate.none || size < 2 || t % memory.getU32(address, Chain.noiseEvery) !== 0) return;
  const dimension = batch[0].length;
  const mean = batch[0].map((_, j) => batch.reduce((sum, gradient) => sum + gradient[j] / size, 0));
  const taken = kind === NoiseEstimate.firstRow ? batch.slice(0, 1) : batch;
  const factor = kind === NoiseEstimate.firstRow ? 1 / (1 - 1 / size) : 1 / (size - 1);
  const isDense = memory.getU32(address, Chain.noiseShape) === MatrixKind.dense;
  const sums = memory.f64(memory.getU32(address, Chain.noiseSums), isDense ? dimension ** 2 : dimension);
  for (const gradient of taken) {
    const deviation = gradient.map((value, j) => value - mean[j]);
    for (let i = 0; i < dimension; i++) {
      if (!isDense) sums[i] += factor * deviation[i] ** 2;
      else for (let j = 0; j <= i; j++) sums[i * dimension + j] += factor * deviation[i] * deviation[j];
    }
  }
  memory.setU32(address, Chain.noiseCount, memory.getU32(address, Chain.noiseCount) + 1);
}
