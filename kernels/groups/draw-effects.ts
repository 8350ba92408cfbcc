// Draws of groups' effects b = L v given θ and the data, by an independence Metropolis sampler. Where a row's loss is convex, the
// density of v falls at least as fast as that of N(v̂, I), so that proposals of N(v̂, H⁻¹) with a few of N(v̂, I) have bounded weights:
// each step forgets the one before with at least a fixed probability (Mengersen & Tweedie 1996).
import { fillNormals } from "../chains/random";
import { Law } from "../layout/groups";
import { GroupEffects } from "../layout/group-effects";
import { slotU32 } from "../memory/record";
import { firstInner, law, numInner, openGroup, openTask, place, starts } from "./effects-task";
import { effectBytes, firstRow } from "./group-rows";
import { fineTolerance, findInnerMode, innerLossAt } from "./inner-mode";
import { findOuterMode, setOuterEffects } from "./outer-mode";
import { ByTau } from "./row-derivatives";
import { addScaled, dot, logDeterminant, Small, smallAt, solveUpper } from "./small";
import { innerLosses } from "./sum-effects";
import { innerEffects, innerModes, outerEffects, outerFactor } from "./work";

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
  const count = <usize>slotU32(task, GroupEffects.numPositions);
  present = <usize>slotU32(task, GroupEffects.scratch) + ((<usize>Law.length) << 3);
  proposed = present + effectBytes;
  distance = proposed + effectBytes;
  normals = distance + effectBytes;
  stream = <usize>slotU32(task, GroupEffects.random);
  openTask(task, normals + 2 * effectBytes);
  const inner = <usize>slotU32(task, GroupEffects.inner) + (<usize>(place * innerEffects) << 3);
  for (let n = slotU32(task, GroupEffects.from); n < slotU32(task, GroupEffects.to); n++) {
    openGroup(n);
    if (outerFactor) {
      drawOuter(law, starts, numInner);
      const at = (<usize>n * count + <usize>place) * <usize>outerEffects;
      memory.copy(<usize>slotU32(task, GroupEffects.outer) + (at << 3), smallAt(Small.outerB), <usize>outerEffects << 3);
    }
    for (let k: u32 = 0; k < numInner; k++) {
      drawInner(law, starts, k);
      const to = inner + ((<usize>(firstInner + k) * count * <usize>innerEffects) << 3);
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
  const rows = firstRow(starts, numInner);
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
  setOuterEffects(law, u, firstRow(starts, numInner));
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
