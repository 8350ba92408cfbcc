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
  const update = sliceUpdate(random, x, direction, current);
  let next = update.next();
  while (!next.done) next = update.next(logDensity(x));
  return next.value;
}

/** The same for a density that comes later, as one that takes a pass over rows. */
export async function sliceAlongLater(
  random: Random,
  logDensity: (x: Float64Array) => Promise<number>,
  x: Float64Array,
  direction: ArrayLike<number>,
  current: number,
): Promise<number> {
  const update = sliceUpdate(random, x, direction, current);
  let next = update.next();
  while (!next.done) next = update.next(await logDensity(x));
  return next.value;
}

/** Moves x and asks for the log density there, until it returns that of the x at which it stays. */
function* sliceUpdate(
  random: Random,
  x: Float64Array,
  direction: ArrayLike<number>,
  current: number,
): Generator<void, number, number> {
  const start = x.slice();
  function* at(t: number): Generator<void, number, number> {
    for (let j = 0; j < x.length; j++) x[j] = start[j] + t * direction[j];
    return yield;
  }
  const level = current + Math.log(random.uniform());
  let lower = -random.uniform();
  let upper = lower + 1;
  // The steps out are shared between the two sides at random, so that the update stays reversible.
  let left = Math.floor(random.uniform() * mostSteps);
  let right = mostSteps - 1 - left;
  for (; left > 0 && (yield* at(lower)) > level; left--) lower -= 1;
  for (; right > 0 && (yield* at(upper)) > level; right--) upper += 1;
  for (;;) {
    const t = lower + random.uniform() * (upper - lower);
    const value = yield* at(t);
    if (value > level) return value;
    if (t < 0) lower = t;
    else upper = t;
    if (upper - lower < 1e-12) {
      x.set(start);
      return current;
    }
  }
}
