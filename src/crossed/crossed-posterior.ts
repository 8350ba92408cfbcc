import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { gaussianPosterior } from "./gaussian-posterior.ts";
import { type CrossedModel, requireCrossedModel } from "./model.ts";
import type { CrossedPosterior, CrossedSettings } from "./posterior.ts";
import { sampledPosterior } from "./sampled-posterior.ts";

/** Effects of all factors but the largest, with which a dense factor takes 1.2 GB and minutes. */
const largestRest = 12_000;

/**
 * The posterior of a model with effects of several grouping factors, which may be crossed. Gaussian rows: effects and β are integrated
 * out exactly, and the density of the few variance parameters is interpolated between exact values, where it is smooth enough for that:
 * with many levels it is. Otherwise, and in other families, a Markov chain over all of them.
 *
 * Everything it takes of the engine's memory is given back.
 *
 * @throws InputError for numbers that contradict each other, and where all factors but the largest have more than 12,000 effects and
 * coefficients together; the signal's reason
 */
export async function crossedPosterior(
  engine: Engine,
  model: CrossedModel,
  settings: CrossedSettings,
): Promise<CrossedPosterior> {
  requireCrossedModel(model);
  const sizes = model.factors.map(({ numLevels, effects }) => numLevels * effects.length).sort((a, b) => a - b);
  const rest = sizes.slice(0, -1).reduce((sum, size) => sum + size, model.numFixed);
  if (rest > largestRest) {
    throw new InputError(
      `The grouping factors but for the largest have ${rest} effects and coefficients together, and at most ${largestRest} can be fitted: leave one out, or merge its rare levels.`,
    );
  }
  // Where the engine's memory grows, views of it end.
  const own = model.x.buffer === engine.memory.memory.buffer ? { ...model, x: model.x.slice() } : model;
  const exact = own.family === "gaussian" ? await gaussianPosterior(engine, own, settings) : undefined;
  return exact ?? sampledPosterior(engine, own, settings);
}
