import logGamma from "@stdlib/math-base-special-gammaln";
import { drawGamma, drawPoisson } from "../rng/variates.ts";
import { auxiliaries } from "./auxiliaries.ts";
import { familyOfRow } from "./family.ts";
import { meanCount } from "./poisson.ts";

/**
 * Counts of mean μ = e^η and variance μ + α μ², τ = log α: f = (y + 1/α) log(1 + αμ) − y η − Σ_{k<y} log(1 + αk).
 */
export const negativeBinomial = familyOfRow(
  {
    name: "negative-binomial",
    target: "counts",
    auxiliaries: [auxiliaries.dispersion],
    predictive: {
      meanInto(out, eta) {
        out[0] = meanCount(eta[0]);
      },
      draw: (random, eta, { 0: alpha }) =>
        drawPoisson(random, meanCount(eta[0]) * alpha * drawGamma(random, 1 / alpha)),
      logDensity: (y, eta, { 0: alpha }) => logDensity(y, meanCount(eta[0]), alpha),
      deviance(y, eta, { 0: alpha }) {
        const mean = meanCount(eta[0]);
        const ratio = Math.log1p(alpha * mean) - Math.log1p(alpha * y);
        return 2 * ((y > 0 ? y * Math.log(y / mean) : 0) + (y + 1 / alpha) * ratio);
      },
    },
  },
  {
    loss(eta, tau, y) {
      const alpha = Math.exp(tau[0]);
      const log = logOnePlusMean(alpha, eta);
      return (y + 1 / alpha) * log - y * eta - sumOver(y, (k) => Math.log1p(alpha * k));
    },
    slopesInto(out, eta, tau, y) {
      const alpha = Math.exp(tau[0]);
      const mean = meanCount(eta);
      const share = 1 / (1 + alpha * mean);
      const log = logOnePlusMean(alpha, eta) / alpha;
      out[0] = (mean - y) * share;
      out[1] = (1 + alpha * y) * mean * share - log - sumOver(y, (k) => (alpha * k) / (1 + alpha * k));
      out[2] = 0;
    },
    curvaturesInto(out, eta, tau, y) {
      const alpha = Math.exp(tau[0]);
      const mean = meanCount(eta);
      const share = 1 / (1 + alpha * mean);
      const log = logOnePlusMean(alpha, eta) / alpha;
      const weight = (1 + alpha * y) * mean * share;
      out.fill(0);
      out[0] = weight * share;
      out[1] = -alpha * mean * (mean - y) * share ** 2;
      out[3] =
        log -
        mean * share +
        alpha * mean * share * (y - weight) -
        sumOver(y, (k) => (alpha * k) / (1 + alpha * k) ** 2);
    },
  },
);

/** log(1 + αμ), beyond the η at which μ is held the straight line that it is there: else f would fall without end. */
function logOnePlusMean(alpha: number, eta: number): number {
  return Math.log1p(alpha * meanCount(eta)) + Math.max(eta - 300, 0);
}

/** Σ_{k<y}; the first term is always 0 here. */
function sumOver(y: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = 1; k < y; k++) sum += term(k);
  return sum;
}

function logDensity(y: number, mean: number, alpha: number): number {
  const size = 1 / alpha;
  const counts = logGamma(y + size) - logGamma(size) - logGamma(y + 1);
  const share = y > 0 ? y * (Math.log(alpha * mean) - Math.log1p(alpha * mean)) : 0;
  return counts + share - size * Math.log1p(alpha * mean);
}
