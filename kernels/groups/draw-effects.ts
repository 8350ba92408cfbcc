// Draws of groups' effects b = L v given θ and the data, by an independence Metropolis sampler. Where a row's loss is convex, the
// density of v falls at least as fast as that of N(v̂, I), so that proposals of N(v̂, H⁻¹) with a few of N(v̂, I) have bounded weights:
// each step forgets the one before with at least a fixed probability (Mengersen & Tweedie 1996).
import { fillNormals } from "../chains/random";
import { Factor, GroupEntry, Groups, Law } from "../layout/groups";
import { GroupEffects } from "../layout/group-effects";
import { Model } from "../layout/model";
import { setSlotU32, slotU32 } from "../memory/record";
import { effectBytes, firstRow } from "./group-rows";
import { fineTolerance, findInnerMode, innerLossAt } from "./inner-mode";
import { prepareLaw } from "./law";
import { findOuterMode, setOuterEffects } from "./outer-mode";
import { ByTau } from "./row-derivatives";
import { addScaled, dot, logDeterminant, Small, smallAt, solveUpper } from "./small";
import { innerLosses, openGroup } from "./sum-effects";
import { dimension, innerEffects, innerModes, openGroups, outerEffects, outerFactor } from "./work";

/** Steps of a chain for a group's effects, which begins at a proposal. */
const innerSteps = 16;
const outerSteps = 12;
/** The share of proposals of N(v̂, I). */
const wideShare: f64 = 0.1;

let stream: usize = 0;
/** The present point and a proposed one, their distance from the mode times the factor's transpose, and normals. */
let present: usize = 0;
let proposed: usize = 0;
let distance: usize = 0;
let normals: usize = 0;

/** Draws the groups' effects at the next θ. */
export function drawEffects(task: usize): void {
  const model = <usize>slotU32(task, GroupEffects.model);
  const law = <usize>slotU32(task, GroupEffects.scratch);
  const next = slotU32(task, GroupEffects.next);
  const count = <usize>slotU32(task, GroupEffects.numPositions);
  const groups = <usize>slotU32(model, Model.groups);
  const outer = <usize>slotU32(groups, Groups.outer);
  const numShares = outer ? slotU32(outer, Factor.numNodes) : 0;
  present = law + (<usize>(<u32>Law.length + numShares) << 3) + 5 * effectBytes;
  proposed = present + effectBytes;
  distance = proposed + effectBytes;
  normals = distance + effectBytes;
  stream = <usize>slotU32(task, GroupEffects.random);
  openGroups(model, normals + 2 * effectBytes, false);
  setSlotU32(task, GroupEffects.next, next + 1);
  prepareLaw(model, <usize>slotU32(task, GroupEffects.positions) + (<usize>(next * dimension) << 3), law);
  const inner = <usize>slotU32(task, GroupEffects.inner) + (<usize>(next * innerEffects) << 3);
  for (let n = slotU32(task, GroupEffects.from); n < slotU32(task, GroupEffects.to); n++) {
    const entry = <usize>slotU32(model, Model.rows) + <usize>n * GroupEntry.bytes;
    const first = load<u32>(entry, GroupEntry.first);
    const numInner = load<u32>(entry, GroupEntry.end) - first;
    const starts = <usize>slotU32(groups, Groups.innerStarts) + (<usize>first << 2);
    openGroup(law, starts, numInner);
    if (outerFactor) {
      drawOuter(law, starts, numInner);
      const at = (<usize>n * count + <usize>next) * <usize>outerEffects;
      memory.copy(<usize>slotU32(task, GroupEffects.outer) + (at << 3), smallAt(Small.outerB), <usize>outerEffects << 3);
    }
    for (let k: u32 = 0; k < numInner; k++) {
      drawInner(law, starts, k);
      const to = inner + ((<usize>(first + k) * count * <usize>innerEffects) << 3);
      memory.copy(to, smallAt(Small.b), <usize>innerEffects << 3);
    }
  }
}

/** Leaves b of inner group k at Small.b. */
function drawInner(law: usize, starts: usize, k: u32): void {
  const first = firstRow(starts, k);
  const end = firstRow(starts, k + 1);
  const mode = innerModes + <usize>k * effectBytes;
  const factor = smallAt(Small.factor);
  findInnerMode(law, first, end, mode, fineTolerance);
  propose(mode, factor, innerEffects, false);
  memory.copy(present, proposed, effectBytes);
  let loss = innerLossAt(law, first, end, present, ByTau.none) + logProposal(present, mode, factor, innerEffects);
  for (let step = 0; step < innerSteps; step++) {
    propose(mode, factor, innerEffects, true);
    const other = innerLossAt(law, first, end, proposed, ByTau.none) + logProposal(proposed, mode, factor, innerEffects);
    if (!accepts(loss - other)) continue;
    memory.copy(present, proposed, effectBytes);
    loss = other;
  }
  innerLossAt(law, first, end, present, ByTau.none);
}

/** Leaves b of the outer group at Small.outerB, and the rows with it. The inner effects are integrated out. */
function drawOuter(law: usize, starts: usize, numInner: u32): void {
  const mode = smallAt(Small.outerMode);
  const rows = load<u32>(starts + (<usize>numInner << 2)) - load<u32>(starts);
  memory.fill(mode, 0, effectBytes);
  findOuterMode(law, starts, numInner, rows);
  const factor = smallAt(Small.outerFactor);
  propose(mode, factor, outerEffects, false);
  memory.copy(present, proposed, effectBytes);
  let loss = outerLossAt(law, starts, numInner, present) + logProposal(present, mode, factor, outerEffects);
  for (let step = 0; step < outerSteps; step++) {
    propose(mode, factor, outerEffects, true);
    const other = outerLossAt(law, starts, numInner, proposed) + logProposal(proposed, mode, factor, outerEffects);
    if (!accepts(loss - other)) continue;
    memory.copy(present, proposed, effectBytes);
    loss = other;
  }
  setOuterEffects(law, present, rows);
}

function outerLossAt(law: usize, starts: usize, numInner: u32, u: usize): f64 {
  setOuterEffects(law, u, load<u32>(starts + (<usize>numInner << 2)) - load<u32>(starts));
  return 0.5 * dot(u, u, outerEffects) + innerLosses(law, starts, numInner);
}

/** A point of N(v̂, H⁻¹), H = C Cᵀ; where some are wide, now and then of N(v̂, I). */
function propose(mode: usize, factor: usize, size: u32, isMixed: bool): void {
  fillNormals(stream, stream + 64, normals, size + 2);
  memory.copy(proposed, normals, <usize>size << 3);
  const isWide = isMixed && exponential(normals + (<usize>size << 3)) > -Math.log(wideShare);
  if (!isWide) solveUpper(factor, proposed, size);
  addScaled(proposed, 1.0, mode, size);
}

/** ½ (z₁² + z₂²), which is −log of a uniform number. */
function exponential(pair: usize): f64 {
  return 0.5 * dot(pair, pair, 2);
}

function accepts(logRatio: f64): bool {
  fillNormals(stream, stream + 64, normals, 2);
  return logRatio >= -exponential(normals);
}

/** log of the mixed proposal's density, up to a constant. */
function logProposal(v: usize, mode: usize, factor: usize, size: u32): f64 {
  memory.copy(distance, v, effectBytes);
  addScaled(distance, -1.0, mode, size);
  const wide = -0.5 * dot(distance, distance, size) + Math.log(wideShare);
  let square: f64 = 0;
  for (let j: usize = 0; j < <usize>size; j++) {
    let sum: f64 = 0;
    for (let i = j; i < <usize>size; i++) sum += load<f64>(factor + i * effectBytes + (j << 3)) * load<f64>(distance + (i << 3));
    square += sum * sum;
  }
  const narrow = -0.5 * square + logDeterminant(factor, size) + Math.log(1.0 - wideShare);
  const top = Math.max(wide, narrow);
  return top + Math.log(Math.exp(wide - top) + Math.exp(narrow - top));
}
