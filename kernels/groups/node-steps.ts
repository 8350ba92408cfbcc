// An inner group of rows of 0 and 1 with one effect, at nodes at equal distances: e^η of a row, and e^(−½ v²), go from node to node by factors,
// so that a row takes two exponential functions whatever the number of nodes, and no logarithm.
import { exp2, one2 } from "../families/pairs";
import { Factor, FactorLaw } from "../layout/groups";
import { Family } from "../layout/model";
import { slotU32 } from "../memory/record";
import { sumOf2 } from "./doubles";
import { center, innerLogScale, placeWideNodes, scale } from "./inner-nodes";
import { innerLaw } from "./law";
import { integratePairs } from "./node-pairs";
import { Small, smallAt } from "./small";
import { base, family, hasWeights, innerFactor, innerSlope, innerZ, nodeMoments, nodeShares, target } from "./work";

/** Predictors up to here, and integrals down to here, are far from what a f64 holds. */
const maxPredictor: f64 = 300;
const leastIntegral: f64 = 1e-250;
const maxRows: u32 = 500;

/** Whether `integrateSteps` can do it, of rows that `hasPairs`. */
// @ts-ignore: decorator
@inline
export function hasSteps(numRows: u32): bool {
  return family === Family.bernoulli && !hasWeights && numRows <= maxRows && slotU32(innerFactor, Factor.isInterval) !== 0;
}

/** The first two nodes' v, the distance of two nodes, and the number of pairs: where the last has one node, the next is as good. */
let start: v128 = f64x2.splat(0);
let distance: f64 = 0;
let numPairs: usize = 0;

/** As integrateInner for the gradient. */
export function integrateSteps(law: usize, first: u32, end: u32, mode: usize): f64 {
  placeWideNodes(law, first, end, mode);
  const numNodes = slotU32(innerFactor, Factor.numNodes);
  numPairs = <usize>((numNodes + 1) >> 1);
  distance = (2.0 * scale) / <f64>(numNodes - 1);
  const low = center - scale;
  start = f64x2.replace_lane(f64x2.splat(low), 1, low + distance);
  const l = load<f64>(innerLaw(law) + (<usize>FactorLaw.factor << 3));
  if (!isWithinRange(first, end, l)) return integratePairs(law, first, end, mode);
  writePriors();
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8) multiplyRow(at, l);
  const total = sumShares();
  if (!(total > leastIntegral)) return integratePairs(law, first, end, mode);
  memory.fill(smallAt(Small.innerTau), 0, <usize>(Small.nodeTau - Small.innerTau) << 3);
  let effects: f64 = 0;
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8) effects += sumRow(at, l, total);
  store<f64>(smallAt(Small.innerEffects), effects / total);
  const logWeight = load<f64>(<usize>slotU32(innerFactor, Factor.nodes), 8);
  return 0.5 * center * center - Math.log(total) - logWeight + innerLogScale();
}

function isWithinRange(first: u32, end: u32, l: f64): bool {
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8) {
    const width = Math.abs(l * load<f64>(innerZ + at)) * (Math.abs(center) + 2.0 * scale);
    if (!(Math.abs(load<f64>(base + at)) + width < maxPredictor)) return false;
  }
  return true;
}

/** e^(½ (center² − v²)) at every node. */
function writePriors(): void {
  const half = f64x2.splat(0.5 * center * center);
  let density = exp2(f64x2.sub(half, f64x2.mul(f64x2.splat(0.5), f64x2.mul(start, start))));
  const step = 2.0 * distance;
  let factor = exp2(f64x2.neg(f64x2.mul(f64x2.splat(step), f64x2.add(start, f64x2.splat(distance)))));
  const change = exp2(f64x2.splat(-step * step));
  for (let at: usize = 0; at < numPairs << 4; at += 16) {
    v128.store(nodeShares + at, density);
    density = f64x2.mul(density, factor);
    factor = f64x2.mul(factor, change);
  }
}

/** e^η of the row at the first two nodes, and what it is multiplied by from a pair to the next. */
let odds: v128 = f64x2.splat(0);
let growth: v128 = f64x2.splat(0);

// @ts-ignore: decorator
@inline
function startRow(at: usize, l: f64): void {
  const slope = l * load<f64>(innerZ + at);
  odds = exp2(f64x2.add(v128.load64_splat(base + at), f64x2.mul(f64x2.splat(slope), start)));
  growth = exp2(f64x2.splat(2.0 * distance * slope));
}

/** The nodes' shares times the probability of what the row is. */
function multiplyRow(at: usize, l: f64): void {
  startRow(at, l);
  const one = one2();
  const isOne = f64x2.gt(v128.load64_splat(target + at), f64x2.splat(0.5));
  let e = odds;
  const by = growth;
  for (let to = nodeShares, last = nodeShares + (numPairs << 4); to < last; to += 16) {
    const none = f64x2.div(one, f64x2.add(one, e));
    v128.store(to, f64x2.mul(v128.load(to), v128.bitselect(f64x2.mul(e, none), none, isOne)));
    e = f64x2.mul(e, by);
  }
}

/** Σ of the shares; leaves each times its v at nodeMoments. */
function sumShares(): f64 {
  let sum = f64x2.splat(0);
  let v = start;
  const step = f64x2.splat(2.0 * distance);
  for (let at: usize = 0; at < numPairs << 4; at += 16) {
    const share = v128.load(nodeShares + at);
    sum = f64x2.add(sum, share);
    v128.store(nodeMoments + at, f64x2.mul(share, v));
    v = f64x2.add(v, step);
  }
  return sumOf2(sum);
}

/** Writes the row's mean slope; returns Σ share v r z. */
function sumRow(at: usize, l: f64, total: f64): f64 {
  startRow(at, l);
  const one = one2();
  const y = v128.load64_splat(target + at);
  let e = odds;
  const by = growth;
  let slopes = f64x2.splat(0);
  let moments = slopes;
  for (let from: usize = 0; from < numPairs << 4; from += 16) {
    const slope = f64x2.sub(f64x2.div(e, f64x2.add(one, e)), y);
    slopes = f64x2.add(slopes, f64x2.mul(slope, v128.load(nodeShares + from)));
    moments = f64x2.add(moments, f64x2.mul(slope, v128.load(nodeMoments + from)));
    e = f64x2.mul(e, by);
  }
  store<f64>(innerSlope + at, sumOf2(slopes) / total);
  return load<f64>(innerZ + at) * sumOf2(moments);
}
