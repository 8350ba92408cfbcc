import { drawBufferOf, stepsDone } from "../../engine/bindings/chain-outputs.ts";
import type { LowRankApproximation } from "../../estimation/local-approximation.ts";
import type { ChainSpec, LowRankStep, Start } from "./chain-spec.ts";
import { chainsPlace, runResumably } from "./resumable-run.ts";
import { writeChain } from "./write-chain.ts";

/** Entries that the draws of all chains may have together: 4 bytes each. */
const maxEntries = 1.3e8;

/** The draws a chain for which there is room. */
export function maxStreamedDraws(dimension: number, chains: number): number {
  return Math.floor(maxEntries / (chains * dimension));
}

/** f64 that a chain's outlet holds. */
const outletLength = 2 ** 21;

/**
 * Runs all chains to their end, and takes their draws (or interval means) out of the engine's memory as they are made, in
 * single precision: with 100,000 parameters a thousand draws are 400 MB even so.
 * @param pieces Kernel calls that an interval is made in, so that an interrupt is prompt; a divisor of its steps.
 */
export async function streamChains(
  { workspace, mode }: Start,
  spec: ChainSpec,
  {
    keeps,
    callsPerInterval = 1,
    stage = "sampling",
  }: { keeps: "draws" | "means"; callsPerInterval?: number; stage?: string },
): Promise<Float32Array[]> {
  const { model, draws, stepsPerDraw, chains } = spec;
  const { memory, dimension } = model;
  const capacity = Math.max(1, Math.min(draws, Math.floor(outletLength / dimension)));
  const mark = memory.mark();
  try {
    const drawBuffer = { keeps, capacity };
    const records = Array.from({ length: chains }, (_, k) => writeChain({ workspace, mode }, spec, k, drawBuffer));
    const buffers = records.map((record) => drawBufferOf(memory, record, keeps, dimension));
    const positions = records.map(() => new Float32Array(draws * dimension));
    const burnInDraws = spec.burnInSteps / stepsPerDraw;
    const total = spec.burnInSteps + draws * stepsPerDraw;
    const onProgress = () => {
      const done = records.reduce((sum, record) => sum + stepsDone(memory, record), 0);
      workspace.onProgress?.(stage, done / (chains * total), { done, total: chains * total, unit: "steps" });
    };
    onProgress();
    for (let made = 0; made < draws; made += capacity) {
      const count = Math.min(capacity, draws - made);
      // Calls end with an interval each, and interval `made` is written where the buffer begins.
      for (const buffer of buffers) buffer.moveTo(made);
      const times = callsPerInterval * (count + (made === 0 ? burnInDraws : 0));
      const tasks = records.map((address) => ({
        kernel: "runChain" as const,
        address,
        argument: stepsPerDraw / callsPerInterval,
        times,
      }));
      await runResumably(workspace, { memory, mark, tasks, onProgress }, chainsPlace(workspace, spec, stage));
      positions.forEach((kept, chain) => {
        kept.set(buffers[chain].view(count), made * dimension);
      });
    }
    workspace.counter.rowsVisited += total * chains * spec.batchSize;
    return positions;
  } finally {
    memory.release(mark);
  }
}

/** Writes the directions of H = h (D⁻¹ + V Vᵀ) into the engine's memory. */
export function lowRankStep({ model, directions }: LowRankApproximation, step: number, noise: number): LowRankStep {
  const { memory, dimension } = model;
  const address = memory.allocateF64(dimension * Math.max(1, directions.length));
  directions.forEach((direction, k) => {
    memory.f64(address + 8 * k * dimension, dimension).set(direction);
  });
  return { directions: address, rank: directions.length, step, noise };
}
