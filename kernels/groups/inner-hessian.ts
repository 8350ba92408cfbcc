// The Hessian of an inner group's loss, E[∇²f] − Cov[∇f], in the order (x, φ of the outer factor, φ of the inner one, τ): given the
// outer effects, what they add to a row's predictor is one more part of x.
import { maxEffects } from "../layout/groups";
import { curvatureBetween, firstOf } from "./class-rows";
import { copyZ, effectBytes, sumZ } from "./group-rows";
import { innerLaw, slopeOf } from "./law";
import { addOuter, addScaled, dot, multiply, rescale, rowBytes, Small, smallAt } from "./small";
import {
  cross, dimension, extended, firstAuxiliary, innerEffects, innerHessian, innerParameters, innerZ, nodeScore,
  numAuxiliaries, numPredictors, score, secondCross, slope, squares, sumCross, sumCurvature, sumMoments, sumScore, sumSecondCross, width,
} from "./work";

/** The law of θ that the sums belong to. */
let lawOfSums: usize = 0;

export function beginInnerHessian(first: u32, end: u32): void {
  const bytes = <usize>(end - first) << 3;
  const at = <usize>first << 3;
  const pairs = <usize>((end - first) * numPredictors);
  memory.fill(sumCurvature + at * <usize>numPredictors, 0, pairs << 3);
  memory.fill(sumMoments + <usize>(first * numPredictors) * effectBytes, 0, pairs * effectBytes);
  memory.fill(sumCross + at, 0, bytes);
  memory.fill(sumSecondCross + at, 0, bytes);
  memory.fill(smallAt(Small.tensor), 0, <usize>(Small.work - Small.tensor) << 3);
  memory.fill(squares, 0, <usize>(dimension * dimension) << 3);
  memory.fill(sumScore, 0, <usize>dimension << 3);
}

/** Adds a node's score s, s sᵀ, and the parts of E[∇²f]. */
export function addScores(law: usize, first: u32, end: u32, share: f64): void {
  lawOfSums = law;
  const v = smallAt(Small.v);
  const sum = smallAt(Small.sum);
  const z = smallAt(Small.z);
  const other = smallAt(Small.outerZ);
  memory.fill(nodeScore, 0, <usize>dimension << 3);
  for (let i = <usize>first; i < <usize>end; i++) {
    addScaled(nodeScore, load<f64>(slope + (i << 3)), extendedRow(i), width);
    copyZ(innerZ, innerEffects, i, z);
    let pair = i * <usize>numPredictors;
    for (let t = firstOf(i), last = t + <usize>numPredictors; t < last; t++, pair++) {
      const w = share * curvatureBetween(i, t);
      store<f64>(sumCurvature + (pair << 3), load<f64>(sumCurvature + (pair << 3)) + w);
      addScaled(sumMoments + pair * effectBytes, w, v, innerEffects);
      copyZ(innerZ, innerEffects, t, other);
      addToTensor(w, z, other, v);
    }
  }
  for (let m: u32 = 0; m < innerParameters; m++) store<f64>(nodeScore + (<usize>(width + m) << 3), along(law, m, sum, v));
  if (numAuxiliaries) addAuxiliaries(first, end, share, v);
  addScaled(sumScore, share, nodeScore, dimension);
  for (let i: u32 = 0; i < dimension; i++) {
    const row = squares + (<usize>(i * dimension) << 3);
    addScaled(row, share * load<f64>(nodeScore + (<usize>i << 3)), nodeScore, i + 1);
  }
}

// @ts-ignore: decorator
@inline
function extendedRow(i: usize): usize {
  return extended + ((i * <usize>width) << 3);
}

/** uᵀ ∂L/∂φ_m v */
function along(law: usize, m: u32, u: usize, v: usize): f64 {
  const product = smallAt(Small.secondSum);
  multiply(slopeOf(innerLaw(law), m), v, innerEffects, product);
  return dot(u, product, innerEffects);
}

/** T_abcd += w z_a z′_b v_c v_d, z and z′ of two predictors of a row of data. */
function addToTensor(w: f64, z: usize, other: usize, v: usize): void {
  let at = smallAt(Small.tensor);
  for (let a: usize = 0; a < <usize>innerEffects; a++) {
    for (let b: usize = 0; b < <usize>innerEffects; b++) {
      const outer = w * load<f64>(z + (a << 3)) * load<f64>(other + (b << 3));
      for (let c: usize = 0; c < <usize>innerEffects; c++) {
        addScaled(at, outer * load<f64>(v + (c << 3)), v, innerEffects);
        at += <usize>innerEffects << 3;
      }
    }
  }
}

function addAuxiliaries(first: u32, end: u32, share: f64, v: usize): void {
  const tau = smallAt(Small.tau);
  const sum = smallAt(Small.secondSum);
  addScaled(smallAt(Small.tauTau), share, tau + 16, 3);
  for (let k: u32 = 0; k < numAuxiliaries; k++) {
    const index = firstAuxiliary + k;
    const crosses = index ? secondCross : cross;
    const sums = index ? sumSecondCross : sumCross;
    store<f64>(nodeScore + (<usize>(width + innerParameters + k) << 3), load<f64>(tau + (<usize>index << 3)));
    addScaled(sums + (<usize>first << 3), share, crosses + (<usize>first << 3), end - first);
    sumZ(innerZ, innerEffects, first, end, crosses, sum);
    addOuter(smallAt(Small.crossEffects + 16 * index), share, sum, v, innerEffects);
  }
}

/** Leaves E[s] at `score` and the Hessian, lower triangle, at `innerHessian`. */
export function endInnerHessian(first: u32, end: u32, scale: f64): void {
  memory.copy(score, sumScore, <usize>dimension << 3);
  rescale(score, scale, dimension);
  const length = dimension * dimension;
  memory.copy(innerHessian, squares, <usize>length << 3);
  rescale(innerHessian, -scale, length);
  for (let i: u32 = 0; i < dimension; i++) {
    const row = innerHessian + (<usize>(i * dimension) << 3);
    addScaled(row, load<f64>(score + (<usize>i << 3)), score, i + 1);
  }
  addRows(first, end, scale);
  addEffects(scale);
  addOfAuxiliaries(first, end, scale);
}

/** Σ_i of E[w] x xᵀ, and of x with φ. */
function addRows(first: u32, end: u32, scale: f64): void {
  const product = smallAt(Small.secondSum);
  const z = smallAt(Small.z);
  for (let i = <usize>first; i < <usize>end; i++) {
    const x = extendedRow(i);
    copyZ(innerZ, innerEffects, i, z);
    let pair = i * <usize>numPredictors;
    for (let t = firstOf(i), last = t + <usize>numPredictors; t < last; t++, pair++) {
      const other = extendedRow(t);
      const w = scale * load<f64>(sumCurvature + (pair << 3));
      for (let j: u32 = 0; j < width; j++) {
        addScaled(innerHessian + (<usize>(j * dimension) << 3), w * load<f64>(x + (<usize>j << 3)), other, j + 1);
      }
      for (let m: u32 = 0; m < innerParameters; m++) {
        multiply(slopeOf(innerLaw(lawOfSums), m), sumMoments + pair * effectBytes, innerEffects, product);
        const factor = scale * dot(z, product, innerEffects);
        addScaled(innerHessian + (<usize>((width + m) * dimension) << 3), factor, other, width);
      }
    }
  }
}

/** Σ_abcd (∂L/∂φ_m)_ac (∂L/∂φ_n)_bd T_abcd */
function addEffects(scale: f64): void {
  const q = innerEffects;
  for (let m: u32 = 0; m < innerParameters; m++) {
    const left = slopeOf(innerLaw(lawOfSums), m);
    for (let n: u32 = 0; n <= m; n++) {
      const right = slopeOf(innerLaw(lawOfSums), n);
      let sum: f64 = 0;
      let at = smallAt(Small.tensor);
      for (let a: usize = 0; a < <usize>q; a++) {
        for (let b: usize = 0; b < <usize>q; b++) {
          for (let c: usize = 0; c < <usize>q; c++) {
            sum += load<f64>(left + a * rowBytes + (c << 3)) * dot(right + b * rowBytes, at, q);
            at += <usize>q << 3;
          }
        }
      }
      addTo(width + m, width + n, scale * sum);
    }
  }
}

function addOfAuxiliaries(first: u32, end: u32, scale: f64): void {
  const tauTau = smallAt(Small.tauTau);
  for (let k: u32 = 0; k < numAuxiliaries; k++) {
    const index = firstAuxiliary + k;
    const line = width + innerParameters + k;
    const sums = index ? sumSecondCross : sumCross;
    const row = innerHessian + (<usize>(line * dimension) << 3);
    for (let i = <usize>first; i < <usize>end; i++) addScaled(row, scale * load<f64>(sums + (i << 3)), extendedRow(i), width);
    const effects = smallAt(Small.crossEffects + 16 * index);
    for (let m: u32 = 0; m < innerParameters; m++) {
      addTo(line, width + m, scale * dot(slopeOf(innerLaw(lawOfSums), m), effects, maxEffects * maxEffects));
    }
    for (let l: u32 = 0; l <= k; l++) {
      addTo(line, width + innerParameters + l, scale * load<f64>(tauTau + (<usize>(index + firstAuxiliary + l) << 3)));
    }
  }
}

// @ts-ignore: decorator
@inline
function addTo(i: u32, j: u32, value: f64): void {
  const at = innerHessian + (<usize>(i * dimension + j) << 3);
  store<f64>(at, load<f64>(at) + value);
}
