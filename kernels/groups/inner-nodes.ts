// Where an inner group's nodes stand: around the mode in its curvature's scale, or at equal distances over the whole interval that counts.
import { Factor, FactorLaw } from "../layout/groups";
import { slotU32 } from "../memory/record";
import { dot2 } from "./doubles";
import { findInnerMode, fineTolerance, innerLossAt } from "./inner-mode";
import { innerLaw } from "./law";
import { alongEffect, hasPairs, linearLosses, logs2, product } from "./row-pairs";
import { ByTau } from "./row-derivatives";
import { addScaled, logDeterminant, Small, smallAt, solveUpper } from "./small";
import { innerEffects, innerFactor, innerZ, slope } from "./work";

/** How far below its largest value the integrand's logarithm is where the interval ends, and how much more is as good. */
const depth: f64 = 16;
const slack: f64 = 2;
const maxIterations = 20;
/** As fineTolerance: the interval need not be in the middle, only within such a distance. */
const rough: f64 = 0.3;
const roughTolerance: f64 = rough * rough;

/** Of one effect: v = center + scale t. */
export let center: f64 = 0;
export let scale: f64 = 1;

/** Moves `mode` to v̂, and the nodes to where they are wanted. */
export function placeInnerNodes(law: usize, first: u32, end: u32, mode: usize): void {
  const isInterval = slotU32(innerFactor, Factor.isInterval) !== 0;
  const lowest = findInnerMode(law, first, end, mode, isInterval ? roughTolerance : fineTolerance);
  if (innerEffects !== 1) return;
  center = load<f64>(mode);
  scale = 1.0 / load<f64>(smallAt(Small.factor));
  if (isInterval) findInterval(law, first, end, center, lowest + depth);
}

/** The nodes where the integrand of any convex loss is within, without a search for its ends. */
export function placeWideNodes(law: usize, first: u32, end: u32, mode: usize): void {
  findInnerMode(law, first, end, mode, roughTolerance);
  center = load<f64>(mode);
  scale = Math.sqrt(2.0 * depth) + rough;
}

/** Leaves the place of the node at `node` at Small.v. */
// @ts-ignore: decorator
@inline
export function toInnerNode(node: usize, mode: usize): void {
  const v = smallAt(Small.v);
  if (innerEffects === 1) {
    store<f64>(v, center + scale * load<f64>(node));
    return;
  }
  memory.copy(v, node, <usize>innerEffects << 3);
  solveUpper(smallAt(Small.factor), v, innerEffects);
  addScaled(v, 1.0, mode, innerEffects);
}

/** The places of two nodes, of one effect. */
// @ts-ignore: decorator
@inline
export function toInnerNodes(node: usize, other: usize): v128 {
  const t = f64x2.replace_lane(v128.load64_splat(node), 1, load<f64>(other));
  return f64x2.add(f64x2.splat(center), f64x2.mul(f64x2.splat(scale), t));
}

/** −log |∂v/∂t| */
export function innerLogScale(): f64 {
  return innerEffects === 1 ? -Math.log(scale) : logDeterminant(smallAt(Small.factor), innerEffects);
}

/**
 * From where F is `level`, or a little more, on one side of the mode to where it is on the other. Of a convex F that grows at least as
 * ½ (v − v̂)², Newton's method from beyond comes down to that point without passing it. Where F is not convex the search ends early, beyond it.
 */
function findInterval(law: usize, first: u32, end: u32, mode: f64, level: f64): void {
  let below = Math.sqrt(2.0 * depth);
  let above = below;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    lossesAt(law, first, end, mode - below, mode + above);
    const nearer = nextDistance(below, f64x2.extract_lane(losses, 0) - level, -f64x2.extract_lane(slopes, 0));
    const next = nextDistance(above, f64x2.extract_lane(losses, 1) - level, f64x2.extract_lane(slopes, 1));
    if (nearer === below && next === above) break;
    below = nearer;
    above = next;
  }
  center = mode + 0.5 * (above - below);
  scale = 0.5 * (above + below);
}

/** The same distance where it will do. */
function nextDistance(distance: f64, excess: f64, growth: f64): f64 {
  if (excess < 0) return 1.5 * distance;
  const nearer = distance - excess / growth;
  return excess > slack && growth > 0 && nearer > 0 ? nearer : distance;
}

/** F and its derivatives at two v. */
let losses: v128 = f64x2.splat(0);
let slopes: v128 = f64x2.splat(0);

function lossesAt(law: usize, first: u32, end: u32, low: f64, high: f64): void {
  const v = f64x2.replace_lane(f64x2.splat(low), 1, high);
  let along: v128;
  if (hasPairs()) {
    losses = linearLosses(law, first, end, v);
    losses = f64x2.add(losses, logs2(product));
    along = alongEffect(first, end);
  } else {
    losses = f64x2.replace_lane(f64x2.splat(lossAt(law, first, end, low)), 1, 0.0);
    along = f64x2.splat(slopeOfRows(first, end));
    losses = f64x2.replace_lane(losses, 1, lossAt(law, first, end, high));
    along = f64x2.replace_lane(along, 1, slopeOfRows(first, end));
  }
  slopes = f64x2.add(v, f64x2.mul(f64x2.splat(load<f64>(innerLaw(law) + (<usize>FactorLaw.factor << 3))), along));
}

function lossAt(law: usize, first: u32, end: u32, only: f64): f64 {
  const v = smallAt(Small.v);
  store<f64>(v, only);
  return innerLossAt(law, first, end, v, ByTau.none);
}

/** Σ r z */
function slopeOfRows(first: u32, end: u32): f64 {
  return dot2(slope + (<usize>first << 3), innerZ + (<usize>first << 3), end - first);
}
