import { PlainChain } from "../../engine/reference/chain.ts";
import { rowsOf } from "../../rows/rows-of.ts";
import { SamplerOptionError } from "../sampler.ts";
import type { ChainSpec, Start } from "./chain-spec.ts";

/** Runs chains over rows that the kernels do not know, one after the other: each batch is evaluated where its rows are. */
export async function stepChains(
  { workspace }: Start,
  { model, gradient, noiseEstimate }: ChainSpec,
  records: readonly number[],
  totalSteps: number,
  stage: string,
): Promise<void> {
  if (noiseEstimate || gradient !== "minibatch")
    throw new SamplerOptionError(
      "A custom model gives the mean gradient of a batch only; leave the option noiseEstimate out.",
    );
  const rows = rowsOf(workspace, model);
  const total = totalSteps * records.length;
  let done = 0;
  for (const address of records) {
    const chain = new PlainChain(model.memory, address);
    while (chain.stepsLeft > 0) {
      const batch = { rows: Uint32Array.from(chain.drawBatch(), ([row]) => row) };
      chain.move(await rows.evaluate(batch, chain.position.slice()));
      workspace.onProgress?.(stage, ++done / total, { done, total, unit: "steps" });
    }
  }
}
