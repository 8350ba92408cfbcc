// Where the integrand of an inner group is largest, v̂ = argmin F(v), F(v) = ½ |v|² + Σ_i f_i, and the curvature I + Lᵀ Σ w z zᵀ L there.
import { FactorLaw, maxEffects } from "../layout/groups";
import { curvatureBetween, firstOf } from "./class-rows";
import { dot2, sumOf2 } from "./doubles";
import { copyZ, effectBytes, sumZ } from "./group-rows";
import { innerLaw } from "./law";
import { ByTau, differentiateRows } from "./row-derivatives";
import {
  addOuter, addScaled, curvatureIn, dot, factorise, multiply, multiplyTransposed, Small, smallAt, solveLower, solveUpper,
} from "./small";
import { columnBytes, curvature, innerEffects, innerZ, numPredictors, slope } from "./work";

/** gᵀ H⁻¹ g below which Newton's last step, which squares the distance, leaves an error far below what moves the quadrature. */
export const fineTolerance: f64 = 1e-5;
const maxIterations = 60;

/** F at `v`; leaves the rows' derivatives, and b = L v. */
export function innerLossAt(law: usize, first: u32, end: u32, v: usize, byTau: ByTau): f64 {
  const b = smallAt(Small.b);
  if (innerEffects === 1) {
    const only = load<f64>(v);
    store<f64>(b, load<f64>(innerLaw(law)) * only);
    return 0.5 * only * only + differentiateRows(law, first, end, b, byTau);
  }
  multiply(innerLaw(law) + (<usize>FactorLaw.factor << 3), v, innerEffects, b);
  return 0.5 * dot(v, v, innerEffects) + differentiateRows(law, first, end, b, byTau);
}

/**
 * Moves `mode` to v̂ by Newton's method with step halving, and leaves the Cholesky factor of the curvature at Small.factor. Returns about
 * F(v̂).
 */
export function findInnerMode(law: usize, first: u32, end: u32, mode: usize, tolerance: f64): f64 {
  const step = smallAt(Small.step);
  const trial = smallAt(Small.trial);
  let loss = innerLossAt(law, first, end, mode, ByTau.none);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const decrement = newtonStep(law, first, end, mode);
    memory.copy(trial, mode, effectBytes);
    addScaled(trial, -1.0, step, innerEffects);
    if (decrement < tolerance) {
      memory.copy(mode, trial, effectBytes);
      return loss - 0.5 * decrement;
    }
    let next = innerLossAt(law, first, end, trial, ByTau.none);
    for (let halving = 0; halving < 40 && !(next <= loss + 1e-12 * Math.abs(loss)); halving++) {
      for (let k: usize = 0; k < <usize>innerEffects << 3; k += 8) {
        store<f64>(trial + k, 0.5 * (load<f64>(trial + k) + load<f64>(mode + k)));
      }
      next = innerLossAt(law, first, end, trial, ByTau.none);
    }
    memory.copy(mode, trial, effectBytes);
    loss = next;
  }
  return loss;
}

/** H⁻¹ g from the rows' derivatives at `mode`, at Small.step; returns gᵀ H⁻¹ g. */
function newtonStep(law: usize, first: u32, end: u32, mode: usize): f64 {
  const l = innerLaw(law) + (<usize>FactorLaw.factor << 3);
  const factor = smallAt(Small.factor);
  const step = smallAt(Small.step);
  const sum = smallAt(Small.sum);
  if (innerEffects === 1) return scalarStep(load<f64>(l), first, end, mode, factor, step);
  sumInner(first, end, sum);
  multiplyTransposed(l, sum, innerEffects, step);
  addScaled(step, 1.0, mode, innerEffects);
  curvatureIn(l, smallAt(Small.moments), innerEffects, factor);
  factorise(factor, innerEffects);
  solveLower(factor, step, innerEffects);
  const decrement = dot(step, step, innerEffects);
  solveUpper(factor, step, innerEffects);
  return decrement;
}

function scalarStep(l: f64, first: u32, end: u32, mode: usize, factor: usize, step: usize): f64 {
  const zero = f64x2.splat(0);
  let curvatures = zero;
  const at = <usize>first << 3;
  const slopes = dot2(slope + at, innerZ + at, end - first);
  let i = at;
  for (const last = <usize>end << 3; i + 16 <= last; i += 16) {
    const z = v128.load(innerZ + i);
    curvatures = f64x2.add(curvatures, f64x2.mul(f64x2.pmax(v128.load(curvature + i), zero), f64x2.mul(z, z)));
  }
  let whole = sumOf2(curvatures);
  if (i < <usize>end << 3) {
    const z = load<f64>(innerZ + i);
    whole += Math.max(load<f64>(curvature + i), 0.0) * z * z;
  }
  store<f64>(smallAt(Small.moments), whole);
  whole = 1.0 + l * l * whole;
  const gradient = load<f64>(mode) + l * slopes;
  store<f64>(factor, Math.sqrt(whole));
  store<f64>(step, gradient / whole);
  return (gradient * gradient) / whole;
}

/** Σ r z, and at Small.moments Σ max(w, 0) z zᵀ: student-t rows far from their predictors have negative curvatures. */
function sumInner(first: u32, end: u32, sum: usize): void {
  const moments = smallAt(Small.moments);
  sumZ(innerZ, innerEffects, first, end, slope, sum);
  if (numPredictors > 1) {
    sumPairs(first, end, moments);
    return;
  }
  for (let a: u32 = 0; a < innerEffects; a++) {
    const left = innerZ + <usize>a * columnBytes;
    for (let b: u32 = 0; b <= a; b++) {
      const right = innerZ + <usize>b * columnBytes;
      let total: f64 = 0;
      for (let i = <usize>first << 3; i < <usize>end << 3; i += 8) {
        total += Math.max(load<f64>(curvature + i), 0.0) * load<f64>(left + i) * load<f64>(right + i);
      }
      store<f64>(moments + (<usize>(a * maxEffects + b) << 3), total);
      store<f64>(moments + (<usize>(b * maxEffects + a) << 3), total);
    }
  }
}

/** Σ_st w_st z_s z_tᵀ over all pairs of predictors of a row of data. */
function sumPairs(first: u32, end: u32, moments: usize): void {
  const left = smallAt(Small.z);
  const right = smallAt(Small.outerZ);
  memory.fill(moments, 0, 4 * effectBytes);
  for (let s = <usize>first; s < <usize>end; s++) {
    copyZ(innerZ, innerEffects, s, left);
    for (let t = firstOf(s), last = t + <usize>numPredictors; t < last; t++) {
      copyZ(innerZ, innerEffects, t, right);
      addOuter(moments, curvatureBetween(s, t), left, right, innerEffects);
    }
  }
}
