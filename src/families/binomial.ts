import logGamma from "@stdlib/math-base-special-gammaln";
import { drawBinomial } from "../rng/variates.ts";
import { bernoulli } from "./bernoulli.ts";
import { familyOfRow } from "./family.ts";

const logistic = (eta: number) => 1 / (1 + Math.exp(-eta));
/** log(1 + e^η) */
const logOnePlusExp = (eta: number) => Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta)));
/** log n!/(y! (n − y)!) */
const logChoices = (n: number, y: number) => logGamma(n + 1) - logGamma(y + 1) - logGamma(n - y + 1);
/** y log y, 0 at 0. */
const timesLog = (y: number, log: number) => (y > 0 ? y * log : 0);

/**
 * y successes of n trials, each of probability 1/(1 + e^(−η)): n [log(1 + e^η) − (y/n) η], up to a term of y and n. That is
 * the loss of a bernoulli row whose target is the fraction y/n and whose weight is n, as which the rows are stored; the
 * predictive law is of the count y.
 */
export const binomial = familyOfRow(
  {
    name: "binomial",
    target: "trials",
    auxiliaries: [],
    predictive: {
      meanInto(out, eta, _auxiliary, trials = 1) {
        out[0] = trials * logistic(eta[0]);
      },
      draw: (random, eta, _auxiliary, trials = 1) => drawBinomial(random, trials, logistic(eta[0])),
      logDensity: (y, eta, _auxiliary, trials = 1) =>
        logChoices(trials, y) + y * eta[0] - trials * logOnePlusExp(eta[0]),
      deviance(y, eta, _auxiliary, trials = 1) {
        const failures = trials - y;
        const best = timesLog(y, Math.log(y / trials)) + timesLog(failures, Math.log(failures / trials));
        return 2 * (best - y * eta[0] + trials * logOnePlusExp(eta[0]));
      },
    },
  },
  bernoulli.row!,
);
