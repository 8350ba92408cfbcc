// Losses and slopes of an inner group's rows at two places of its only effect at once, where rows have no auxiliary parameters. Groups are often of one to
// three rows, so that two places fill the two lanes where two rows would not.
import { exp2, logOnePlus2, meanCount2, one2 } from "../families/pairs";
import { FactorLaw } from "../layout/groups";
import { Family } from "../layout/model";
import { innerLaw } from "./law";
import { base, family, hasWeights, innerEffects, innerZ, numAuxiliaries, pairSlopes, target, weight } from "./work";

/** Products of 1 + e^(−|η|) stay below the largest number up to here. */
const largeProduct: f64 = 1e150;

/** Whether the rows are of such a kind. */
// @ts-ignore: decorator
@inline
export function hasPairs(): bool {
  return innerEffects === 1 && numAuxiliaries === 0 && (family === Family.bernoulli || family === Family.poisson);
}

/** A factor of exp(−F) that has no logarithm taken, at the nodes that were looked at last; 1 where there is none. */
export let product: v128 = f64x2.splat(1);

/** F at two v, but for the logarithm of `product`; leaves the rows' slopes at pairSlopes. */
export function linearLosses(law: usize, first: u32, end: u32, v: v128): v128 {
  const b = f64x2.mul(f64x2.splat(load<f64>(innerLaw(law) + (<usize>FactorLaw.factor << 3))), v);
  const start = f64x2.mul(f64x2.mul(f64x2.splat(0.5), v), v);
  product = one2();
  return family === Family.bernoulli ? bernoulliPair(first, end, b, start) : poissonPair(first, end, b, start);
}

function bernoulliPair(first: u32, end: u32, b: v128, sum: v128): v128 {
  const one = one2();
  const zero = f64x2.splat(0);
  let factors = one;
  let to = pairSlopes;
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8, to += 16) {
    const predictor = f64x2.add(v128.load64_splat(base + at), f64x2.mul(v128.load64_splat(innerZ + at), b));
    const y = v128.load64_splat(target + at);
    const small = exp2(f64x2.neg(f64x2.abs(predictor)));
    const larger = f64x2.div(one, f64x2.add(one, small));
    const mean = v128.bitselect(larger, f64x2.mul(small, larger), f64x2.ge(predictor, zero));
    let linear = f64x2.sub(f64x2.pmax(predictor, zero), f64x2.mul(y, predictor));
    let pull = f64x2.sub(mean, y);
    if (hasWeights) {
      const own = v128.load64_splat(weight + at);
      linear = f64x2.mul(own, f64x2.add(linear, logOnePlus2(small)));
      pull = f64x2.mul(own, pull);
    } else {
      factors = f64x2.mul(factors, f64x2.add(one, small));
      if (f64x2.extract_lane(factors, 0) > largeProduct || f64x2.extract_lane(factors, 1) > largeProduct) {
        linear = f64x2.add(linear, logs2(factors));
        factors = one;
      }
    }
    sum = f64x2.add(sum, linear);
    v128.store(to, pull);
  }
  product = factors;
  return sum;
}

/** Of predictors beyond 300 the mean is held, as `meanCount` does. */
function poissonPair(first: u32, end: u32, b: v128, sum: v128): v128 {
  let to = pairSlopes;
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8, to += 16) {
    const predictor = f64x2.add(v128.load64_splat(base + at), f64x2.mul(v128.load64_splat(innerZ + at), b));
    const own = v128.load64_splat(weight + at);
    const y = v128.load64_splat(target + at);
    const mean = meanCount2(predictor);
    sum = f64x2.add(sum, f64x2.mul(own, f64x2.sub(mean, f64x2.mul(y, predictor))));
    v128.store(to, f64x2.mul(own, f64x2.sub(mean, y)));
  }
  return sum;
}

export function logs2(x: v128): v128 {
  return f64x2.replace_lane(f64x2.splat(Math.log(f64x2.extract_lane(x, 0))), 1, Math.log(f64x2.extract_lane(x, 1)));
}

/** Σ r z of the only effect at both nodes. */
export function alongEffect(first: u32, end: u32): v128 {
  let sum = f64x2.splat(0);
  let from = pairSlopes;
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8, from += 16) {
    sum = f64x2.add(sum, f64x2.mul(v128.load(from), v128.load64_splat(innerZ + at)));
  }
  return sum;
}
