// Where the joint integrand of an outer group is largest, (û, v̂_1, …), and the curvature of its profile in u there.
import { Factor, FactorLaw } from "../layout/groups";
import { slotU32 } from "../memory/record";
import { curvatureBetween, firstOf } from "./class-rows";
import { addEffects, copyZ, effectBytes, firstRow } from "./group-rows";
import { fineTolerance, findInnerMode, innerLossAt } from "./inner-mode";
import { innerLaw, outerLaw } from "./law";
import { ByTau } from "./row-derivatives";
import {
  addScaled, curvatureIn, dot, factorise, multiply, multiplyTransposed, rowBytes, Small, smallAt, solveLower, solveUpper,
} from "./small";
import {
  base, columnBytes, curvature, fixedPart, innerEffects, innerModes, innerZ, numPredictors, outerEffects, outerFactor, outerZ, slope,
} from "./work";

const tolerance: f64 = 1e-5;
const maxIterations = 60;

/** The rows' predictors with the outer effects b = L u. */
export function setOuterEffects(law: usize, u: usize, numRows: u32): void {
  const b = smallAt(Small.outerB);
  multiply(outerLaw(law) + (<usize>FactorLaw.factor << 3), u, outerEffects, b);
  addEffects(fixedPart, outerZ, outerEffects, b, 0, numRows, base);
}

/** Moves the rows to the outer effects of node `n`, whose u is then at Small.outerV, and returns the node's address. */
export function toOuterNode(law: usize, n: u32, numRows: u32): usize {
  const node = <usize>slotU32(outerFactor, Factor.nodes) + (<usize>(n * (outerEffects + 1)) << 3);
  const u = smallAt(Small.outerV);
  memory.copy(u, node, <usize>outerEffects << 3);
  solveUpper(smallAt(Small.outerFactor), u, outerEffects);
  addScaled(u, 1.0, smallAt(Small.outerMode), outerEffects);
  setOuterEffects(law, u, numRows);
  return node;
}

/** Moves û at Small.outerMode and the inner modes to where they are, and leaves the Cholesky factor at Small.outerFactor. */
export function findOuterMode(law: usize, starts: usize, numInner: u32, numRows: u32): void {
  const mode = smallAt(Small.outerMode);
  const step = smallAt(Small.outerStep);
  const trial = smallAt(Small.outerTrial);
  let loss = profile(law, starts, numInner, numRows, mode);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const decrement = newtonStep(law, mode);
    memory.copy(trial, mode, effectBytes);
    addScaled(trial, -1.0, step, outerEffects);
    if (decrement < tolerance) {
      memory.copy(mode, trial, effectBytes);
      return;
    }
    let next = profile(law, starts, numInner, numRows, trial);
    for (let halving = 0; halving < 40 && !(next <= loss + 1e-10 * Math.abs(loss)); halving++) {
      for (let k: usize = 0; k < <usize>outerEffects << 3; k += 8) {
        store<f64>(trial + k, 0.5 * (load<f64>(trial + k) + load<f64>(mode + k)));
      }
      next = profile(law, starts, numInner, numRows, trial);
    }
    memory.copy(mode, trial, effectBytes);
    loss = next;
  }
}

/** min over all v of ½ |u|² + Σ F(v_b); leaves at Small.outerStep Σ r z and at Small.outerMoments the sum of the profile's curvatures. */
function profile(law: usize, starts: usize, numInner: u32, numRows: u32, u: usize): f64 {
  const sum = smallAt(Small.outerStep);
  const moments = smallAt(Small.outerMoments);
  memory.fill(sum, 0, effectBytes);
  memory.fill(moments, 0, 4 * effectBytes);
  setOuterEffects(law, u, numRows);
  let loss = 0.5 * dot(u, u, outerEffects);
  for (let k: u32 = 0; k < numInner; k++) {
    const first = firstRow(starts, k);
    const end = firstRow(starts, k + 1);
    const mode = innerModes + <usize>k * effectBytes;
    findInnerMode(law, first, end, mode, fineTolerance);
    loss += innerLossAt(law, first, end, mode, ByTau.none);
    addProfile(law, first, end, sum, moments);
  }
  return loss;
}

/** W_aa − W_ab L (I + Lᵀ W_bb L)⁻¹ Lᵀ W_ba of an inner group, z of the outer factor a and of the inner one b, W = Σ w z zᵀ. */
function addProfile(law: usize, first: u32, end: u32, sum: usize, moments: usize): void {
  const mixed = smallAt(Small.mixed);
  const factor = smallAt(Small.factor);
  const work = smallAt(Small.work);
  const z = smallAt(Small.outerZ);
  const own = smallAt(Small.z);
  memory.fill(mixed, 0, 4 * effectBytes);
  for (let i = <usize>first; i < <usize>end; i++) {
    copyZ(outerZ, outerEffects, i, z);
    copyZ(innerZ, innerEffects, i, own);
    addScaled(sum, load<f64>(slope + (i << 3)), z, outerEffects);
    addCurvatures(i, z, own, moments, mixed);
  }
  const l = innerLaw(law) + (<usize>FactorLaw.factor << 3);
  for (let a: usize = 0; a < <usize>outerEffects; a++) {
    multiplyTransposed(l, mixed + a * rowBytes, innerEffects, work);
    solveLower(factor, work, innerEffects);
    memory.copy(mixed + a * rowBytes, work, effectBytes);
  }
  for (let a: usize = 0; a < <usize>outerEffects; a++) {
    for (let b: usize = 0; b < <usize>outerEffects; b++) {
      const at = moments + a * rowBytes + (b << 3);
      store<f64>(at, load<f64>(at) - dot(mixed + a * rowBytes, mixed + b * rowBytes, innerEffects));
    }
  }
}

/** W_aa and W_ab of row `s`, with those between it and the other predictors of its row of data. */
function addCurvatures(s: usize, z: usize, own: usize, moments: usize, mixed: usize): void {
  for (let t = firstOf(s), last = t + <usize>numPredictors; t < last; t++) {
    const w = s === t ? Math.max(load<f64>(curvature + (s << 3)), 0.0) : curvatureBetween(s, t);
    for (let a: usize = 0; a < <usize>outerEffects; a++) {
      const scaled = w * load<f64>(outerZ + a * columnBytes + (t << 3));
      addScaled(moments + a * rowBytes, scaled, z, outerEffects);
      addScaled(mixed + a * rowBytes, scaled, own, innerEffects);
    }
  }
}

/** From what `profile` left, the step at Small.outerStep; returns gᵀ H⁻¹ g. */
function newtonStep(law: usize, mode: usize): f64 {
  const l = outerLaw(law) + (<usize>FactorLaw.factor << 3);
  const factor = smallAt(Small.outerFactor);
  const step = smallAt(Small.outerStep);
  const work = smallAt(Small.work);
  multiplyTransposed(l, step, outerEffects, work);
  addScaled(work, 1.0, mode, outerEffects);
  memory.copy(step, work, effectBytes);
  curvatureIn(l, smallAt(Small.outerMoments), outerEffects, factor);
  factorise(factor, outerEffects);
  solveLower(factor, step, outerEffects);
  const decrement = dot(step, step, outerEffects);
  solveUpper(factor, step, outerEffects);
  return decrement;
}
