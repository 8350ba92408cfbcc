// The Hessian of a group's loss: the inner groups' at each outer node (inner-hessian.ts), E[∇²f] − Cov[∇f] over the outer nodes, and
// at the end the curvature of L. Sums are in the order (x, φ of the outer factor, φ of the inner one, τ).
import { copyColumns, copyZ } from "./group-rows";
import { curvatureOf, innerLaw, outerLaw, slopeOf } from "./law";
import { addScaled, dot, multiply, rescale, Small, smallAt } from "./small";
import {
  dimension, extended, hessian, innerHessian, innerParameters, nodeHessian, numAuxiliaries, numCoefficients, outerEffects,
  outerParameters, outerScore, outerZ, score, squares, sumOfScores, width,
} from "./work";

/** Σ of the outer nodes' shares. */
let total: f64 = 0;

export function beginOuterHessian(from: u32, to: u32): void {
  total = 0;
  memory.fill(hessian, 0, <usize>(dimension * dimension) << 3);
  memory.fill(sumOfScores, 0, <usize>dimension << 3);
  clearNode();
  copyColumns(from, to, width, extended);
}

function clearNode(): void {
  memory.fill(nodeHessian, 0, <usize>(dimension * dimension) << 3);
  memory.fill(outerScore, 0, <usize>dimension << 3);
}

/** zᵀ ∂L/∂φ_m u of each row, in the places after its x. */
export function extendRows(law: usize, u: usize, rows: u32): void {
  const product = smallAt(Small.secondSum);
  const z = smallAt(Small.outerZ);
  for (let m: u32 = 0; m < outerParameters; m++) {
    multiply(slopeOf(outerLaw(law), m), u, outerEffects, product);
    for (let i: usize = 0; i < <usize>rows; i++) {
      copyZ(outerZ, outerEffects, i, z);
      store<f64>(extended + ((i * <usize>width + <usize>(numCoefficients + m)) << 3), dot(z, product, outerEffects));
    }
  }
}

/** Adds the inner group that was integrated last to the present outer node. */
export function addInnerHessian(): void {
  addScaled(nodeHessian, 1.0, innerHessian, dimension * dimension);
  addScaled(outerScore, 1.0, score, dimension);
}

/** Adds share (∇²f − s sᵀ) of the present outer node; with one factor there is one node, and no covariance over nodes. */
export function addOuterNode(share: f64): void {
  total += share;
  addScaled(hessian, share, nodeHessian, dimension * dimension);
  addScaled(sumOfScores, share, outerScore, dimension);
  for (let i: u32 = 0; i < dimension; i++) {
    if (!outerEffects) break;
    addScaled(
      hessian + (<usize>(i * dimension) << 3), -share * load<f64>(outerScore + (<usize>i << 3)), outerScore, i + 1,
    );
  }
  clearNode();
}

/** Means over the nodes, the curvature of L, and the order of θ: (x, τ, φ of the outer factor, φ of the inner one), both triangles. */
export function endOuterHessian(law: usize): void {
  const length = dimension * dimension;
  rescale(hessian, 1.0 / total, length);
  rescale(sumOfScores, 1.0 / total, dimension);
  for (let i: u32 = 0; outerEffects && i < dimension; i++) {
    addScaled(hessian + (<usize>(i * dimension) << 3), load<f64>(sumOfScores + (<usize>i << 3)), sumOfScores, i + 1);
  }
  addCurvatures(outerLaw(law), numCoefficients, outerParameters, Small.ofOuter);
  addCurvatures(innerLaw(law), width, innerParameters, Small.ofInner);
  memory.copy(squares, hessian, <usize>length << 3);
  for (let i: u32 = 0; i < dimension; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const value = load<f64>(squares + (<usize>(i * dimension + j) << 3));
      const a = placeOf(i);
      const b = placeOf(j);
      store<f64>(hessian + (<usize>(a * dimension + b) << 3), value);
      store<f64>(hessian + (<usize>(b * dimension + a) << 3), value);
    }
  }
}

function addCurvatures(factorLaw: usize, first: u32, count: u32, effects: u32): void {
  for (let m: u32 = 0; m < count; m++) {
    for (let n: u32 = 0; n <= m; n++) {
      const at = hessian + (<usize>((first + m) * dimension + first + n) << 3);
      store<f64>(at, load<f64>(at) + dot(curvatureOf(factorLaw, m, n), smallAt(effects), 16));
    }
  }
}

/** Where in θ what stands at `index` in the sums belongs. */
function placeOf(index: u32): u32 {
  const firstAuxiliary = width + innerParameters;
  if (index >= firstAuxiliary) return numCoefficients + index - firstAuxiliary;
  return index < numCoefficients ? index : index + numAuxiliaries;
}
