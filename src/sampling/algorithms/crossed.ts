import type { Sampler } from "../sampler.ts";

/**
 * Draws of models whose factors are crossed, users × items, by src/crossed: a chain over coefficients, effects and their variances, or where
 * rows are gaussian draws of the variances from an exact density that is interpolated. It starts from no mode and no local approximation, so
 * that it has no `plan`; src/fit/crossed-fit.ts runs it.
 */
export const crossed: Sampler = {
  name: "crossed",
  summary: "models with crossed factors, such as users × items, which take no other sampler",
  assumes: [],
  tuning: [],
  preconditioners: [],
  forCrossedFactors: true,
};
