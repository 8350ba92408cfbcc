// The families' losses f(η, τ; y) and their derivatives: in f64 for passes over rows, and in f32 for chains, where the
// linear predictors of a chunk of rows stand in arrays padded to a multiple of four.
import { Scratch } from "../layout/scratch";

/** 1/(1 + e^(−η)) */
// @ts-ignore: decorator
@inline
export function logistic(eta: f64): f64 {
  return 1.0 / (1.0 + Math.exp(-eta));
}

/** log(1 + e^η) */
// @ts-ignore: decorator
@inline
export function logOnePlusExp(eta: f64): f64 {
  return Math.max(eta, 0.0) + Math.log(1.0 + Math.exp(-Math.abs(eta)));
}

/** e^η, held below what would make the sums of a row infinite. */
// @ts-ignore: decorator
@inline
export function meanCount(eta: f64): f64 {
  return Math.exp(Math.min(eta, 300.0));
}

/** f32 constants, each four times: loading one is cheaper than a v128.const, which V8 builds anew at every use. */
const constants = memory.data<f32>([
  87.0, 87.0, 87.0, 87.0,
  1.44269504088896341, 1.44269504088896341, 1.44269504088896341, 1.44269504088896341,
  12582912.0, 12582912.0, 12582912.0, 12582912.0,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4,
  1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3,
  8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3,
  4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2,
  1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1,
  5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1, 5.0000001201e-1,
  1.0, 1.0, 1.0, 1.0,
], 16);

/**
 * e^x with a relative error below 2e-7; x is held within ±87, so that neither the result nor its reciprocal leaves the
 * normal numbers. Cephes' expf: e^x = 2^n e^r, the rounding to n done by adding 1.5·2²³, whose low bits then hold n.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const limit = v128.load(constants, 0);
  x = f32x4.pmax(f32x4.pmin(x, limit), f32x4.neg(limit));
  const magic = v128.load(constants, 32);
  const shifted = f32x4.add(f32x4.mul(x, v128.load(constants, 16)), magic);
  const n = f32x4.sub(shifted, magic);
  let r = f32x4.sub(x, f32x4.mul(n, v128.load(constants, 48)));
  r = f32x4.sub(r, f32x4.mul(n, v128.load(constants, 64)));
  let p = f32x4.add(f32x4.mul(r, v128.load(constants, 80)), v128.load(constants, 96));
  p = f32x4.add(f32x4.mul(p, r), v128.load(constants, 112));
  p = f32x4.add(f32x4.mul(p, r), v128.load(constants, 128));
  p = f32x4.add(f32x4.mul(p, r), v128.load(constants, 144));
  p = f32x4.add(f32x4.mul(p, r), v128.load(constants, 160));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), v128.load(constants, 176));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** (1, 1, 1, 1) */
// @ts-ignore: decorator
@inline
export function one4(): v128 {
  return v128.load(constants, 176);
}

// @ts-ignore: decorator
@inline
export function logistic4(eta: v128): v128 {
  const one = v128.load(constants, 176);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(eta))));
}

/** ∂f/∂η of `count` rows, four at a time: μ − y. */
export function bernoulliGradient(eta: usize, target: usize, out: usize, count: u32): void {
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, target += 16, out += 16) {
    v128.store(out, f32x4.sub(logistic4(v128.load(eta)), v128.load(target)));
  }
}

/** ∂f/∂η of `count` rows, four at a time: e^η − y. */
export function poissonGradient(eta: usize, target: usize, out: usize, count: u32): void {
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, target += 16, out += 16) {
    v128.store(out, f32x4.sub(exp(v128.load(eta)), v128.load(target)));
  }
}

/** e^δ − 1 − δ for |δ| ≤ ½: the series up to δ⁸. */
// @ts-ignore: decorator
@inline
export function expRemainder(delta: v128): v128 {
  let p = f32x4.splat(1.0 / 40320.0);
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(1.0 / 5040.0));
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, delta), f32x4.splat(0.5));
  return f32x4.mul(p, f32x4.mul(delta, delta));
}

/**
 * Residuals μ(η̂ + δ) − μ(η̂) − μ'(η̂) δ. For |δ| ≤ ½ the differences are taken in closed form, so that a small residual
 * keeps its digits: with m = μ(η̂) and E = e^δ − 1 it is m (1 − m) ((E − δ) − m E δ)/(1 + m E).
 */
export function bernoulliResidual(eta: usize, delta: usize, out: usize, count: u32): void {
  const one = v128.load(constants, 176);
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, delta += 16, out += 16) {
    const d = v128.load(delta);
    const center = v128.load(eta);
    const mean = logistic4(center);
    const slope = f32x4.mul(mean, f32x4.sub(one, mean));
    const far = f32x4.sub(f32x4.sub(logistic4(f32x4.add(center, d)), mean), f32x4.mul(slope, d));
    const remainder = expRemainder(d);
    const growth = f32x4.mul(mean, f32x4.add(remainder, d));
    const near = f32x4.div(
      f32x4.mul(slope, f32x4.sub(remainder, f32x4.mul(growth, d))), f32x4.add(one, growth),
    );
    const isNear = f32x4.le(f32x4.abs(d), f32x4.splat(0.5));
    v128.store(out, v128.bitselect(near, far, isNear));
  }
}

/** ∂f/∂η = (η − y) w and ∂f/∂τ = 1 − (η − y)² w, w = e^(−2τ). */
export function gaussianGradient(eta: usize, target: usize, out: usize, outTau: usize, count: u32, weight: f64): void {
  const w = f32x4.splat(<f32>weight);
  const one = v128.load(constants, 176);
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, target += 16, out += 16, outTau += 16) {
    const error = f32x4.sub(v128.load(eta), v128.load(target));
    const gradient = f32x4.mul(error, w);
    v128.store(out, gradient);
    v128.store(outTau, f32x4.sub(one, f32x4.mul(gradient, error)));
  }
}

/**
 * Residuals of the gaussian gradient around (η̂, τ̂), for a chunk of a chain whose scratch memory has η̂, δ and y. With e = η̂ − y, w = e^(−2τ), ŵ = e^(−2τ̂), they are
 * r_η = α e + γ δ and r_τ = −(α e² + 2 γ e δ + w δ²), where α = w − ŵ + 2 ŵ (τ − τ̂) and γ = w − ŵ.
 */
export function gaussianResidual(
  scratch: usize, count: u32, weight: f64, alpha: f64, gamma: f64,
): void {
  const w = f32x4.splat(<f32>weight);
  const a = f32x4.splat(<f32>alpha);
  const c = f32x4.splat(<f32>gamma);
  for (const end = scratch + (<usize>count << 2); scratch < end; scratch += 16) {
    const d = v128.load(scratch, Scratch.delta);
    const e = f32x4.sub(v128.load(scratch, Scratch.eta), v128.load(scratch, Scratch.target));
    const crossed = f32x4.mul(c, d);
    const alongError = f32x4.mul(a, e);
    v128.store(scratch, f32x4.add(alongError, crossed), Scratch.coefficients);
    const fromError = f32x4.mul(e, f32x4.add(alongError, f32x4.add(crossed, crossed)));
    v128.store(scratch, f32x4.neg(f32x4.add(fromError, f32x4.mul(w, f32x4.mul(d, d)))), Scratch.tauGradients);
  }
}
