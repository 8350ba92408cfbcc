// Means and second moments of groups' effects b = L v given θ and the data, by the quadrature that the loss of a group is worked out by.
import { Factor, Groups, Law, maxEffects } from "../layout/groups";
import { effectSumsLength, GroupEffects } from "../layout/group-effects";
import { Model } from "../layout/model";
import { slotU32 } from "../memory/record";
import { firstInner, law, numInner, openGroup, openTask, place, starts } from "./effects-task";
import { effectBytes, firstRow } from "./group-rows";
import { innerLossAt } from "./inner-mode";
import { innerLogScale, placeInnerNodes, toInnerNode } from "./inner-nodes";
import { findOuterMode, toOuterNode } from "./outer-mode";
import { ByTau } from "./row-derivatives";
import { addOuter, addScaled, dot, rescale, Small, smallAt } from "./small";
import { innerEffects, innerFactor, innerModes, outerEffects, outerFactor } from "./work";

/** The weights of the θ of this call, and the sums of the first group and their lengths in bytes. */
let weights: usize = 0;
let numWeights: u32 = 0;
let innerSums: usize = 0;
let outerSums: usize = 0;
let innerBytes: usize = 0;
let outerBytes: usize = 0;
/** The shares of the outer nodes. */
let shares: usize = 0;
/** E[b], and E[b bᵀ], of one level. */
let mean: usize = 0;
let square: usize = 0;

/** Adds the groups' moments at the next θ. */
export function sumEffects(task: usize): void {
  openEffects(task);
  for (let n = slotU32(task, GroupEffects.from); n < slotU32(task, GroupEffects.to); n++) {
    openGroup(n);
    const sums = innerSums + <usize>firstInner * innerBytes;
    if (outerFactor) sumOuter(law, starts, numInner, sums, outerSums + <usize>n * outerBytes);
    else sumInner(law, starts, numInner, sums, 1);
  }
}

/** Lays out the scratch memory, the law first. */
function openEffects(task: usize): void {
  const groups = <usize>slotU32(<usize>slotU32(task, GroupEffects.model), Model.groups);
  const outer = <usize>slotU32(groups, Groups.outer);
  shares = <usize>slotU32(task, GroupEffects.scratch) + ((<usize>Law.length) << 3);
  mean = shares + (<usize>(outer ? slotU32(outer, Factor.numNodes) : 0) << 3);
  square = mean + effectBytes;
  openTask(task, square + 4 * effectBytes);
  numWeights = slotU32(task, GroupEffects.numWeights);
  weights = <usize>slotU32(task, GroupEffects.weights) + (<usize>(place * numWeights) << 3);
  innerSums = <usize>slotU32(task, GroupEffects.inner);
  outerSums = <usize>slotU32(task, GroupEffects.outer);
  innerBytes = <usize>effectSumsLength(innerEffects, numWeights, outerEffects) << 3;
  outerBytes = <usize>effectSumsLength(outerEffects, numWeights, 0) << 3;
}

/** As sumInner over the outer nodes, and the outer effects' moments. Their shares are known once all inner groups are integrated. */
function sumOuter(law: usize, starts: usize, numInner: u32, inner: usize, outer: usize): void {
  const mode = smallAt(Small.outerMode);
  const rows = firstRow(starts, numInner);
  memory.fill(mode, 0, effectBytes);
  findOuterMode(law, starts, numInner, rows);
  const numNodes = slotU32(outerFactor, Factor.numNodes);
  const u = smallAt(Small.outerV);
  let total: f64 = 0;
  let reference: f64 = 0;
  for (let n: u32 = 0; n < numNodes; n++) {
    const node = toOuterNode(law, n, rows);
    const loss = 0.5 * dot(u, u, outerEffects) + innerLosses(law, starts, numInner);
    if (n === 0) reference = loss;
    const share = Math.exp(load<f64>(node + (<usize>outerEffects << 3)) - loss + reference);
    store<f64>(shares + (<usize>n << 3), share);
    total += share;
  }
  for (let n: u32 = 0; n < numNodes; n++) {
    const share = load<f64>(shares + (<usize>n << 3)) / total;
    if (share < 1e-12) continue;
    toOuterNode(law, n, rows);
    sumInner(law, starts, numInner, inner, share);
    const b = smallAt(Small.outerB);
    memory.copy(mean, b, effectBytes);
    memory.fill(square, 0, 4 * effectBytes);
    addOuter(square, 1, b, b, outerEffects);
    addMoments(outer, outerEffects, share);
  }
}

/** Σ of the inner groups' losses at the present outer effects. */
export function innerLosses(law: usize, starts: usize, numInner: u32): f64 {
  let loss: f64 = 0;
  for (let k: u32 = 0; k < numInner; k++) loss += integrate(law, starts, k, false);
  return loss;
}

/** Adds the moments of each inner group times `share`. */
function sumInner(law: usize, starts: usize, numInner: u32, sums: usize, share: f64): void {
  for (let k: u32 = 0; k < numInner; k++, sums += innerBytes) {
    integrate(law, starts, k, true);
    addMoments(sums, innerEffects, share);
    if (!outerEffects) continue;
    const by = load<f64>(weights) * share;
    const b = smallAt(Small.outerB);
    let at = sums + (<usize>(innerEffects * (numWeights + innerEffects)) << 3);
    for (let i: usize = 0; i < <usize>innerEffects; i++) {
      for (let j: usize = 0; j < <usize>outerEffects; j++, at += 8) {
        store<f64>(at, load<f64>(at) + by * load<f64>(mean + (i << 3)) * load<f64>(b + (j << 3)));
      }
    }
  }
}

/** −log ∫ exp(−F(v)) dv of inner group k; leaves its moments where they are wanted. */
function integrate(law: usize, starts: usize, k: u32, wantsMoments: bool): f64 {
  const first = firstRow(starts, k);
  const end = firstRow(starts, k + 1);
  const mode = innerModes + <usize>k * effectBytes;
  placeInnerNodes(law, first, end, mode);
  if (wantsMoments) memory.fill(mean, 0, 5 * effectBytes);
  let total: f64 = 0;
  let reference: f64 = 0;
  let node = <usize>slotU32(innerFactor, Factor.nodes);
  for (let n: u32 = 0; n < slotU32(innerFactor, Factor.numNodes); n++, node += <usize>(innerEffects + 1) << 3) {
    toInnerNode(node, mode);
    const loss = innerLossAt(law, first, end, smallAt(Small.v), ByTau.none);
    if (n === 0) reference = loss;
    const share = Math.exp(load<f64>(node + (<usize>innerEffects << 3)) - loss + reference);
    total += share;
    if (!wantsMoments) continue;
    const b = smallAt(Small.b);
    addScaled(mean, share, b, innerEffects);
    addOuter(square, share, b, b, innerEffects);
  }
  if (wantsMoments) rescale(mean, 1.0 / total, maxEffects + maxEffects * maxEffects);
  return reference - Math.log(total) + innerLogScale();
}

/** Adds `mean` by every weight and `square` by the first. */
function addMoments(sums: usize, size: u32, share: f64): void {
  let at = sums;
  for (let r: u32 = 0; r < numWeights; r++, at += <usize>size << 3) {
    addScaled(at, share * load<f64>(weights + (<usize>r << 3)), mean, size);
  }
  const by = share * load<f64>(weights);
  for (let i: usize = 0; i < <usize>size; i++, at += <usize>size << 3) addScaled(at, by, square + i * effectBytes, size);
}
