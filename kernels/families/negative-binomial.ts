// The negative binomial family: mean μ = e^η, variance μ + α μ², α = e^τ.
//   f = (y + 1/α) log(1 + αμ) − y η − S₀,  S₀ = Σ_{k<y} log(1 + αk)
// S₁ and S₂ are the first and second derivatives of S₀ by τ.
import { meanCount } from "./loss";

/** Terms that are added one by one; the others by Euler and Maclaurin's formula, whose error is then below 1e-11. */
const direct: f64 = 16;

/** α and 1/α. */
export function prepareNegativeBinomial(tau: f64, out: usize): void {
  store<f64>(out, Math.exp(tau));
  store<f64>(out, Math.exp(-tau), 8);
}

/** log(1 + αμ), beyond the η at which μ is held the straight line that it is there: else f would fall without end. */
// @ts-ignore: decorator
@inline
function logOnePlusMean(dispersion: f64, eta: f64): f64 {
  return Math.log1p(dispersion * meanCount(eta)) + Math.max(eta - 300.0, 0.0);
}

export function negativeBinomialLoss(constants: usize, eta: f64, y: f64): f64 {
  return negativeBinomialLevel(constants, eta, y) - sumOfLogs(load<f64>(constants), y);
}

/** f + S₀ */
export function negativeBinomialLevel(constants: usize, eta: f64, y: f64): f64 {
  const log = logOnePlusMean(load<f64>(constants), eta);
  return (y + load<f64>(constants, 8)) * log - y * eta;
}

/** ∂f/∂η alone. */
export function negativeBinomialSlope(constants: usize, eta: f64, y: f64): f64 {
  const mean = meanCount(eta);
  return (mean - y) / (1.0 + load<f64>(constants) * mean);
}

export function negativeBinomialSlopes(constants: usize, eta: f64, y: f64, out: usize): void {
  const dispersion = load<f64>(constants);
  const mean = meanCount(eta);
  const share = 1.0 / (1.0 + dispersion * mean);
  const log = logOnePlusMean(dispersion, eta) * load<f64>(constants, 8);
  store<f64>(out, (mean - y) * share);
  store<f64>(out, (1.0 + dispersion * y) * mean * share - log - sumOfShares(dispersion, y), 8);
  store<f64>(out, 0, 16);
}

export function negativeBinomialCurvatures(constants: usize, eta: f64, y: f64, out: usize): void {
  const dispersion = load<f64>(constants);
  const mean = meanCount(eta);
  const share = 1.0 / (1.0 + dispersion * mean);
  const log = logOnePlusMean(dispersion, eta) * load<f64>(constants, 8);
  const scaled = dispersion * mean * share;
  const weight = (1.0 + dispersion * y) * mean * share;
  memory.fill(out, 0, 48);
  store<f64>(out, weight * share);
  store<f64>(out, -scaled * (mean - y) * share, 8);
  store<f64>(out, log - mean * share + scaled * y - weight * scaled - sumOfSlopes(dispersion, y), 24);
}

/** S₀ */
export function sumOfLogs(dispersion: f64, y: f64): f64 {
  let sum: f64 = 0;
  for (let k: f64 = 1, last = Math.min(y, direct); k < last; k++) sum += Math.log1p(dispersion * k);
  if (y <= direct) return sum;
  const low = 1.0 + dispersion * direct;
  const high = 1.0 + dispersion * y;
  const logLow = Math.log1p(dispersion * direct);
  const logHigh = Math.log1p(dispersion * y);
  const u = dispersion / low;
  const v = dispersion / high;
  const integral = (high * logHigh - low * logLow) / dispersion - (y - direct);
  return sum + integral + 0.5 * (logLow - logHigh) + (v - u) / 12.0 - 2.0 * (v * v * v - u * u * u) / 720.0 +
    24.0 * (power5(v) - power5(u)) / 30240.0;
}

/** S₁ = Σ αk/(1 + αk) */
export function sumOfShares(dispersion: f64, y: f64): f64 {
  let sum: f64 = 0;
  for (let k: f64 = 1, last = Math.min(y, direct); k < last; k++) sum += (dispersion * k) / (1.0 + dispersion * k);
  if (y <= direct) return sum;
  const low = 1.0 / (1.0 + dispersion * direct);
  const high = 1.0 / (1.0 + dispersion * y);
  const u = dispersion * low;
  const v = dispersion * high;
  const integral = y - direct - (Math.log1p(dispersion * y) - Math.log1p(dispersion * direct)) / dispersion;
  return sum + integral + 0.5 * (high - low) + (v * high - u * low) / 12.0 -
    6.0 * (v * v * v * high - u * u * u * low) / 720.0 + 120.0 * (power5(v) * high - power5(u) * low) / 30240.0;
}

/** S₂ = Σ αk/(1 + αk)² */
export function sumOfSlopes(dispersion: f64, y: f64): f64 {
  let sum: f64 = 0;
  for (let k: f64 = 1, last = Math.min(y, direct); k < last; k++) {
    const share = 1.0 / (1.0 + dispersion * k);
    sum += dispersion * k * share * share;
  }
  if (y <= direct) return sum;
  const low = 1.0 / (1.0 + dispersion * direct);
  const high = 1.0 / (1.0 + dispersion * y);
  const u = dispersion * low;
  const v = dispersion * high;
  const logs = Math.log1p(dispersion * y) - Math.log1p(dispersion * direct);
  const integral = (logs + (high - low)) / dispersion;
  const ends = 0.5 * (low * (1.0 - low) - high * (1.0 - high));
  const first = v * high * (2.0 * high - 1.0) - u * low * (2.0 * low - 1.0);
  const third = v * v * v * high * (24.0 * high - 6.0) - u * u * u * low * (24.0 * low - 6.0);
  const fifth = power5(v) * high * (720.0 * high - 120.0) - power5(u) * low * (720.0 * low - 120.0);
  return sum + integral + ends + first / 12.0 - third / 720.0 + fifth / 30240.0;
}

// @ts-ignore: decorator
@inline
function power5(x: f64): f64 {
  const square = x * x;
  return square * square * x;
}
