// The losses of a group's rows and their derivatives where the effects are b: η_i = base_i + z_iᵀ b.
import { meanCount } from "../families/loss";
import { RowLoss, rowCurvatures, rowLoss, rowSlopes } from "../families/row-loss";
import { Family } from "../layout/model";
import { zBytes } from "./group-rows";
import { lossOf } from "./law";
import { Small, smallAt } from "./small";
import { base, cross, curvature, family, innerEffects, innerZ, numAuxiliaries, secondCross, slope, target, weight } from "./work";

/** Products of 1 + e^(−|η|) stay below the largest number up to here. */
const largeProduct: f64 = 1e250;

/**
 * Writes slopes, curvatures and what goes with τ of rows first .. end − 1, each times the row's weight, and Σ by τ alone. Returns Σ f.
 */
export function differentiateRows(law: usize, first: u32, end: u32, effects: usize, wantsAuxiliaries: bool): f64 {
  if (family === Family.bernoulli) return bernoulliRows(first, end, effects);
  if (family === Family.poisson) return poissonRows(first, end, effects);
  return otherRows(law, first, end, effects, wantsAuxiliaries);
}

// @ts-ignore: decorator
@inline
function predictor(i: usize, effects: usize): f64 {
  let eta = load<f64>(base + (i << 3));
  for (let k: usize = 0; k < <usize>innerEffects << 3; k += 8) eta += load<f64>(innerZ + i * zBytes + k) * load<f64>(effects + k);
  return eta;
}

/** The logarithm of a product of many rows' factors is taken at once. */
function bernoulliRows(first: u32, end: u32, effects: usize): f64 {
  let sum: f64 = 0;
  let product: f64 = 1;
  for (let i = <usize>first; i < <usize>end; i++) {
    const eta = predictor(i, effects);
    const own = load<f64>(weight + (i << 3));
    const y = load<f64>(target + (i << 3));
    const small = Math.exp(-Math.abs(eta));
    const larger = 1.0 / (1.0 + small);
    const smaller = small * larger;
    sum += own * (Math.max(eta, 0.0) - y * eta);
    if (own === 1.0) product *= 1.0 + small;
    else sum += own * Math.log(1.0 + small);
    if (product > largeProduct) {
      sum += Math.log(product);
      product = 1;
    }
    store<f64>(slope + (i << 3), own * ((eta >= 0 ? larger : smaller) - y));
    store<f64>(curvature + (i << 3), own * larger * smaller);
  }
  return sum + Math.log(product);
}

function poissonRows(first: u32, end: u32, effects: usize): f64 {
  let sum: f64 = 0;
  for (let i = <usize>first; i < <usize>end; i++) {
    const eta = predictor(i, effects);
    const own = load<f64>(weight + (i << 3));
    const y = load<f64>(target + (i << 3));
    const mean = meanCount(eta);
    sum += own * (mean - y * eta);
    store<f64>(slope + (i << 3), own * (mean - y));
    store<f64>(curvature + (i << 3), own * mean);
  }
  return sum;
}

function otherRows(law: usize, first: u32, end: u32, effects: usize, wantsAuxiliaries: bool): f64 {
  const work = lossOf(law);
  const constants = work + RowLoss.constants;
  const tau = smallAt(Small.tau);
  memory.fill(tau, 0, 5 << 3);
  let sum: f64 = 0;
  for (let i = <usize>first; i < <usize>end; i++) {
    const eta = predictor(i, effects);
    const own = load<f64>(weight + (i << 3));
    const y = load<f64>(target + (i << 3));
    sum += own * rowLoss(family, constants, eta, y);
    rowSlopes(family, constants, eta, y, work + RowLoss.slopes);
    rowCurvatures(family, constants, eta, y, work + RowLoss.curvatures);
    store<f64>(slope + (i << 3), own * load<f64>(work, RowLoss.slopes));
    store<f64>(curvature + (i << 3), own * load<f64>(work, RowLoss.curvatures));
    if (!wantsAuxiliaries || !numAuxiliaries) continue;
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
