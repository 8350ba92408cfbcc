import { familyOfRow } from "./family.ts";

const logistic = (eta: number) => 1 / (1 + Math.exp(-eta));
/** log(1 + e^η) − y η, y ∈ {0, 1} */
const loss = (eta: number, y: number) => Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))) - y * eta;

/** P(y = 1) = 1/(1 + e^(−η)): f = log(1 + e^η) − y η. */
export const bernoulli = familyOfRow(
  {
    name: "bernoulli",
    target: "event",
    auxiliaries: [],
    predictive: {
      meanInto(out, eta) {
        out[0] = logistic(eta[0]);
      },
      draw: (random, eta) => (random.uniform() < logistic(eta[0]) ? 1 : 0),
      logDensity: (y, eta) => -loss(eta[0], y),
      deviance: (y, eta) => 2 * loss(eta[0], y),
    },
  },
  {
    loss: (eta, _tau, y) => loss(eta, y),
    slopesInto(out, eta, _tau, y) {
      out.fill(0);
      out[0] = logistic(eta) - y;
    },
    curvaturesInto(out, eta) {
      out.fill(0);
      out[0] = logistic(eta) * logistic(-eta);
    },
  },
);
