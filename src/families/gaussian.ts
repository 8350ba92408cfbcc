import { auxiliaries } from "./auxiliaries.ts";
import { familyOfRow } from "./family.ts";

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** y ~ N(η, σ²): f = ½ (y − η)² e^(−2τ) + τ, τ = log σ. */
export const gaussian = familyOfRow(
  {
    name: "gaussian",
    target: "numbers",
    auxiliaries: [auxiliaries.sigma],
    predictive: {
      meanInto(out, eta) {
        out[0] = eta[0];
      },
      draw: (random, eta, { 0: sigma }) => eta[0] + sigma * random.normal(),
      logDensity: (y, eta, { 0: sigma }) => -0.5 * ((y - eta[0]) / sigma) ** 2 - Math.log(sigma) - halfLogTwoPi,
      deviance: (y, eta, { 0: sigma }) => ((y - eta[0]) / sigma) ** 2,
    },
  },
  {
    loss: (eta, tau, y) => 0.5 * (eta - y) ** 2 * Math.exp(-2 * tau[0]) + tau[0],
    slopesInto(out, eta, tau, y) {
      const weight = Math.exp(-2 * tau[0]);
      out[0] = (eta - y) * weight;
      out[1] = 1 - (eta - y) ** 2 * weight;
      out[2] = 0;
    },
    curvaturesInto(out, eta, tau, y) {
      const weight = Math.exp(-2 * tau[0]);
      out.fill(0);
      out[0] = weight;
      out[1] = -2 * (eta - y) * weight;
      out[3] = 2 * (eta - y) ** 2 * weight;
    },
  },
);
