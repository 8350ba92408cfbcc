import { createInlineEngine } from "../engine/engine.ts";
import { fitWithEngine, type RunOptions } from "./fit.ts";
import type { FitInput } from "./input/load.ts";
import type { Posterior } from "./posterior.ts";

/**
 * Posterior of a generalised linear model, from arrays or a table, on the calling thread (Node or browser). It yields to
 * the event loop every few milliseconds, so a page stays alive; `fit` of ornstein/node spreads the work over threads.
 *
 * The same seed, data and options give the same draws everywhere.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fit(input: FitInput, options: RunOptions = {}): Promise<Posterior> {
  const engine = await createInlineEngine();
  try {
    return await fitWithEngine(input, options, engine);
  } finally {
    await engine.executor.close();
  }
}
