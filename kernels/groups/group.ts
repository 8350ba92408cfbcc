// The loss of a group, −log of the integral over its effects, and its derivatives. Where there is an outer factor, the quadrature over
// its effects has at each node the integrals of the inner groups, and Louis' identity holds once more over the outer nodes.
// Source: Pinheiro & Chao (2006); Louis (1982).
import { Factor, GroupEntry, Groups } from "../layout/groups";
import { Model } from "../layout/model";
import { slotU32 } from "../memory/record";
import { addColumns, addEffects, effectBytes, firstRow, loadRows, multiplyColumns, sumZ } from "./group-rows";
import { addInnerHessian, addOuterNode, beginOuterHessian, endOuterHessian, extendRows } from "./hessian";
import { innerAlong, integrateInner } from "./inner-group";
import { innerLaw, outerLaw, slopeOf, curvatureOf } from "./law";
import { findOuterMode, toOuterNode } from "./outer-mode";
import { addOuter, addScaled, dot, logDeterminant, multiply, rescale, Small, smallAt } from "./small";
import {
  along, base, change, dimension, fixedAlong, fixedPart, firstAuxiliary, gradient, innerChange, innerModes,
  innerParameters, innerSlope, numAuxiliaries, numCoefficients, numPredictors, outerChange, outerEffects, outerFactor, outerParameters, outerSlope,
  outerZ, Wanted,
} from "./work";

/** The address of the first row of each inner group of a group. */
// @ts-ignore: decorator
@inline
function startsOf(groups: usize, entry: usize): usize {
  return <usize>slotU32(groups, Groups.innerStarts) + (<usize>load<u32>(entry, GroupEntry.first) << 2);
}

/**
 * The loss of the group whose entry stands at `entry`, times 1, not its weight. Leaves its gradient at `gradient`, M f64; with
 * `Wanted.change` at `change` its Hessian times the M f64 at `direction`; with `Wanted.hessian` the Hessian at `hessian`.
 */
export function evaluateGroup(model: usize, law: usize, entry: usize, wanted: u32, direction: usize): f64 {
  const groups = <usize>slotU32(model, Model.groups);
  const starts = startsOf(groups, entry);
  const numInner = load<u32>(entry, GroupEntry.end) - load<u32>(entry, GroupEntry.first);
  const from = load<u32>(starts);
  const to = load<u32>(starts + (<usize>numInner << 2));
  const rows = (to - from) * numPredictors;
  const bytes = <usize>rows << 3;
  loadRows(law, from, to);
  memory.fill(innerModes, 0, <usize>numInner * effectBytes);
  memory.fill(smallAt(Small.outerTau), 0, <usize>(Small.innerDirection - Small.outerTau) << 3);
  memory.fill(outerSlope, 0, bytes);
  if (wanted === Wanted.change) prepareDirection(law, direction, from, to);
  if (wanted === Wanted.hessian) beginOuterHessian(from, to);
  const loss = outerFactor
    ? integrateOuter(law, starts, numInner, rows, wanted)
    : onlyNode(law, starts, numInner, rows, wanted);
  finishGradient(law, from, to);
  if (wanted === Wanted.change) finishChange(law, direction, from, to);
  if (wanted === Wanted.hessian) endOuterHessian(law);
  return loss;
}

/** With one factor the group is the only inner group, at a node of weight 1. */
function onlyNode(law: usize, starts: usize, numInner: u32, rows: u32, wanted: u32): f64 {
  memory.copy(base, fixedPart, <usize>rows << 3);
  memory.copy(along, fixedAlong, <usize>rows << 3);
  const loss = atNode(law, starts, numInner, wanted);
  addNode(1, rows, wanted);
  return loss;
}

function integrateOuter(law: usize, starts: usize, numInner: u32, rows: u32, wanted: u32): f64 {
  const mode = smallAt(Small.outerMode);
  memory.fill(mode, 0, effectBytes);
  findOuterMode(law, starts, numInner, rows);
  const factor = smallAt(Small.outerFactor);
  const u = smallAt(Small.outerV);
  let total: f64 = 0;
  let reference: f64 = 0;
  for (let n: u32 = 0; n < slotU32(outerFactor, Factor.numNodes); n++) {
    const node = toOuterNode(law, n, rows);
    if (wanted === Wanted.change) alongOuter(rows, u);
    if (wanted === Wanted.hessian) extendRows(law, u, rows);
    const loss = 0.5 * dot(u, u, outerEffects) + atNode(law, starts, numInner, wanted);
    if (n === 0) reference = loss;
    const share = Math.exp(load<f64>(node + (<usize>outerEffects << 3)) - loss + reference);
    total += share;
    addNode(share, rows, wanted);
  }
  scaleSums(1.0 / total, rows, wanted);
  return reference - Math.log(total) + logDeterminant(factor, outerEffects);
}

/** dᵀ E[∇f] at the present outer node, and its sum over the outer nodes. */
let nodeAlong: f64 = 0;
let sumAlong: f64 = 0;

/** Σ of the inner groups' losses at the present outer effects, and of their derivatives. */
function atNode(law: usize, starts: usize, numInner: u32, wanted: u32): f64 {
  let loss: f64 = 0;
  nodeAlong = 0;
  memory.fill(smallAt(Small.nodeTau), 0, <usize>(Small.outerTau - Small.nodeTau) << 3);
  for (let k: u32 = 0; k < numInner; k++) {
    const first = firstRow(starts, k);
    const end = firstRow(starts, k + 1);
    loss += integrateInner(law, first, end, innerModes + <usize>k * effectBytes, wanted);
    addScaled(smallAt(Small.nodeTau), 1, smallAt(Small.innerTau), Small.outerTau - Small.nodeTau);
    nodeAlong += innerAlong;
    if (wanted === Wanted.hessian) addInnerHessian();
  }
  return loss;
}

/** Adds an outer node's E[∇f], and E[∇²f] d − Cov[∇f] d, to the sums. */
function addNode(share: f64, rows: u32, wanted: u32): void {
  const u = smallAt(Small.outerV);
  const sum = smallAt(Small.sum);
  addScaled(outerSlope, share, innerSlope, rows);
  addScaled(smallAt(Small.outerTau), share, smallAt(Small.nodeTau), 2);
  addScaled(smallAt(Small.ofInner), share, smallAt(Small.nodeEffects), 16);
  if (outerEffects) {
    sumZ(outerZ, outerEffects, 0, rows, innerSlope, sum);
    addOuter(smallAt(Small.ofOuter), share, sum, u, outerEffects);
  }
  if (wanted === Wanted.hessian) addOuterNode(share);
  if (wanted !== Wanted.change) return;
  // With one factor there is one node, and no covariance over nodes.
  const covariance = outerEffects ? nodeAlong : 0;
  addScaled(outerChange, share, innerChange, rows);
  addScaled(outerChange, -share * covariance, innerSlope, rows);
  addScaled(smallAt(Small.outerChangeTau), share, smallAt(Small.nodeChangeTau), 2);
  addScaled(smallAt(Small.outerChangeTau), -share * covariance, smallAt(Small.nodeTau), 2);
  addScaled(smallAt(Small.changeOfInner), share, smallAt(Small.nodeChangeEffects), 16);
  addScaled(smallAt(Small.changeOfInner), -share * covariance, smallAt(Small.nodeEffects), 16);
  if (outerEffects) {
    addOuter(smallAt(Small.changeOfOuter), -share * covariance, sum, u, outerEffects);
    sumZ(outerZ, outerEffects, 0, rows, innerChange, sum);
    addOuter(smallAt(Small.changeOfOuter), share, sum, u, outerEffects);
  }
  sumAlong += share * covariance;
}

/** From sums over the outer nodes to means, and Cov[s] d = E[s sᵀd] − E[s] E[sᵀd]. */
function scaleSums(scale: f64, rows: u32, wanted: u32): void {
  rescale(outerSlope, scale, rows);
  rescale(smallAt(Small.outerTau), scale, Small.innerDirection - Small.outerTau);
  if (wanted !== Wanted.change) return;
  const mean = scale * sumAlong;
  rescale(outerChange, scale, rows);
  addScaled(outerChange, mean, outerSlope, rows);
  addScaled(smallAt(Small.outerChangeTau), mean, smallAt(Small.outerTau), 2);
  addScaled(smallAt(Small.changeOfInner), mean, smallAt(Small.ofInner), 16);
  addScaled(smallAt(Small.changeOfOuter), mean, smallAt(Small.ofOuter), 16);
}

/** xᵀd of each row, and what d does to L and τ. */
function prepareDirection(law: usize, direction: usize, from: u32, to: u32): void {
  memory.fill(outerChange, 0, <usize>((to - from) * numPredictors) << 3);
  memory.fill(smallAt(Small.innerDirection), 0, 34 << 3);
  sumAlong = 0;
  multiplyColumns(from, to, direction, fixedAlong);
  let at = direction + (<usize>numCoefficients << 3);
  for (let k: u32 = 0; k < numAuxiliaries; k++, at += 8) {
    store<f64>(smallAt(Small.tauDirection + firstAuxiliary + k), load<f64>(at));
  }
  for (let m: u32 = 0; m < outerParameters; m++, at += 8) {
    addScaled(smallAt(Small.outerDirection), load<f64>(at), slopeOf(outerLaw(law), m), 16);
  }
  for (let m: u32 = 0; m < innerParameters; m++, at += 8) {
    addScaled(smallAt(Small.innerDirection), load<f64>(at), slopeOf(innerLaw(law), m), 16);
  }
}

/** xᵀd with what d does to the outer effects. */
function alongOuter(rows: u32, u: usize): void {
  const b = smallAt(Small.outerAlong);
  multiply(smallAt(Small.outerDirection), u, outerEffects, b);
  addEffects(fixedAlong, outerZ, outerEffects, b, 0, rows, along);
}

/** Puts the sums into the order of θ: β, τ, φ of the outer factor, φ of the inner one. */
function finishGradient(law: usize, from: u32, to: u32): void {
  memory.fill(gradient, 0, <usize>dimension << 3);
  addColumns(from, to, outerSlope, gradient);
  copyRest(law, gradient, Small.outerTau, Small.ofOuter, Small.ofInner);
}

function finishChange(law: usize, direction: usize, from: u32, to: u32): void {
  memory.fill(change, 0, <usize>dimension << 3);
  addColumns(from, to, outerChange, change);
  copyRest(law, change, Small.outerChangeTau, Small.changeOfOuter, Small.changeOfInner);
  let first = numCoefficients + numAuxiliaries;
  addCurvatureOfFactor(outerLaw(law), first, outerParameters, direction, Small.ofOuter);
  first += outerParameters;
  addCurvatureOfFactor(innerLaw(law), first, innerParameters, direction, Small.ofInner);
}

function copyRest(law: usize, to: usize, tau: u32, ofOuter: u32, ofInner: u32): void {
  let at = to + (<usize>numCoefficients << 3);
  for (let k: u32 = 0; k < numAuxiliaries; k++, at += 8) store<f64>(at, load<f64>(smallAt(tau + firstAuxiliary + k)));
  for (let m: u32 = 0; m < outerParameters; m++, at += 8) store<f64>(at, dot(slopeOf(outerLaw(law), m), smallAt(ofOuter), 16));
  for (let m: u32 = 0; m < innerParameters; m++, at += 8) store<f64>(at, dot(slopeOf(innerLaw(law), m), smallAt(ofInner), 16));
}

/** What is in the Hessian as L is not linear in φ: Σ_n ⟨∂²L/∂φ_m∂φ_n, G⟩ d_n. */
function addCurvatureOfFactor(factorLaw: usize, first: u32, count: u32, direction: usize, effects: u32): void {
  for (let m: u32 = 0; m < count; m++) {
    let sum: f64 = 0;
    for (let n: u32 = 0; n < count; n++) {
      sum += dot(curvatureOf(factorLaw, m, n), smallAt(effects), 16) * load<f64>(direction + (<usize>(first + n) << 3));
    }
    const at = change + (<usize>(first + m) << 3);
    store<f64>(at, load<f64>(at) + sum);
  }
}
