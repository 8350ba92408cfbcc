// The categorical family's softmax and its derivatives, for several linear predictors a row: in f64 for passes over rows
// (one row at a time, η_k at multiples of `apart` bytes) and in f32 for chains (four rows at a time, the η_k of a chunk
// of rows in an array of chunkRows each). A reference class, where there is one, has η = 0 and no place in the arrays.
import { chunkRows } from "../layout/scratch";
import { exp, expRemainder, one4 } from "./loss";

/** Bytes from one output's array to the next one's. */
const apart4: usize = <usize>chunkRows << 2;

/** μ_k at `out` from η_k at `eta`; returns log Σ_k e^(η_k). */
export function softmax(eta: usize, apart: usize, numPredictors: u32, hasReference: u32, out: usize): f64 {
  const bytes = <usize>numPredictors * apart;
  let top = hasReference ? 0.0 : load<f64>(eta);
  for (let at: usize = 0; at < bytes; at += apart) top = max(top, load<f64>(eta + at));
  let sum = hasReference ? Math.exp(-top) : 0.0;
  for (let at: usize = 0; at < bytes; at += apart) {
    const term = Math.exp(load<f64>(eta + at) - top);
    store<f64>(out + at, term);
    sum += term;
  }
  const share = 1.0 / sum;
  for (let at: usize = 0; at < bytes; at += apart) store<f64>(out + at, load<f64>(out + at) * share);
  return top + Math.log(sum);
}

/** e^(η_k − max η) at `out` for four rows; returns 1/Σ. The maximum is taken over the classes, so that nothing overflows. */
// @ts-ignore: decorator
@inline
function softmaxTerms(eta: usize, numPredictors: u32, hasReference: u32, out: usize): v128 {
  const bytes = <usize>numPredictors * apart4;
  let top = hasReference ? f32x4.splat(0) : v128.load(eta);
  for (let at: usize = 0; at < bytes; at += apart4) top = f32x4.pmax(top, v128.load(eta + at));
  let sum = hasReference ? exp(f32x4.neg(top)) : f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += apart4) {
    const term = exp(f32x4.sub(v128.load(eta + at), top));
    v128.store(out + at, term);
    sum = f32x4.add(sum, term);
  }
  return f32x4.div(one4(), sum);
}

/** ∂f/∂η_k of `count` rows: μ_k − [y = k]. The target holds the class, and output 0 is class `hasReference`. */
export function softmaxGradient(
  eta: usize, target: usize, out: usize, numPredictors: u32, hasReference: u32, count: u32,
): void {
  const bytes = <usize>numPredictors * apart4;
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, target += 16, out += 16) {
    const share = softmaxTerms(eta, numPredictors, hasReference, out);
    const y = v128.load(target);
    let label = f32x4.splat(<f32>hasReference);
    for (let at: usize = 0; at < bytes; at += apart4) {
      const hit = v128.and(f32x4.eq(y, label), one4());
      v128.store(out + at, f32x4.sub(f32x4.mul(v128.load(out + at), share), hit));
      label = f32x4.add(label, one4());
    }
  }
}

/**
 * Residuals r_k = μ_k(η̂ + δ) − μ̂_k − μ̂_k (δ_k − Σ_l μ̂_l δ_l). Where all |δ_k| ≤ ½ the differences are taken in closed form,
 * so that small residuals keep their digits: with R = e^δ − 1 − δ, E = R + δ and bars for means over the classes,
 * r_k = μ̂_k ((R_k − R̄) − Ē (δ_k − δ̄)) / (1 + Ē).
 */
export function softmaxResidual(
  eta: usize, delta: usize, out: usize, numPredictors: u32, hasReference: u32, count: u32,
): void {
  const bytes = <usize>numPredictors * apart4;
  for (const end = eta + (<usize>count << 2); eta < end; eta += 16, delta += 16, out += 16) {
    const share = softmaxTerms(eta, numPredictors, hasReference, out);
    let remainders = f32x4.splat(0);
    let deltas = remainders;
    let widest = remainders;
    for (let at: usize = 0; at < bytes; at += apart4) {
      const mean = f32x4.mul(v128.load(out + at), share);
      const d = v128.load(delta + at);
      v128.store(out + at, mean);
      remainders = f32x4.add(remainders, f32x4.mul(mean, expRemainder(d)));
      deltas = f32x4.add(deltas, f32x4.mul(mean, d));
      widest = f32x4.pmax(widest, f32x4.abs(d));
    }
    const isNear = f32x4.le(widest, f32x4.splat(0.5));
    if (v128.all_true<i32>(isNear)) nearResidual(delta, out, bytes, remainders, deltas);
    else farResidual(eta, delta, out, bytes, hasReference, deltas);
  }
}

// @ts-ignore: decorator
@inline
function nearOf(mean: v128, d: v128, remainders: v128, deltas: v128, growth: v128, share: v128): v128 {
  const inner = f32x4.sub(f32x4.sub(expRemainder(d), remainders), f32x4.mul(growth, f32x4.sub(d, deltas)));
  return f32x4.mul(f32x4.mul(mean, share), inner);
}

// @ts-ignore: decorator
@inline
function nearResidual(delta: usize, out: usize, bytes: usize, remainders: v128, deltas: v128): void {
  const growth = f32x4.add(remainders, deltas);
  const share = f32x4.div(one4(), f32x4.add(one4(), growth));
  for (let at: usize = 0; at < bytes; at += apart4) {
    v128.store(out + at, nearOf(v128.load(out + at), v128.load(delta + at), remainders, deltas, growth, share));
  }
}

/**
 * Four rows of which some are far: those by the plain difference of the two softmaxes. That is rare, so what tells them apart
 * is worked out again.
 */
export function farResidual(
  eta: usize, delta: usize, out: usize, bytes: usize, hasReference: u32, deltas: v128,
): void {
  let remainders = f32x4.splat(0);
  let widest = remainders;
  for (let at: usize = 0; at < bytes; at += apart4) {
    const d = v128.load(delta + at);
    remainders = f32x4.add(remainders, f32x4.mul(v128.load(out + at), expRemainder(d)));
    widest = f32x4.pmax(widest, f32x4.abs(d));
  }
  const isNear = f32x4.le(widest, f32x4.splat(0.5));
  const growth = f32x4.add(remainders, deltas);
  const share = f32x4.div(one4(), f32x4.add(one4(), growth));
  let top = hasReference ? f32x4.splat(0) : f32x4.add(v128.load(eta), v128.load(delta));
  for (let at: usize = 0; at < bytes; at += apart4) {
    top = f32x4.pmax(top, f32x4.add(v128.load(eta + at), v128.load(delta + at)));
  }
  let sum = hasReference ? exp(f32x4.neg(top)) : f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += apart4) {
    sum = f32x4.add(sum, exp(f32x4.sub(f32x4.add(v128.load(eta + at), v128.load(delta + at)), top)));
  }
  const shareFar = f32x4.div(one4(), sum);
  for (let at: usize = 0; at < bytes; at += apart4) {
    const mean = v128.load(out + at);
    const d = v128.load(delta + at);
    const moved = f32x4.mul(exp(f32x4.sub(f32x4.add(v128.load(eta + at), d), top)), shareFar);
    const far = f32x4.sub(f32x4.sub(moved, mean), f32x4.mul(mean, f32x4.sub(d, deltas)));
    v128.store(out + at, v128.bitselect(nearOf(mean, d, remainders, deltas, growth, share), far, isNear));
  }
}
