import type { Xoshiro } from "../rng/xoshiro.ts";

type Random = Pick<Xoshiro, "uniform">;

const mostSteps = 50;

/**
 * One update of x along a direction by slice sampling with stepping out and shrinkage, which leaves the density invariant
 * whatever the width. Returns the log density at the new x, which is written to `x`.
 * Source: Neal, Slice sampling, Annals of Statistics 31 (2003).
 *
 * @param current the log density at x
 */
export function sliceAlong(
  random: Random,
  logDensity: (x: Float64Array) => number,
  x: Float64Array,
  direction: ArrayLike<number>,
  current: number,
): number {
  const start = x.slice();
  const at = (t: number) => {
    for (let j = 0; j < x.length; j++) x[j] = start[j] + t * direction[j];
    return logDensity(x);
  };
  const level = current + Math.log(random.uniform());
  let lower = -random.uniform();
  let upper = lower + 1;
  // The steps out are shared between the two sides at random, so that the update stays reversible.
  let left = Math.floor(random.uniform() * mostSteps);
  let right = mostSteps - 1 - left;
  for (; left > 0 && at(lower) > level; left--) lower -= 1;
  for (; right > 0 && at(upper) > level; right--) upper += 1;
  for (;;) {
    const t = lower + random.uniform() * (upper - lower);
    const value = at(t);
    if (value > level) return value;
    if (t < 0) lower = t;
    else upper = t;
    if (upper - lower < 1e-12) {
      x.set(start);
      return current;
    }
  }
}
