import { ScoreLaw } from "../../theory/score-law.ts";
import { type ScoredParameter, splitBy } from "../../theory/scored-parameter.ts";
import { mcseOfMean } from "./effective-sample-size.ts";
import type { IntervalEnds } from "./interval-ends.ts";
import type { OrderedDraws } from "./ordered-draws.ts";

/** A reported number, by the parameter that it is, or whose exponential. */
export interface ScoredNumber {
  readonly parameter: ScoredParameter;
  readonly isLogarithm: boolean;
}

const inside = 0.94;
/** Where the lower end is searched: beyond, the shortest interval begins at the law's own end, which draws tell better. */
const lowest = 0.002;
const highest = 1 - inside - lowest;
/** To a billionth of the draws' range. */
const halvings = 32;

/**
 * The shortest interval with 94% of the probability, from scores (theory/score-law.ts): its ends l and u have
 *
 *   F(u) − F(l) = 0.94,   f(l) = f(u)
 *
 * with the density on the scale on which the interval is the shortest. Their Monte Carlo errors: by the derivatives of both equations, each end is linear
 * in the law's errors at both, which are means over the draws.
 *
 * @param order of the number's values, one chain after the other
 * @returns null where the law is not smooth enough for it: no density above 0, or one that is as high at the outermost draws; or where it does not rise from 0 to 1
 * over the draws, as of scores that are not theirs
 */
export function scoreInterval(
  { parameter, isLogarithm }: ScoredNumber,
  { order }: Pick<OrderedDraws, "order">,
): IntervalEnds | null {
  const law = new ScoreLaw(parameter, order);
  const { center, sd } = law;
  // On the scale of e^(center + sd a) the density is f(a)/e^(sd a), but for a constant.
  const rate = isLogarithm ? sd : 0;
  const heightAt = (a: number) => law.at(a).density * Math.exp(-rate * a);
  const upperOf = (low: number) => quantileOf(law, law.at(low).probability + inside);
  const low = rootOf((a) => heightAt(a) - heightAt(upperOf(a)), quantileOf(law, lowest), quantileOf(law, highest));
  if (low === null) return null;
  const high = upperOf(low);
  const errors = errorsOf(law, low, high, rate, parameter.values[0].length);
  if (!errors) return null;
  const onScale = (a: number) => (isLogarithm ? Math.exp(center + sd * a) : center + sd * a);
  const unit = (a: number) => sd * (isLogarithm ? onScale(a) : 1);
  return {
    low: onScale(low),
    high: onScale(high),
    lowError: unit(low) * errors.low,
    highError: unit(high) * errors.high,
  };
}

/** NaN where there is none among the draws. */
function quantileOf(law: ScoreLaw, probability: number): number {
  return rootOf((a) => law.at(a).probability - probability, ...law.range) ?? Number.NaN;
}

/** Where a function that rises crosses 0, by halving; null where it does not rise from below to above. */
function rootOf(value: (a: number) => number, from: number, to: number): number | null {
  if (!(value(from) < 0 && value(to) > 0)) return null;
  for (let k = 0; k < halvings; k++) {
    const middle = (from + to) / 2;
    if (value(middle) < 0) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** Standard errors of the two ends, in sds. */
function errorsOf(
  law: ScoreLaw,
  low: number,
  high: number,
  rate: number,
  steps: number,
): { low: number; high: number } | null {
  const of = (a: number) => {
    const { density } = law.at(a);
    const scale = Math.exp(-rate * a);
    const { probability, density: heights } = law.contributionsAt(a);
    return { density, scale, slope: scale * (law.slopeAt(a) - rate * density), probability, heights };
  };
  const [l, u] = [of(low), of(high)];
  // A rising flank below and a falling one above.
  if (!(l.density > 0 && u.density > 0 && l.slope > 0 && u.slope < 0)) return null;
  const divisor = (u.slope * l.density) / u.density - l.slope;
  const ofLow = l.probability.map((probability, i) => {
    const inProbability = probability - u.probability[i];
    const inHeight = l.scale * l.heights[i] - u.scale * u.heights[i];
    return (inHeight - (u.slope * inProbability) / u.density) / divisor;
  });
  const ofHigh = ofLow.map((own, i) => (l.probability[i] - u.probability[i] + l.density * own) / u.density);
  return { low: mcseOfMean(splitBy(ofLow, steps)), high: mcseOfMean(splitBy(ofHigh, steps)) };
}
