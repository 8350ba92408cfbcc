// A row's loss f(η, τ; y) and its derivatives in f64, for every family with one linear predictor. What depends on τ alone
// is worked out once for many rows (`prepare`). Terms of y alone are left out of f.
import { Family, Model } from "../layout/model";
import { slotF64, slotU32 } from "../memory/record";
import { logistic, logOnePlusExp, meanCount } from "./loss";
import {
  negativeBinomialCurvatures,
  negativeBinomialLoss,
  negativeBinomialSlopes,
  prepareNegativeBinomial,
} from "./negative-binomial";
import { prepareStudentT, studentTCurvatures, studentTLoss, studentTSlopes } from "./student-t";

/** Offsets in bytes of what a row's loss is worked out with. */
export const enum RowLoss {
  /** 8 f64 that depend on τ, and on τ̂. */
  constants = 0,
  centerConstants = 64,
  /** f64 each: ∂f/∂η, ∂f/∂τ₀, ∂f/∂τ₁ at θ, or the residual, and at θ̂. */
  slopes = 128,
  centerSlopes = 160,
  /** f64 each: ∂²f/∂η², ∂²f/∂η∂τ₀, ∂²f/∂η∂τ₁, ∂²f/∂τ₀², ∂²f/∂τ₀∂τ₁, ∂²f/∂τ₁². */
  curvatures = 192,
  /** f64 each: τ₀ and τ₁ at θ, and at θ̂. */
  tau = 256,
  centerTau = 272,
}

/** The place in τ that auxiliary parameter `k` of θ has. */
// @ts-ignore: decorator
@inline
export function auxiliaryIndex(model: usize, k: u32): u32 {
  return k + slotU32(model, Model.firstAuxiliary);
}

/** Writes τ₀ and τ₁ at θ, where they are parameters or fixed. */
export function loadTau(model: usize, auxiliaries: usize, to: usize): void {
  store<f64>(to, slotF64(model, Model.fixedAuxiliary));
  store<f64>(to, slotF64(model, Model.secondFixedAuxiliary), 8);
  for (let k: u32 = 0; k < slotU32(model, Model.auxiliary); k++) {
    store<f64>(to + (<usize>auxiliaryIndex(model, k) << 3), load<f64>(auxiliaries + (<usize>k << 3)));
  }
}

/** Works out what depends on τ alone. */
export function prepare(family: u32, tau: usize, out: usize): void {
  const first = load<f64>(tau);
  if (family === Family.gaussian) {
    store<f64>(out, Math.exp(-2.0 * first));
    store<f64>(out, first, 8);
  } else if (family === Family.negativeBinomial) prepareNegativeBinomial(first, out);
  else if (family === Family.studentT) prepareStudentT(first, load<f64>(tau, 8), out);
}

/** f */
export function rowLoss(family: u32, constants: usize, eta: f64, y: f64): f64 {
  if (family === Family.bernoulli) return logOnePlusExp(eta) - y * eta;
  if (family === Family.poisson) return meanCount(eta) - y * eta;
  if (family === Family.negativeBinomial) return negativeBinomialLoss(constants, eta, y);
  if (family === Family.studentT) return studentTLoss(constants, eta, y);
  const error = eta - y;
  return 0.5 * error * error * load<f64>(constants) + load<f64>(constants, 8);
}

/** Writes ∂f/∂η, ∂f/∂τ₀ and ∂f/∂τ₁. */
export function rowSlopes(family: u32, constants: usize, eta: f64, y: f64, out: usize): void {
  if (family === Family.negativeBinomial) {
    negativeBinomialSlopes(constants, eta, y, out);
    return;
  }
  if (family === Family.studentT) {
    studentTSlopes(constants, eta, y, out);
    return;
  }
  let slope: f64;
  let slopeTau: f64 = 0;
  if (family === Family.bernoulli) slope = logistic(eta) - y;
  else if (family === Family.poisson) slope = meanCount(eta) - y;
  else {
    const error = eta - y;
    slope = error * load<f64>(constants);
    slopeTau = 1.0 - slope * error;
  }
  store<f64>(out, slope);
  store<f64>(out, slopeTau, 8);
  store<f64>(out, 0, 16);
}

/** Six zeros: `memory.fill` is a call out of the kernels, which takes longer than all else for a row. */
// @ts-ignore: decorator
@inline
function clearCurvatures(out: usize): void {
  v128.store(out, i64x2.splat(0), 0);
  v128.store(out, i64x2.splat(0), 16);
  v128.store(out, i64x2.splat(0), 32);
}

/** Writes the six second derivatives. */
export function rowCurvatures(family: u32, constants: usize, eta: f64, y: f64, out: usize): void {
  if (family === Family.negativeBinomial) {
    negativeBinomialCurvatures(constants, eta, y, out);
    return;
  }
  if (family === Family.studentT) {
    studentTCurvatures(constants, eta, y, out);
    return;
  }
  clearCurvatures(out);
  if (family === Family.bernoulli) {
    const mean = logistic(eta);
    store<f64>(out, mean * (1.0 - mean));
  } else if (family === Family.poisson) store<f64>(out, meanCount(eta));
  else {
    const error = eta - y;
    const precision = load<f64>(constants);
    store<f64>(out, precision);
    store<f64>(out, -2.0 * error * precision, 8);
    store<f64>(out, 2.0 * error * error * precision, 24);
  }
}

/**
 * The residual r = ∇f(θ) − ∇f(θ̂) − ∇²f(θ̂)(θ − θ̂) of a row with η = η̂ + δ, in the place of the slopes; constants and τ of
 * both points are given.
 */
export function rowResidual(family: u32, work: usize, center: f64, delta: f64, y: f64): void {
  rowSlopes(family, work + RowLoss.centerConstants, center, y, work + RowLoss.centerSlopes);
  rowCurvatures(family, work + RowLoss.centerConstants, center, y, work + RowLoss.curvatures);
  residualFrom(family, work, work + RowLoss.constants, center, delta, y);
}

/** As `rowResidual`, where the center's slopes and curvatures are given too. */
export function residualFrom(family: u32, work: usize, constants: usize, center: f64, delta: f64, y: f64): void {
  rowSlopes(family, constants, center + delta, y, work + RowLoss.slopes);
  const first = load<f64>(work, RowLoss.tau) - load<f64>(work, RowLoss.centerTau);
  const second = load<f64>(work, RowLoss.tau + 8) - load<f64>(work, RowLoss.centerTau + 8);
  const c0 = load<f64>(work, RowLoss.curvatures);
  const c1 = load<f64>(work, RowLoss.curvatures + 8);
  const c2 = load<f64>(work, RowLoss.curvatures + 16);
  const c4 = load<f64>(work, RowLoss.curvatures + 32);
  subtractLinear(work, 0, c0 * delta + c1 * first + c2 * second);
  subtractLinear(work, 8, c1 * delta + load<f64>(work, RowLoss.curvatures + 24) * first + c4 * second);
  subtractLinear(work, 16, c2 * delta + c4 * first + load<f64>(work, RowLoss.curvatures + 40) * second);
}

// @ts-ignore: decorator
@inline
function subtractLinear(work: usize, at: usize, linear: f64): void {
  const change = load<f64>(work + at, RowLoss.slopes) - load<f64>(work + at, RowLoss.centerSlopes);
  store<f64>(work + at, change - linear, RowLoss.slopes);
}
