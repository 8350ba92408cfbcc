import logGamma from "@stdlib/math-base-special-gammaln";
import { drawPoisson } from "../rng/variates.ts";
import { familyOfRow } from "./family.ts";

/** e^η, bounded so that sums stay finite, as in the kernels. */
export const meanCount = (eta: number) => Math.exp(Math.min(eta, 300));

/** Counts of mean e^η: f = e^η − y η. */
export const poisson = familyOfRow(
  {
    name: "poisson",
    target: "counts",
    auxiliaries: [],
    predictive: {
      meanInto(out, eta) {
        out[0] = meanCount(eta[0]);
      },
      draw: (random, eta) => drawPoisson(random, meanCount(eta[0])),
      logDensity: (y, eta) => y * eta[0] - meanCount(eta[0]) - logGamma(y + 1),
      deviance: (y, eta) => 2 * ((y > 0 ? y * (Math.log(y) - eta[0]) : 0) - y + meanCount(eta[0])),
    },
  },
  {
    loss: (eta, _tau, y) => meanCount(eta) - y * eta,
    slopesInto(out, eta, _tau, y) {
      out.fill(0);
      out[0] = meanCount(eta) - y;
    },
    curvaturesInto(out, eta) {
      out.fill(0);
      out[0] = meanCount(eta);
    },
  },
);
