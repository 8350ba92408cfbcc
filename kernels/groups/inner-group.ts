// An inner group given the outer effects: the integral over its own effects by adaptive quadrature, and its
// derivatives by Louis' identity, ∇²ℓ = E[∇²f] − Cov[∇f] over the law of v given the data, which the nodes' weights are.
import { Factor } from "../layout/groups";
import { Family } from "../layout/model";
import { slotU32 } from "../memory/record";
import { addScores, beginInnerHessian, endInnerHessian } from "./inner-hessian";
import { curvatureBetween, firstOf } from "./class-rows";
import { integrateGaussian } from "./gaussian-group";
import { innerLossAt } from "./inner-mode";
import { innerLogScale, placeInnerNodes, toInnerNode } from "./inner-nodes";
import { integratePairs } from "./node-pairs";
import { hasSteps, integrateSteps } from "./node-steps";
import { hasPairs } from "./row-pairs";
import { addScaled2 } from "./doubles";
import { addEffects, sumZ } from "./group-rows";
import { ByTau } from "./row-derivatives";
import { addOuter, addScaled, multiply, rescale, Small, smallAt } from "./small";
import {
  along, cross, curvature, eta, family, innerChange, innerEffects, innerFactor, innerSlope, innerZ, numAuxiliaries, numPredictors, secondCross,
  slope, Wanted,
} from "./work";

/** dᵀ E[∇f] of the group that was integrated last. */
export let innerAlong: f64 = 0;

/**
 * −log ∫ exp(−F(v)) dv of rows first .. end − 1 of the group, with `mode` where v̂ is looked for, and then is. Leaves E[r_i] at innerSlope,
 * E[Σ f_τ] and E[Σ r z vᵀ] at Small.innerTau and innerEffects; with `Wanted.change` the parts of H d likewise.
 */
export function integrateInner(law: usize, first: u32, end: u32, mode: usize, wanted: u32): f64 {
  if (family === Family.gaussian && wanted === Wanted.gradient) return integrateGaussian(law, first, end, mode);
  if (wanted === Wanted.gradient && hasPairs()) {
    return hasSteps(end - first) ? integrateSteps(law, first, end, mode) : integratePairs(law, first, end, mode);
  }
  const bytes = <usize>(end - first) << 3;
  const at = <usize>first << 3;
  placeInnerNodes(law, first, end, mode);
  memory.fill(innerSlope + at, 0, bytes);
  memory.fill(smallAt(Small.innerTau), 0, <usize>(Small.nodeTau - Small.innerTau) << 3);
  if (wanted === Wanted.change) memory.fill(innerChange + at, 0, bytes);
  if (wanted === Wanted.hessian) beginInnerHessian(first, end);
  innerAlong = 0;
  let total: f64 = 0;
  let reference: f64 = 0;
  let node = <usize>slotU32(innerFactor, Factor.nodes);
  for (let n: u32 = 0; n < slotU32(innerFactor, Factor.numNodes); n++, node += <usize>(innerEffects + 1) << 3) {
    toInnerNode(node, mode);
    const loss = innerLossAt(law, first, end, smallAt(Small.v), wanted === Wanted.gradient ? ByTau.first : ByTau.all);
    // No node's integrand is much larger than the first one's, which is at the mode or near, or within e^16 of it.
    if (n === 0) reference = loss;
    const share = Math.exp(load<f64>(node + (<usize>innerEffects << 3)) - loss + reference);
    total += share;
    addNode(law, first, end, share, wanted);
  }
  finish(first, end, total, wanted);
  return reference - Math.log(total) + innerLogScale();
}

function addNode(law: usize, first: u32, end: u32, share: f64, wanted: u32): void {
  const v = smallAt(Small.v);
  const sum = smallAt(Small.sum);
  if (innerEffects === 1) {
    const along = addSlopes(first, end, share);
    const effects = smallAt(Small.innerEffects);
    store<f64>(sum, along);
    store<f64>(effects, load<f64>(effects) + share * along * load<f64>(v));
  } else {
    addScaled2(innerSlope + (<usize>first << 3), share, slope + (<usize>first << 3), end - first);
    sumZ(innerZ, innerEffects, first, end, slope, sum);
    addOuter(smallAt(Small.innerEffects), share, sum, v, innerEffects);
  }
  if (numAuxiliaries) addScaled(smallAt(Small.innerTau), share, smallAt(Small.tau), 2);
  if (wanted === Wanted.change) addChange(first, end, share);
  else if (wanted === Wanted.hessian) addScores(law, first, end, share);
}

/** Adds the node's slopes to their sum, and returns Σ r z of the only effect: one sweep where others take two. */
function addSlopes(first: u32, end: u32, share: f64): f64 {
  const shares = f64x2.splat(share);
  let sum = f64x2.splat(0);
  let at = <usize>first << 3;
  for (const last = <usize>end << 3; at + 16 <= last; at += 16) {
    const slopes = v128.load(slope + at);
    v128.store(innerSlope + at, f64x2.add(v128.load(innerSlope + at), f64x2.mul(shares, slopes)));
    sum = f64x2.add(sum, f64x2.mul(slopes, v128.load(innerZ + at)));
  }
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  if (at < <usize>end << 3) {
    store<f64>(innerSlope + at, load<f64>(innerSlope + at) + share * load<f64>(slope + at));
    total += load<f64>(slope + at) * load<f64>(innerZ + at);
  }
  return total;
}

/** The node's part of H d: Σ a_i c_i − (sᵀd) s, where a_i = w_i e_i + Σ f_ητ dτ, e_i what d does to η_i, and c_i its derivative. */
function addChange(first: u32, end: u32, share: f64): void {
  const v = smallAt(Small.v);
  const sum = smallAt(Small.sum);
  const direction = smallAt(Small.along);
  const dTau = smallAt(Small.tauDirection);
  const tau = smallAt(Small.tau);
  const changeTau = smallAt(Small.innerChangeTau);
  const first0 = load<f64>(dTau);
  const second0 = load<f64>(dTau, 8);
  multiply(smallAt(Small.innerDirection), v, innerEffects, direction);
  let alongScore: f64 = numAuxiliaries ? load<f64>(tau) * first0 + load<f64>(tau, 8) * second0 : 0.0;
  let byFirst: f64 = 0;
  let bySecond: f64 = 0;
  const work = smallAt(Small.work);
  // η is not needed any more, and makes room for e_i; w_i e_i then stands in the curvature's place.
  addEffects(along, innerZ, innerEffects, direction, first, end, eta);
  for (let at = <usize>first << 3; at < <usize>end << 3; at += 8) {
    const e = load<f64>(eta + at);
    alongScore += load<f64>(slope + at) * e;
    let a = load<f64>(curvature + at) * e;
    if (numPredictors > 1) a += betweenPredictors(at >> 3);
    if (numAuxiliaries) {
      a += load<f64>(cross + at) * first0 + load<f64>(secondCross + at) * second0;
      byFirst += load<f64>(cross + at) * e;
      bySecond += load<f64>(secondCross + at) * e;
    }
    store<f64>(curvature + at, a);
  }
  sumZ(innerZ, innerEffects, first, end, curvature, work);
  const start = <usize>first << 3;
  addScaled2(innerChange + start, share, curvature + start, end - first);
  addScaled2(innerChange + start, -share * alongScore, slope + start, end - first);
  addScaled(work, -alongScore, sum, innerEffects);
  addOuter(smallAt(Small.innerChangeEffects), share, work, v, innerEffects);
  innerAlong += share * alongScore;
  if (!numAuxiliaries) return;
  const c00 = load<f64>(tau, 16);
  const c01 = load<f64>(tau, 24);
  const c11 = load<f64>(tau, 32);
  byFirst += c00 * first0 + c01 * second0 - alongScore * load<f64>(tau);
  bySecond += c01 * first0 + c11 * second0 - alongScore * load<f64>(tau, 8);
  store<f64>(changeTau, load<f64>(changeTau) + share * byFirst);
  store<f64>(changeTau, load<f64>(changeTau, 8) + share * bySecond, 8);
}

/** Σ_t w_st e_t over the other predictors t of a row of data; e stands in η's place. */
function betweenPredictors(s: usize): f64 {
  let sum: f64 = 0;
  for (let t = firstOf(s), last = t + <usize>numPredictors; t < last; t++) {
    if (s !== t) sum += curvatureBetween(s, t) * load<f64>(eta + (t << 3));
  }
  return sum;
}

/** From sums to means, and Cov[s] d = E[s sᵀd] − E[s] E[sᵀd]. */
function finish(first: u32, end: u32, total: f64, wanted: u32): void {
  const scale = 1.0 / total;
  const rows = end - first;
  rescale(innerSlope + (<usize>first << 3), scale, rows);
  rescale(smallAt(Small.innerTau), scale, Small.nodeTau - Small.innerTau);
  if (wanted === Wanted.hessian) endInnerHessian(first, end, scale);
  if (wanted !== Wanted.change) return;
  innerAlong *= scale;
  rescale(innerChange + (<usize>first << 3), scale, rows);
  addScaled(innerChange + (<usize>first << 3), innerAlong, innerSlope + (<usize>first << 3), rows);
  addScaled(smallAt(Small.innerChangeTau), innerAlong, smallAt(Small.innerTau), 2);
  addScaled(smallAt(Small.innerChangeEffects), innerAlong, smallAt(Small.innerEffects), 16);
}
