import { PlainChain } from "../../engine/reference/chain.ts";
import { pause } from "../../rows/custom-sums.ts";
import { SamplerOptionError } from "../sampler.ts";
import type { ChainSpec, Start } from "./chain-spec.ts";

/** Runs the chains of a custom model, whose records are given, one after the other on the calling thread. */
export async function runCustomChains(
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
  const total = totalSteps * records.length;
  let done = 0;
  for (const address of records) {
    const chain = new PlainChain(model.memory, address);
    while (chain.stepsLeft > 0) {
      await pause(workspace);
      const rows = Uint32Array.from(chain.drawBatch(), ([row]) => row);
      chain.move((await model.custom!.lossAndGradient(chain.position.slice(), rows)).gradient);
      workspace.onProgress?.(stage, ++done / total, { done, total, unit: "steps" });
    }
  }
}
