// log Γ and its derivatives for x > 0, to about 1e-13: the recurrence up to x ≥ 10, there Stirling's series.
// Source: NIST Digital Library of Mathematical Functions, 5.11.1, 5.11.2 and 5.15.8.

const least: f64 = 10;
const halfLogTwoPi: f64 = 0.91893853320467274178;

export function logGamma(x: f64): f64 {
  let product: f64 = 1;
  for (; x < least; x++) product *= x;
  const r = 1.0 / x;
  const q = r * r;
  const series = r * (1.0 / 12.0 - q * (1.0 / 360.0 - q * (1.0 / 1260.0 - q * (1.0 / 1680.0 - q / 1188.0))));
  return (x - 0.5) * Math.log(x) - x + halfLogTwoPi + series - Math.log(product);
}

export function digamma(x: f64): f64 {
  let sum: f64 = 0;
  for (; x < least; x++) sum += 1.0 / x;
  const q = 1.0 / (x * x);
  const series = q * (1.0 / 12.0 - q * (1.0 / 120.0 - q * (1.0 / 252.0 - q * (1.0 / 240.0 - q / 132.0))));
  return Math.log(x) - 0.5 / x - series - sum;
}

export function trigamma(x: f64): f64 {
  let sum: f64 = 0;
  for (; x < least; x++) sum += 1.0 / (x * x);
  const r = 1.0 / x;
  const q = r * r;
  const series = r * (1.0 + q * (1.0 / 6.0 - q * (1.0 / 30.0 - q * (1.0 / 42.0 - q * (1.0 / 30.0 - q * (5.0 / 66.0))))));
  return series + 0.5 * q + sum;
}
