// Rows of the categorical family, one for each linear predictor of a row of data, side by side: their losses and derivatives, and what
// is between them, ∂²f/∂η_s∂η_t = −w μ_s μ_t.
import { exp2 } from "../families/pairs";
import { softmax } from "../families/softmax";
import { curvature, eta, hasReference, hasWeights, numPredictors, probability, slope, target, weight } from "./work";

/** Beyond these Σ e^η is taken anew with the largest η left out. */
const largeSum: f64 = 1e250;
const smallSum: f64 = 1e-250;
/** Products of such sums are taken the logarithm of beyond these. */
const largeProduct: f64 = 1e50;
const smallProduct: f64 = 1e-50;

/** Writes slopes and curvatures of rows from .. end, in bytes from the arrays' starts. Returns Σ f. */
export function classRows(from: usize, end: usize): f64 {
  const bytes = <usize>numPredictors << 3;
  for (let at = from; at < end; at += 16) v128.store(probability + at, exp2(v128.load(eta + at)));
  let sum: f64 = 0;
  let product: f64 = 1;
  for (let first = from; first < end; first += bytes) {
    let total = <f64>hasReference;
    for (let at = first; at < first + bytes; at += 8) total += load<f64>(probability + at);
    let share = 1.0 / total;
    let loss: f64 = 0;
    if (total > largeSum || total < smallSum) {
      loss = softmax(eta + first, 8, numPredictors, hasReference, probability + first);
      share = 1;
    } else if (hasWeights) loss = Math.log(total);
    else {
      // The logarithm of a product of many rows' sums is taken at once.
      if (product > largeProduct || product < smallProduct) {
        sum += Math.log(product);
        product = 1;
      }
      if (total > largeProduct || total < smallProduct) loss = Math.log(total);
      else product *= total;
    }
    sum += differentiate(first, share, loss);
  }
  return sum + Math.log(product);
}

/** The row of data whose first row is at `first`: its loss, given that without the observed class's η. */
// @ts-ignore: decorator
@inline
function differentiate(first: usize, share: f64, loss: f64): f64 {
  const own = load<f64>(weight + first);
  const root = Math.sqrt(own);
  // Output k belongs to class k + 1 where class 0 is the reference.
  const observed = <i32>load<f64>(target + first) - <i32>hasReference;
  if (observed >= 0) loss -= load<f64>(eta + first + (<usize>observed << 3));
  for (let k: i32 = 0, at = first; k < <i32>numPredictors; k++, at += 8) {
    const mean = share * load<f64>(probability + at);
    store<f64>(slope + at, own * (k === observed ? mean - 1.0 : mean));
    store<f64>(curvature + at, own * mean * (1.0 - mean));
    store<f64>(probability + at, root * mean);
  }
  return own * loss;
}

/** The first row of the row of data to which row `s` belongs. */
// @ts-ignore: decorator
@inline
export function firstOf(s: usize): usize {
  return numPredictors === 1 ? s : s - (s % <usize>numPredictors);
}

/** ∂²f/∂η_s∂η_t, s and t rows of one row of data, and of any family where s = t. */
// @ts-ignore: decorator
@inline
export function curvatureBetween(s: usize, t: usize): f64 {
  if (s === t) return load<f64>(curvature + (s << 3));
  return -load<f64>(probability + (s << 3)) * load<f64>(probability + (t << 3));
}
