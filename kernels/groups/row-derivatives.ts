// The losses of a group's rows and their derivatives where the effects are b: η_i = base_i + z_iᵀ b. Two rows at a time: the arrays have
// room for one row more than there are, and what is written there is not read.
import { exp2, logOnePlus2, meanCount2, one2 } from "../families/pairs";
import { RowLoss, rowCurvatures, rowLoss, rowSlopes } from "../families/row-loss";
import { Family } from "../layout/model";
import { negativeBinomialRows, studentTRows } from "./auxiliary-rows";
import { classRows } from "./class-rows";
import { sumOf2, withinRows } from "./doubles";
import { addEffects } from "./group-rows";
import { lossOf } from "./law";
import { Small, smallAt } from "./small";
import {
  base, cross, curvature, eta, family, hasWeights, innerEffects, innerZ, numAuxiliaries, secondCross, slope, target, weight,
} from "./work";

/** Products of 1 + e^(−|η|) stay below the largest number up to here. */
const largeProduct: f64 = 1e150;

/** What is wanted beside a row's derivatives by η: the first ones by τ, summed over rows, or all that Hessians need. */
export const enum ByTau {
  none = 0,
  first = 1,
  all = 2,
}

/** Writes slopes and curvatures of rows first .. end − 1, each times the row's weight, and what goes with τ. Returns Σ f. */
export function differentiateRows(law: usize, first: u32, end: u32, effects: usize, byTau: ByTau): f64 {
  addEffects(base, innerZ, innerEffects, effects, first, end, eta);
  const from = <usize>first << 3;
  const to = <usize>end << 3;
  if (family === Family.bernoulli) return bernoulliRows(from, to);
  if (family === Family.poisson) return poissonRows(from, to);
  if (family === Family.gaussian) return gaussianRows(law, from, to, byTau);
  if (family === Family.categorical) return classRows(from, to);
  if (byTau === ByTau.all) return otherRows(law, first, end);
  return family === Family.studentT ? studentTRows(law, from, to) : negativeBinomialRows(law, from, to);
}

/** The logarithm of a product of many rows' factors is taken at once, where rows have no weights. */
function bernoulliRows(from: usize, end: usize): f64 {
  const one = one2();
  const zero = f64x2.splat(0);
  let sum = zero;
  let product = one;
  let logs: f64 = 0;
  for (let at = from; at < end; at += 16) {
    const predictor = v128.load(eta + at);
    const own = v128.load(weight + at);
    const y = v128.load(target + at);
    const small = exp2(f64x2.neg(f64x2.abs(predictor)));
    const larger = f64x2.div(one, f64x2.add(one, small));
    const smaller = f64x2.mul(small, larger);
    const linear = f64x2.sub(f64x2.pmax(predictor, zero), f64x2.mul(y, predictor));
    if (hasWeights) {
      sum = f64x2.add(sum, withinRows(at, end, f64x2.mul(own, f64x2.add(linear, logOnePlus2(small)))));
    } else {
      sum = f64x2.add(sum, withinRows(at, end, linear));
      product = f64x2.mul(product, f64x2.add(one, withinRows(at, end, small)));
      const most = f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
      if (most > largeProduct) {
        logs += Math.log(most);
        product = one;
      }
    }
    const mean = v128.bitselect(larger, smaller, f64x2.ge(predictor, zero));
    v128.store(slope + at, f64x2.mul(own, f64x2.sub(mean, y)));
    v128.store(curvature + at, f64x2.mul(own, f64x2.mul(larger, smaller)));
  }
  if (hasWeights) return sumOf2(sum);
  return sumOf2(sum) + logs + Math.log(f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1));
}

/** Of predictors beyond 300 the mean is held, as `meanCount` does. */
function poissonRows(from: usize, end: usize): f64 {
  let sum = f64x2.splat(0);
  for (let at = from; at < end; at += 16) {
    const predictor = v128.load(eta + at);
    const own = v128.load(weight + at);
    const y = v128.load(target + at);
    const mean = meanCount2(predictor);
    sum = f64x2.add(sum, withinRows(at, end, f64x2.mul(own, f64x2.sub(mean, f64x2.mul(y, predictor)))));
    v128.store(slope + at, f64x2.mul(own, f64x2.sub(mean, y)));
    v128.store(curvature + at, f64x2.mul(own, mean));
  }
  return sumOf2(sum);
}

function gaussianRows(law: usize, from: usize, end: usize, byTau: ByTau): f64 {
  const constants = lossOf(law) + RowLoss.constants;
  const precision = load<f64>(constants);
  const precisions = f64x2.splat(precision);
  const minusTwice = f64x2.splat(-2.0);
  let squares = f64x2.splat(0);
  let weights = squares;
  for (let at = from; at < end; at += 16) {
    const own = v128.load(weight + at);
    const error = f64x2.sub(v128.load(eta + at), v128.load(target + at));
    const stretched = f64x2.mul(own, precisions);
    const pull = f64x2.mul(stretched, error);
    squares = f64x2.add(squares, withinRows(at, end, f64x2.mul(pull, error)));
    weights = f64x2.add(weights, withinRows(at, end, own));
    v128.store(slope + at, pull);
    v128.store(curvature + at, stretched);
    v128.store(cross + at, f64x2.mul(minusTwice, pull));
  }
  const square = sumOf2(squares);
  const count = sumOf2(weights);
  if (byTau !== ByTau.none && numAuxiliaries) {
    const tau = smallAt(Small.tau);
    memory.fill(tau, 0, 5 << 3);
    store<f64>(tau, count - square);
    store<f64>(tau, 2.0 * square, 16);
    memory.fill(secondCross + from, 0, end - from);
  }
  return 0.5 * square + count * load<f64>(constants, 8);
}

function otherRows(law: usize, first: u32, end: u32): f64 {
  const work = lossOf(law);
  const constants = work + RowLoss.constants;
  const tau = smallAt(Small.tau);
  memory.fill(tau, 0, 5 << 3);
  let sum: f64 = 0;
  for (let i = <usize>first; i < <usize>end; i++) {
    const predictor = load<f64>(eta + (i << 3));
    const own = load<f64>(weight + (i << 3));
    const y = load<f64>(target + (i << 3));
    sum += own * rowLoss(family, constants, predictor, y);
    rowSlopes(family, constants, predictor, y, work + RowLoss.slopes);
    rowCurvatures(family, constants, predictor, y, work + RowLoss.curvatures);
    store<f64>(slope + (i << 3), own * load<f64>(work, RowLoss.slopes));
    store<f64>(curvature + (i << 3), own * load<f64>(work, RowLoss.curvatures));
    if (!numAuxiliaries) continue;
    store<f64>(cross + (i << 3), own * load<f64>(work, RowLoss.curvatures + 8));
    store<f64>(secondCross + (i << 3), own * load<f64>(work, RowLoss.curvatures + 16));
    for (let k: usize = 0; k < 16; k += 8) {
      store<f64>(tau + k, load<f64>(tau + k) + own * load<f64>(work + k, RowLoss.slopes + 8));
    }
    for (let k: usize = 0; k < 24; k += 8) {
      store<f64>(tau + k, load<f64>(tau + k, 16) + own * load<f64>(work + k, RowLoss.curvatures + 24), 16);
    }
  }
  return sum;
}
