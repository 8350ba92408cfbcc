import type { Engine } from "../engine/engine.ts";
import { gaussianPosterior } from "./gaussian-posterior.ts";
import { type CrossedModel, requireCrossedModel } from "./model.ts";
import type { CrossedPosterior, CrossedSettings } from "./posterior.ts";
import { sampledPosterior } from "./sampled-posterior.ts";

/**
 * The posterior of a model with effects of several grouping factors, which may be crossed. Gaussian rows: effects and β are integrated
 * out exactly, and the density of the few variance parameters is interpolated between exact values. Other families: a
 * Markov chain over all of them.
 *
 * Everything it takes of the engine's memory is given back.
 *
 * @throws InputError for numbers that contradict each other; EngineMemoryError where all factors but the largest have more effects than
 * fit in a dense matrix (some 20,000); the signal's reason
 */
export async function crossedPosterior(
  engine: Engine,
  model: CrossedModel,
  settings: CrossedSettings,
): Promise<CrossedPosterior> {
  requireCrossedModel(model);
  // Where the engine's memory grows, views of it end.
  const own = model.x.buffer === engine.memory.memory.buffer ? { ...model, x: model.x.slice() } : model;
  return own.family === "gaussian" ? gaussianPosterior(engine, own, settings) : sampledPosterior(engine, own, settings);
}
