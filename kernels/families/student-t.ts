// The student-t family: σ = e^τ₀, ν = e^τ₁, e = y − η, s = ν σ² + e²:
//   f = c(ν) + τ₀ + ½ (ν + 1) log(1 + e²/(ν σ²)),  c(ν) = log Γ(ν/2) − log Γ((ν + 1)/2) + ½ log ν
import { digamma, logGamma, trigamma } from "./gamma";

/** f64: what depends on σ and ν alone. */
export const enum Constant {
  scale2 = 0,
  degrees = 8,
  /** c + τ₀ */
  level = 16,
  /** ν c′ */
  slope = 24,
  /** ν c′ + ν² c″ */
  curvature = 32,
}

export function prepareStudentT(first: f64, second: f64, out: usize): void {
  const degrees = Math.exp(second);
  const half = 0.5 * degrees;
  const slope = degrees * (0.5 * (digamma(half) - digamma(half + 0.5)) + 0.5 / degrees);
  const bend = degrees * degrees * (0.25 * (trigamma(half) - trigamma(half + 0.5)) - 0.5 / (degrees * degrees));
  store<f64>(out, Math.exp(2.0 * first), Constant.scale2);
  store<f64>(out, degrees, Constant.degrees);
  store<f64>(out, logGamma(half) - logGamma(half + 0.5) + 0.5 * second + first, Constant.level);
  store<f64>(out, slope, Constant.slope);
  store<f64>(out, slope + bend, Constant.curvature);
}

export function studentTLoss(constants: usize, eta: f64, y: f64): f64 {
  const degrees = load<f64>(constants, Constant.degrees);
  const error = y - eta;
  const ratio = (error * error) / (degrees * load<f64>(constants, Constant.scale2));
  return load<f64>(constants, Constant.level) + 0.5 * (degrees + 1.0) * Math.log1p(ratio);
}

/** ∂f/∂η alone. */
export function studentTSlope(constants: usize, eta: f64, y: f64): f64 {
  const degrees = load<f64>(constants, Constant.degrees);
  const error = y - eta;
  return (-(degrees + 1.0) * error) / (degrees * load<f64>(constants, Constant.scale2) + error * error);
}

export function studentTSlopes(constants: usize, eta: f64, y: f64, out: usize): void {
  const degrees = load<f64>(constants, Constant.degrees);
  const error = y - eta;
  const wide = degrees * load<f64>(constants, Constant.scale2);
  const pull = ((degrees + 1.0) * error) / (wide + error * error);
  const log = Math.log1p((error * error) / wide);
  store<f64>(out, -pull);
  store<f64>(out, 1.0 - pull * error, 8);
  store<f64>(out, load<f64>(constants, Constant.slope) + 0.5 * (degrees * log - pull * error), 16);
}

export function studentTCurvatures(constants: usize, eta: f64, y: f64, out: usize): void {
  const degrees = load<f64>(constants, Constant.degrees);
  const scale2 = load<f64>(constants, Constant.scale2);
  const error = y - eta;
  const square = error * error;
  const wide = degrees * scale2;
  const share = 1.0 / (wide + square);
  const pull = (degrees + 1.0) * share * share;
  const log = Math.log1p(square / wide);
  const bend = -degrees * (square - scale2) * share * share;
  store<f64>(out, pull * (wide - square));
  store<f64>(out, 2.0 * pull * wide * error, 8);
  store<f64>(out, bend * error, 16);
  store<f64>(out, 2.0 * pull * wide * square, 24);
  store<f64>(out, bend * square, 32);
  const second = 0.5 * degrees * log - degrees * square * share + 0.5 * pull * wide * square;
  store<f64>(out, load<f64>(constants, Constant.curvature) + second, 40);
}
