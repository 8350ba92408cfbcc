// Where the integrand of an inner group is largest, v̂ = argmin F(v), F(v) = ½ |v|² + Σ_i f_i, and the curvature I + Lᵀ Σ w z zᵀ L there.
import { FactorLaw } from "../layout/groups";
import { zBytes } from "./group-rows";
import { innerLaw } from "./law";
import { differentiateRows } from "./row-derivatives";
import {
  addScaled, curvatureIn, dot, factorise, multiply, multiplyTransposed, Small, smallAt, solveLower, solveUpper,
} from "./small";
import { curvature, innerEffects, innerZ, slope } from "./work";

/** gᵀ H⁻¹ g at which Newton's last step leaves an error far below what moves the quadrature. */
const tolerance: f64 = 1e-9;
const maxIterations = 60;

/** F at `v`; leaves the rows' derivatives, and b = L v. */
export function innerLossAt(law: usize, first: u32, end: u32, v: usize, wantsAuxiliaries: bool): f64 {
  const b = smallAt(Small.b);
  multiply(innerLaw(law) + (<usize>FactorLaw.factor << 3), v, innerEffects, b);
  return 0.5 * dot(v, v, innerEffects) + differentiateRows(law, first, end, b, wantsAuxiliaries);
}

/** Moves `mode` to v̂ by Newton's method with step halving, and leaves the Cholesky factor of the curvature at Small.factor. */
export function findInnerMode(law: usize, first: u32, end: u32, mode: usize): void {
  const step = smallAt(Small.step);
  const trial = smallAt(Small.trial);
  let loss = innerLossAt(law, first, end, mode, false);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const decrement = newtonStep(law, first, end, mode);
    memory.copy(trial, mode, zBytes);
    addScaled(trial, -1.0, step, innerEffects);
    if (decrement < tolerance) {
      memory.copy(mode, trial, zBytes);
      return;
    }
    let next = innerLossAt(law, first, end, trial, false);
    for (let halving = 0; halving < 40 && !(next <= loss + 1e-12 * Math.abs(loss)); halving++) {
      for (let k: usize = 0; k < <usize>innerEffects << 3; k += 8) {
        store<f64>(trial + k, 0.5 * (load<f64>(trial + k) + load<f64>(mode + k)));
      }
      next = innerLossAt(law, first, end, trial, false);
    }
    memory.copy(mode, trial, zBytes);
    loss = next;
  }
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
  let slopes: f64 = 0;
  let curvatures: f64 = 0;
  for (let i = <usize>first; i < <usize>end; i++) {
    const z = load<f64>(innerZ + i * zBytes);
    slopes += load<f64>(slope + (i << 3)) * z;
    curvatures += Math.max(load<f64>(curvature + (i << 3)), 0.0) * z * z;
  }
  const gradient = load<f64>(mode) + l * slopes;
  const whole = 1.0 + l * l * curvatures;
  store<f64>(factor, Math.sqrt(whole));
  store<f64>(step, gradient / whole);
  return (gradient * gradient) / whole;
}

/** Σ r z, and at Small.moments Σ max(w, 0) z zᵀ: student-t rows far from their predictors have negative curvatures. */
function sumInner(first: u32, end: u32, sum: usize): void {
  const moments = smallAt(Small.moments);
  memory.fill(moments, 0, 4 * zBytes);
  memory.fill(sum, 0, zBytes);
  for (let i = <usize>first; i < <usize>end; i++) {
    const z = innerZ + i * zBytes;
    addScaled(sum, load<f64>(slope + (i << 3)), z, innerEffects);
    const w = Math.max(load<f64>(curvature + (i << 3)), 0.0);
    for (let a: usize = 0; a < <usize>innerEffects << 3; a += 8) {
      addScaled(moments + (a << 2), w * load<f64>(z + a), z, innerEffects);
    }
  }
}
