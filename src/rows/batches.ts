import type { Xoshiro } from "../rng/xoshiro.ts";
import type { RowBatch, Rows } from "./rows.ts";

/** `count` of so many rows, uniformly and with replacement. */
export function uniformBatch(numRows: number, count: number, random: Pick<Xoshiro, "uniform">): RowBatch {
  return { rows: Uint32Array.from({ length: count }, () => Math.floor(random.uniform() * numRows)) };
}

/** The mean of the batch's gradients, each times its weight; M. */
export async function meanOfBatch(
  rows: Pick<Rows, "visitGradients">,
  batch: RowBatch,
  position: Float64Array,
): Promise<Float64Array> {
  const mean = new Float64Array(position.length);
  let k = 0;
  await rows.visitGradients(batch.rows, position, (gradient) => {
    const share = (batch.weights?.[k++] ?? 1) / batch.rows.length;
    for (let j = 0; j < mean.length; j++) mean[j] += share * gradient[j];
  });
  return mean;
}
