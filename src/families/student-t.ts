import digamma from "@stdlib/math-base-special-digamma";
import logGamma from "@stdlib/math-base-special-gammaln";
import trigamma from "@stdlib/math-base-special-trigamma";
import { drawGamma } from "../rng/variates.ts";
import { auxiliaries } from "./auxiliaries.ts";
import { familyOfRow } from "./family.ts";

/**
 * (y − η)/σ has Student's t law of ν degrees of freedom: with τ₀ = log σ, τ₁ = log ν, e = y − η and s = ν σ² + e²
 * f = log Γ(ν/2) − log Γ((ν + 1)/2) + ½ log ν + τ₀ + ½ (ν + 1) log(1 + e²/(ν σ²)).
 */
export const studentT = familyOfRow(
  {
    name: "student-t",
    target: "numbers",
    auxiliaries: [auxiliaries.sigma, auxiliaries.nu],
    predictive: {
      // The mean if it exists (ν > 1); always the median.
      meanInto(out, eta) {
        out[0] = eta[0];
      },
      draw: (random, eta, { 0: sigma, 1: nu }) =>
        eta[0] + (sigma * random.normal()) / Math.sqrt((2 * drawGamma(random, nu / 2)) / nu),
      logDensity: (y, eta, { 0: sigma, 1: nu }) => logDensityAt(((y - eta[0]) / sigma) ** 2, sigma, nu),
      deviance: (y, eta, { 0: sigma, 1: nu }) => (nu + 1) * Math.log1p(((y - eta[0]) / sigma) ** 2 / nu),
    },
  },
  {
    loss: (eta, tau, y) =>
      -logDensityAt((y - eta) ** 2 * Math.exp(-2 * tau[0]), Math.exp(tau[0]), Math.exp(tau[1])) -
      0.5 * Math.log(Math.PI),
    slopesInto(out, eta, tau, y) {
      const { error, nu, wide, pull, log } = partsOf(eta, tau, y);
      const level = nu * (0.5 * (digamma(nu / 2) - digamma((nu + 1) / 2)) + 0.5 / nu);
      out[0] = -pull;
      out[1] = 1 - pull * error;
      out[2] = level + 0.5 * nu * log - (0.5 * (nu + 1) * error ** 2) / (wide + error ** 2);
    },
    curvaturesInto(out, eta, tau, y) {
      const { error, nu, wide, log } = partsOf(eta, tau, y);
      const square = error ** 2;
      const share = 1 / (wide + square);
      const bend = -nu * (square - wide / nu) * share ** 2;
      const level = nu * (0.5 * (digamma(nu / 2) - digamma((nu + 1) / 2)) + 0.5 / nu);
      const levelBend = nu ** 2 * (0.25 * (trigamma(nu / 2) - trigamma((nu + 1) / 2)) - 0.5 / nu ** 2);
      out[0] = (nu + 1) * (wide - square) * share ** 2;
      out[1] = 2 * (nu + 1) * wide * error * share ** 2;
      out[2] = bend * error;
      out[3] = 2 * (nu + 1) * wide * square * share ** 2;
      out[4] = bend * square;
      out[5] = level + levelBend + 0.5 * nu * log - nu * square * share + 0.5 * (nu + 1) * wide * square * share ** 2;
    },
  },
);

function logDensityAt(squared: number, sigma: number, nu: number): number {
  const level = logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI) - Math.log(sigma);
  return level - 0.5 * (nu + 1) * Math.log1p(squared / nu);
}

function partsOf(eta: number, tau: ArrayLike<number>, y: number) {
  const error = y - eta;
  const nu = Math.exp(tau[1]);
  const wide = nu * Math.exp(2 * tau[0]);
  return { error, nu, wide, pull: ((nu + 1) * error) / (wide + error ** 2), log: Math.log1p(error ** 2 / wide) };
}
