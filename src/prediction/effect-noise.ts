import { createRandom, type Xoshiro } from "../rng/xoshiro.ts";

/** The random numbers that levels' effects are drawn with. */
export interface EffectNoise {
  /** Those of a level of the f-th factor, −1 for a level that no row of the fit has. */
  of(factor: number, level: number): Xoshiro;
  /** Whether a level has the same effects wherever it occurs, so that they need not be drawn again. */
  isSame(level: number): boolean;
}

/** Levels have streams of their own, so that all rows of one have the same effects, in any order of the rows. */
function ofLevel(seed: number): EffectNoise["of"] {
  const base = createRandom(seed, 0, 17).uint32();
  return (factor, level) => createRandom(base + (factor + 1) * 2 ** 44 + level + 1, 0, 0);
}

/** The rows of a known level share its effects, and every row of a new one is of another group. */
export function noiseByLevel(seed: number): EffectNoise {
  const own = ofLevel(seed);
  const forNew = createRandom(seed, 0, 18);
  return { of: (factor, level) => (level < 0 ? forNew : own(factor, level)), isSame: (level) => level >= 0 };
}

/** All rows of new levels are of one new group at each draw: what an average over rows is of. */
export function noiseOfOneNewGroup(seed: number): EffectNoise {
  return { of: ofLevel(seed), isSame: () => true };
}
