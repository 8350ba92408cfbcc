// Rows of the families with auxiliary parameters, two at a time: losses, their derivatives by η, and Σ of the first ones by τ.
import { RowLoss } from "../families/row-loss";
import { sumOfLogs, sumOfShares } from "../families/negative-binomial";
import { exp2, logOnePlus2, one2 } from "../families/pairs";
import { Constant } from "../families/student-t";
import { sumOf2, withinRows } from "./doubles";
import { lossOf } from "./law";
import { Small, smallAt } from "./small";
import { curvature, eta, hasWeights, rowLogs, rowShares, slope, target, weight } from "./work";

/** Products of 1 + e²/(ν σ²) stay below the largest number up to here. */
const largeProduct: f64 = 1e100;

/** As kernels/families/student-t.ts. The logarithm of a product of many rows' factors is taken at once, where rows have no weights. */
export function studentTRows(law: usize, from: usize, end: usize): f64 {
  const constants = lossOf(law) + RowLoss.constants;
  const degrees = load<f64>(constants, Constant.degrees);
  const one = one2();
  const wide = f64x2.splat(degrees * load<f64>(constants, Constant.scale2));
  const perWide = f64x2.div(one, wide);
  const more = f64x2.splat(degrees + 1.0);
  let product = one;
  let logs: f64 = 0;
  let pulls = f64x2.splat(0);
  let counts = pulls;
  for (let at = from; at < end; at += 16) {
    const error = f64x2.sub(v128.load(target + at), v128.load(eta + at));
    const own = v128.load(weight + at);
    const square = f64x2.mul(error, error);
    const share = f64x2.div(one, f64x2.add(wide, square));
    const pull = f64x2.mul(f64x2.mul(more, error), share);
    v128.store(slope + at, f64x2.neg(f64x2.mul(own, pull)));
    const bend = f64x2.mul(f64x2.mul(more, f64x2.mul(share, share)), f64x2.sub(wide, square));
    v128.store(curvature + at, f64x2.mul(own, bend));
    pulls = f64x2.add(pulls, withinRows(at, end, f64x2.mul(own, f64x2.mul(pull, error))));
    counts = f64x2.add(counts, withinRows(at, end, own));
    const ratio = f64x2.mul(square, perWide);
    if (hasWeights) {
      logs += load<f64>(weight + at) * Math.log1p(f64x2.extract_lane(ratio, 0));
      if (at + 8 < end) logs += load<f64>(weight + at, 8) * Math.log1p(f64x2.extract_lane(ratio, 1));
      continue;
    }
    product = f64x2.mul(product, f64x2.add(one, withinRows(at, end, ratio)));
    const most = f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
    if (most > largeProduct) {
      logs += Math.log(most);
      product = one;
    }
  }
  logs += Math.log(f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1));
  const count = sumOf2(counts);
  const pull = sumOf2(pulls);
  const tau = smallAt(Small.tau);
  store<f64>(tau, count - pull);
  store<f64>(tau, count * load<f64>(constants, Constant.slope) + 0.5 * (degrees * logs - pull), 8);
  return count * load<f64>(constants, Constant.level) + 0.5 * (degrees + 1.0) * logs;
}

/** What depends on τ and a row's target alone: S₀ and S₁ of kernels/families/negative-binomial.ts, for so many rows of the group. */
export function prepareCounts(law: usize, numRows: u32): void {
  const dispersion = load<f64>(lossOf(law) + RowLoss.constants);
  for (let at: usize = 0; at < <usize>numRows << 3; at += 8) {
    const y = load<f64>(target + at);
    store<f64>(rowLogs + at, sumOfLogs(dispersion, y));
    store<f64>(rowShares + at, sumOfShares(dispersion, y));
  }
}

/** With e^s = αμ and p = 1/(1 + e^s): f = (y + 1/α) log(1 + e^s) − y η − S₀, ∂f/∂η = (1 − p)/α − y p. */
export function negativeBinomialRows(law: usize, from: usize, end: usize): f64 {
  const constants = lossOf(law) + RowLoss.constants;
  const dispersion = load<f64>(constants);
  const one = one2();
  const zero = f64x2.splat(0);
  const limit = f64x2.splat(300.0);
  const dispersions = f64x2.splat(dispersion);
  const inverse = f64x2.splat(1.0 / dispersion);
  const logDispersion = f64x2.splat(Math.log(dispersion));
  let sum = zero;
  let byTau = zero;
  for (let at = from; at < end; at += 16) {
    const own = v128.load(weight + at);
    const y = v128.load(target + at);
    const predictor = v128.load(eta + at);
    const s = f64x2.add(f64x2.pmin(predictor, limit), logDispersion);
    const small = exp2(f64x2.neg(f64x2.abs(s)));
    const larger = f64x2.div(one, f64x2.add(one, small));
    const p = v128.bitselect(f64x2.mul(small, larger), larger, f64x2.ge(s, zero));
    const log = f64x2.add(f64x2.pmax(s, zero), logOnePlus2(small));
    const mean = f64x2.mul(f64x2.sub(one, p), inverse);
    const more = f64x2.mul(f64x2.add(one, f64x2.mul(dispersions, y)), mean);
    const loss = f64x2.sub(f64x2.mul(f64x2.add(y, inverse), log), f64x2.add(f64x2.mul(y, predictor), v128.load(rowLogs + at)));
    sum = f64x2.add(sum, withinRows(at, end, f64x2.mul(own, loss)));
    const slopeTau = f64x2.sub(more, f64x2.add(f64x2.mul(log, inverse), v128.load(rowShares + at)));
    byTau = f64x2.add(byTau, withinRows(at, end, f64x2.mul(own, slopeTau)));
    v128.store(slope + at, f64x2.mul(own, f64x2.sub(mean, f64x2.mul(y, p))));
    v128.store(curvature + at, f64x2.mul(own, f64x2.mul(more, p)));
  }
  const tau = smallAt(Small.tau);
  store<f64>(tau, sumOf2(byTau));
  store<f64>(tau, 0, 8);
  return sumOf2(sum);
}
