import type { Engine } from "../engine/engine.ts";
import { largestDense } from "./chain/root-for.ts";
import { sampledPosterior } from "./chain/sampled-posterior.ts";
import { gaussianPosterior } from "./marginal/gaussian-posterior.ts";
import { type CrossedModel, requireCrossedModel } from "./model.ts";
import { inOrderOfLevels } from "./ordered-rows.ts";
import type { CrossedPosterior, CrossedSettings } from "./posterior.ts";

/**
 * The posterior of a model with effects of several grouping factors, which may be crossed. Gaussian rows: effects and β are integrated
 * out exactly, and the density of the few variance parameters is interpolated between exact values, where it is smooth enough for that:
 * with many levels it is. Otherwise, in other families, and where all factors but the largest have more than 12,000 effects and
 * coefficients together, a Markov chain over all of them.
 *
 * Everything it takes of the engine's memory is given back.
 *
 * @throws InputError for numbers that contradict each other; the signal's reason
 */
export async function crossedPosterior(
  engine: Engine,
  model: CrossedModel,
  settings: CrossedSettings,
): Promise<CrossedPosterior> {
  requireCrossedModel(model);
  // A copy beside: where the engine's memory grows, views of it end.
  const own = inOrderOfLevels(model);
  const sizes = model.factors.map(({ numLevels, effects }) => numLevels * effects.length).sort((a, b) => a - b);
  const rest = sizes.slice(0, -1).reduce((sum, size) => sum + size, model.numFixed);
  const exact =
    own.family === "gaussian" && rest <= largestDense ? await gaussianPosterior(engine, own, settings) : undefined;
  return exact ?? sampledPosterior(engine, own, settings);
}
