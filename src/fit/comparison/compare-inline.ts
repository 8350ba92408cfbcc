import { createInlineEngine } from "../../engine/engine.ts";
import type { FitInput } from "../input/load.ts";
import { type CompareOptions, compareWithEngine } from "./compare.ts";
import type { Comparison } from "./comparison.ts";

/**
 * Runs every sampler of the registry on one problem, on the calling thread (Node or browser), and measures each against
 * one independent posterior;
 * `compare` of ornstein/node spreads the work over threads.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function compare(input: FitInput, options: CompareOptions = {}): Promise<Comparison> {
  const engine = await createInlineEngine();
  try {
    return await compareWithEngine(input, options, engine);
  } finally {
    await engine.executor.close();
  }
}
