// Small matrices of maxEffects² f64, row-major, of which the first q rows and columns are used, and the places of those that the
// work on a group needs, as indices from `small` on.
import { maxEffects } from "../layout/groups";
import { small } from "./work";

export const enum Small {
  /** v, b = L v, what d does to b, and v̂ of an inner group; the Cholesky factor of the curvature there. */
  v = 0,
  b = 4,
  along = 8,
  step = 12,
  trial = 16,
  mode = 20,
  factor = 24,
  moments = 40,
  product = 56,
  sum = 72,
  secondSum = 76,
  /** The same of an outer group. */
  outerV = 80,
  outerB = 84,
  outerAlong = 88,
  outerStep = 92,
  outerTrial = 96,
  outerMode = 100,
  outerFactor = 104,
  outerMoments = 120,
  mixed = 136,
  /** Σ_i at a node: ∂f/∂τ (2) and ∂²f/∂τ∂τ (3). */
  tau = 152,
  tauCurvature = 154,
  /** Σ over the nodes of an inner group: by τ (2), by L; the same of H d. */
  innerTau = 160,
  innerChangeTau = 162,
  innerEffects = 164,
  innerChangeEffects = 180,
  /** The same, over the inner groups at a node of the outer one. */
  nodeTau = 196,
  nodeChangeTau = 198,
  nodeEffects = 200,
  nodeChangeEffects = 216,
  /** The same, over the nodes of the outer group, and by L of the outer factor. */
  outerTau = 232,
  outerChangeTau = 234,
  ofInner = 236,
  changeOfInner = 252,
  ofOuter = 268,
  changeOfOuter = 284,
  /** Σ_m d_m ∂L/∂φ_m of both factors; d of τ (2). */
  innerDirection = 300,
  outerDirection = 316,
  tauDirection = 332,
  /** For Hessians: Σ w z z v v (4 indices), Σ f_ητ z v for τ₀ and τ₁, Σ f_ττ (3). */
  tensor = 340,
  crossEffects = 596,
  tauTau = 628,
  work = 640,
  /** z of a row, of the inner and of the outer factor. */
  z = 644,
  outerZ = 648,
}

/** Entries from one row of a matrix to the next, in bytes. */
export const rowBytes: usize = <usize>maxEffects << 3;

// @ts-ignore: decorator
@inline
export function smallAt(place: u32): usize {
  return small + (<usize>place << 3);
}

/** out = A v */
export function multiply(a: usize, v: usize, size: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>size; i++) {
    let sum: f64 = 0;
    for (let j: usize = 0; j < <usize>size; j++) sum += load<f64>(a + i * rowBytes + (j << 3)) * load<f64>(v + (j << 3));
    store<f64>(out + (i << 3), sum);
  }
}

/** out = Aᵀ v */
export function multiplyTransposed(a: usize, v: usize, size: u32, out: usize): void {
  for (let j: usize = 0; j < <usize>size; j++) {
    let sum: f64 = 0;
    for (let i: usize = 0; i < <usize>size; i++) sum += load<f64>(a + i * rowBytes + (j << 3)) * load<f64>(v + (i << 3));
    store<f64>(out + (j << 3), sum);
  }
}

/** A += factor u vᵀ */
export function addOuter(a: usize, factor: f64, u: usize, v: usize, size: u32): void {
  for (let i: usize = 0; i < <usize>size; i++) {
    for (let j: usize = 0; j < <usize>size; j++) {
      const at = a + i * rowBytes + (j << 3);
      store<f64>(at, load<f64>(at) + factor * load<f64>(u + (i << 3)) * load<f64>(v + (j << 3)));
    }
  }
}

/** a += factor b over `length` f64. */
export function addScaled(a: usize, factor: f64, b: usize, length: u32): void {
  for (let at: usize = 0; at < <usize>length << 3; at += 8) store<f64>(a + at, load<f64>(a + at) + factor * load<f64>(b + at));
}

/** Σ a b over `length` f64. */
export function dot(a: usize, b: usize, length: u32): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < <usize>length << 3; at += 8) sum += load<f64>(a + at) * load<f64>(b + at);
  return sum;
}

/** a ← factor a over `length` f64. */
export function rescale(a: usize, factor: f64, length: u32): void {
  for (let at: usize = 0; at < <usize>length << 3; at += 8) store<f64>(a + at, factor * load<f64>(a + at));
}

/** out = I + Lᵀ W L, W symmetric. */
export function curvatureIn(l: usize, w: usize, size: u32, out: usize): void {
  for (let i: usize = 0; i < <usize>size; i++) {
    for (let j: usize = 0; j < <usize>size; j++) {
      let sum: f64 = i === j ? 1 : 0;
      for (let a: usize = 0; a < <usize>size; a++) {
        const left = load<f64>(l + a * rowBytes + (i << 3));
        if (left === 0) continue;
        for (let b: usize = 0; b < <usize>size; b++) {
          sum += left * load<f64>(w + a * rowBytes + (b << 3)) * load<f64>(l + b * rowBytes + (j << 3));
        }
      }
      store<f64>(out + i * rowBytes + (j << 3), sum);
    }
  }
}

/** Replaces the lower triangle of A by C with A = C Cᵀ. A has no eigenvalue far below 1. */
export function factorise(a: usize, size: u32): void {
  for (let i: usize = 0; i < <usize>size; i++) {
    for (let j: usize = 0; j <= i; j++) {
      let rest = load<f64>(a + i * rowBytes + (j << 3));
      for (let k: usize = 0; k < j << 3; k += 8) rest -= load<f64>(a + i * rowBytes + k) * load<f64>(a + j * rowBytes + k);
      store<f64>(a + i * rowBytes + (j << 3), i === j ? Math.sqrt(Math.max(rest, 1e-8)) : rest / load<f64>(a + j * rowBytes + (j << 3)));
    }
  }
}

/** x ← C⁻¹ x */
export function solveLower(c: usize, x: usize, size: u32): void {
  for (let i: usize = 0; i < <usize>size; i++) {
    let rest = load<f64>(x + (i << 3));
    for (let k: usize = 0; k < i; k++) rest -= load<f64>(c + i * rowBytes + (k << 3)) * load<f64>(x + (k << 3));
    store<f64>(x + (i << 3), rest / load<f64>(c + i * rowBytes + (i << 3)));
  }
}

/** x ← C⁻ᵀ x */
export function solveUpper(c: usize, x: usize, size: u32): void {
  for (let i: usize = <usize>size; i-- > 0; ) {
    let rest = load<f64>(x + (i << 3));
    for (let k: usize = i + 1; k < <usize>size; k++) rest -= load<f64>(c + k * rowBytes + (i << 3)) * load<f64>(x + (k << 3));
    store<f64>(x + (i << 3), rest / load<f64>(c + i * rowBytes + (i << 3)));
  }
}

/** log det C */
export function logDeterminant(c: usize, size: u32): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < <usize>size; i++) sum += Math.log(load<f64>(c + i * rowBytes + (i << 3)));
  return sum;
}
